import io

import numpy as np
import PIL.Image
import pytest

from snas_tf.data import decoding
from snas_tf.errors import UserError
from tests.data.images_on_disk import picture, png_header


def file(pixels, kind, mode=None, **options):
    stream = io.BytesIO()
    image = pixels if isinstance(pixels, PIL.Image.Image) else PIL.Image.fromarray(pixels, mode)
    image.save(stream, kind, **options)
    stream.seek(0)
    return stream


def exif(orientation):
    tags = PIL.Image.Exif()
    tags[0x0112] = orientation
    return tags


UPRIGHT = {
    1: lambda image: image,
    2: lambda image: image[:, ::-1],
    3: lambda image: image[::-1, ::-1],
    4: lambda image: image[::-1],
    5: lambda image: image.transpose(1, 0, 2),
    6: lambda image: np.rot90(image, -1),
    7: lambda image: image[::-1, ::-1].transpose(1, 0, 2),
    8: lambda image: np.rot90(image),
}
"""What makes the stored image upright, by its EXIF orientation."""


@pytest.mark.parametrize("kind", ["PNG", "BMP", "TIFF", "WEBP"])
def test_formats_without_loss_are_read_as_they_are(kind):
    pixels = picture(0, 30, 40)
    options = {"lossless": True} if kind == "WEBP" else {}
    np.testing.assert_array_equal(decoding.decode(file(pixels, kind, **options)), pixels)


@pytest.mark.parametrize("kind", ["JPEG", "GIF", "WEBP"])
def test_other_formats_are_read_but_for_their_loss(kind):
    pixels = picture(0, 30, 40)
    assert np.abs(decoding.decode(file(pixels, kind)).astype(int) - pixels).mean() < 12


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "TIFF", "PNG"])
def test_of_several_frames_the_first_is_read(kind):
    frames = [PIL.Image.new("RGB", (8, 8), color) for color in ("red", "blue", "green")]
    options = {"lossless": True} if kind == "WEBP" else {}
    stream = file(frames[0], kind, save_all=True, append_images=frames[1:], **options)
    np.testing.assert_array_equal(decoding.decode(stream), np.asarray(frames[0]))


def test_a_photograph_with_a_second_picture_in_it_is_read():
    first, second = (PIL.Image.fromarray(picture(seed, 64, 96)) for seed in (0, 1))
    stream = file(first, "MPO", save_all=True, append_images=[second], quality=95)
    for size in (None, 8):
        decoded = decoding.decode(stream, size)
        expected = np.asarray(first.resize(decoded.shape[1::-1], PIL.Image.BOX), int)
        assert np.abs(decoded - expected).mean() < 4


@pytest.mark.parametrize("orientation", UPRIGHT)
@pytest.mark.parametrize("kind", ["PNG", "WEBP", "TIFF", "JPEG"])
def test_an_image_is_turned_upright(kind, orientation):
    pixels = picture(0, 32, 48)
    options = {"WEBP": {"lossless": True}, "JPEG": {"quality": 95, "subsampling": 0}}.get(kind, {})
    decoded = decoding.decode(file(pixels, kind, exif=exif(orientation), **options))
    expected = UPRIGHT[orientation](pixels)
    assert decoded.shape == expected.shape
    assert np.abs(decoded.astype(int) - expected).max() <= (12 if kind == "JPEG" else 0)


def test_damaged_exif_data_leave_an_image_as_it_is():
    pixels = picture(0, 16, 24)
    for data in (b"Exif\0\0II*\0\xff\xff\xff\xff", b"Exif\0\0nonsense", b"Exif\0\0"):
        np.testing.assert_array_equal(decoding.decode(file(pixels, "PNG", exif=data)), pixels)


def test_an_orientation_that_is_none_leaves_an_image_as_it_is():
    pixels = picture(0, 16, 24)
    for value in (0, 9, 77):
        decoded = decoding.decode(file(pixels, "PNG", exif=exif(value)))
        np.testing.assert_array_equal(decoded, pixels)


def test_what_is_transparent_lies_on_white():
    pixels, opacity = picture(0, 16, 24), picture(1, 16, 24, 1)
    expected = pixels * (opacity / 255) + 255 * (1 - opacity / 255)
    for kind, options in (("PNG", {}), ("WEBP", {"lossless": True, "exact": True}), ("TIFF", {})):
        stream = file(np.concatenate([pixels, opacity], axis=-1), kind, **options)
        assert np.abs(decoding.decode(stream) - expected).max() <= 0.5 + 1e-6


def test_gray_with_opacity_lies_on_white():
    gray, opacity = picture(0, 16, 24, 1), picture(1, 16, 24, 1)
    expected = gray * (opacity / 255) + 255 * (1 - opacity / 255)
    decoded = decoding.decode(file(np.concatenate([gray, opacity], axis=-1), "PNG"))
    assert np.abs(decoded - expected).max() <= 0.5 + 1e-6


@pytest.mark.parametrize("kind", ["PNG", "GIF"])
def test_a_transparent_color_of_a_palette_becomes_white(kind):
    image = PIL.Image.new("P", (4, 2), 0)
    image.putpalette([10, 20, 30, 200, 100, 50])
    image.putpixel((1, 0), 1)
    decoded = decoding.decode(file(image, kind, transparency=0))
    assert decoded[0, 1].tolist() == [200, 100, 50]
    decoded = np.delete(decoded.reshape(-1, 3), 1, axis=0)
    assert (decoded == 255).all()


def test_a_transparent_color_of_rgb_becomes_white():
    image = PIL.Image.new("RGB", (4, 2), (10, 20, 30))
    image.putpixel((1, 0), (200, 100, 50))
    decoded = decoding.decode(file(image, "PNG", transparency=(10, 20, 30)))
    assert decoded[0, 1].tolist() == [200, 100, 50]
    assert (decoded[1] == 255).all()


@pytest.mark.parametrize("mode", ["I", "F"])
def test_pixels_of_32_bits_are_refused(mode):
    stream = file(PIL.Image.new(mode, (4, 4), 300), "TIFF")
    with pytest.raises(ValueError, match="32 bits"):
        decoding.decode(stream)


@pytest.mark.parametrize(("width", "height"), [(13378, 13378), (2**31 - 1, 2**31 - 1)])
def test_an_image_of_too_many_pixels_is_refused_by_its_header(width, height):
    with pytest.raises(Exception, match="pixels") as raised:
        decoding.decode(io.BytesIO(png_header(width, height)))
    assert "truncated" not in str(raised.value)


@pytest.mark.parametrize(("width", "height"), [(1600, 1200), (640, 480), (199, 90), (64, 2000)])
def test_what_draft_decoding_leaves_can_hardly_be_told_from_the_whole(width, height):
    size = 32
    stream = file(picture(0, height, width), "JPEG", quality=95)
    whole, part = decoding.decode(stream), decoding.decode(stream, size)
    assert whole.shape == (height, width, 3)
    assert min(part.shape[:2]) >= min(2 * size, height, width)
    scale = round(height / part.shape[0])
    if min(height, width) >= 4 * size:
        assert scale > 1
    first, second = (
        decoding.resize(pixels[np.newaxis], size).astype(int) for pixels in (whole, part)
    )
    assert np.abs(first - second).mean() < 1
    assert np.abs(first - second).max() <= 6


def test_a_small_image_is_decoded_as_without_a_size():
    stream = file(picture(0, 60, 70), "JPEG", quality=80)
    np.testing.assert_array_equal(decoding.decode(stream, 32), decoding.decode(stream))


def write(directory, name, content):
    path = directory / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def test_images_come_in_the_order_of_their_files_with_their_labels(tmp_path):
    pixels = [picture(number, 8, 8) for number in range(20)]
    files = [
        (write(tmp_path, f"{number}.png", file(one, "PNG").getvalue()), number % 3)
        for number, one in enumerate(pixels)
    ]
    images, left_out = decoding.decode_all(files, None, skip_corrupt=False)
    np.testing.assert_array_equal(images.images, pixels)
    assert images.labels.tolist() == [label for _, label in files]
    assert images.labels.dtype == np.int64
    assert left_out == ()


def test_only_what_can_be_decoded_is_kept(tmp_path):
    pixels = picture(0, 8, 8)
    whole = file(pixels, "PNG").getvalue()
    contents = [b"text", whole, whole[: len(whole) // 2], whole, b""]
    files = [(write(tmp_path, f"{i}.png", one), 0) for i, one in enumerate(contents)]
    images, left_out = decoding.decode_all(files, None, skip_corrupt=True)
    np.testing.assert_array_equal(images.images, [pixels, pixels])
    assert left_out == (0, 2, 4)
    assert decoding.find_damaged(files, skip_corrupt=True) == left_out
    with pytest.raises(UserError, match=rf"^{files[0][0]}: not a readable image \("):
        decoding.decode_all(files, None, skip_corrupt=False)


def test_a_message_of_an_odd_name_is_one_line(tmp_path):
    path = write(tmp_path, "a\nb[1]*?\x1b é.png", b"text")
    with pytest.raises(
        UserError, match=r"a\\nb\[1\]\*\?\\x1b é\.png: not a readable image"
    ) as raised:
        decoding.decode_all([(path, 0)], None, skip_corrupt=False)
    assert "\n" not in str(raised.value)
