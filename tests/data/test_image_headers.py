import io

import numpy as np
import PIL.Image
import PIL.PngImagePlugin
import pytest
import tensorflow as tf

from snas_tf.data import image_headers
from tests.data.images_on_disk import picture, png_header


def encode(kind="JPEG", pixels=None, **options):
    stream = io.BytesIO()
    pixels = picture(0, 30, 40) if pixels is None else pixels
    image = pixels if isinstance(pixels, PIL.Image.Image) else PIL.Image.fromarray(pixels)
    image.save(stream, kind, **options)
    return stream.getvalue()


def exif(orientation, endian="<"):
    data = PIL.Image.Exif()
    data.endian = endian
    data[0x010F], data[0x0132] = "a maker of cameras", "2024:01:01 00:00:00"
    if orientation is not None:
        data[0x0112] = orientation
    return data


def is_plain(encoded):
    try:
        assert image_headers.require_plain(tf.constant(encoded)).numpy() == encoded
    except tf.errors.InvalidArgumentError:
        return False
    return True


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
@pytest.mark.parametrize("endian", ["<", ">"])
@pytest.mark.parametrize("orientation", [None, *range(10)])
def test_only_an_upright_image_is_plain(kind, endian, orientation):
    turned = orientation in range(2, 9)
    assert is_plain(encode(kind, exif=exif(orientation, endian))) != turned


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_an_image_without_exif_data_is_plain(kind):
    assert is_plain(encode(kind))
    assert is_plain(encode(kind, picture(0, 30, 40, 1)[..., 0]))


@pytest.mark.parametrize("orientation", [1, 6])
@pytest.mark.parametrize(
    "form", ["tiff:Orientation='{}'", "<tiff:Orientation>{}</tiff:Orientation>"]
)
def test_an_orientation_in_xmp_data_is_found(orientation, form):
    data = form.format(orientation).encode()
    assert is_plain(encode("JPEG", xmp=data)) == (orientation == 1)


def test_a_png_whose_exif_data_are_compressed_text_is_not_plain():
    text = PIL.PngImagePlugin.PngInfo()
    text.add_text("Raw profile type exif", "exif", zip=True)
    assert not is_plain(encode("PNG", pnginfo=text))


def test_exif_data_behind_other_data_are_found():
    whole, profile = encode("JPEG", exif=exif(6)), bytes(60000)
    segment = b"\xff\xe2" + (len(profile) + 2).to_bytes(2, "big") + profile
    assert not is_plain(whole[:2] + segment + whole[2:])


@pytest.mark.parametrize("channels", [2, 4])
def test_a_png_with_an_opacity_is_not_plain(channels):
    assert not is_plain(encode("PNG", picture(0, 30, 40, channels)))


@pytest.mark.parametrize("mode", ["P", "L", "RGB"])
def test_a_png_with_a_transparent_color_is_not_plain(mode):
    image = PIL.Image.fromarray(picture(0, 30, 40)).convert(mode)
    assert is_plain(encode("PNG", image))
    color = (1, 2, 3) if mode == "RGB" else 1
    assert not is_plain(encode("PNG", image, transparency=color))


@pytest.mark.parametrize("kind", ["GIF", "BMP", "WEBP", "TIFF"])
def test_other_formats_are_not_plain(kind):
    assert not is_plain(encode(kind))


@pytest.mark.parametrize("content", [b"", b"text", b"GIF89a, or not", b"\xff\xd8\xff\xe0"])
def test_what_is_no_image_is_not_plain(content):
    assert not is_plain(content)


def test_an_image_of_too_many_pixels_is_not_plain():
    assert is_plain(png_header(13000, 13000))
    assert not is_plain(png_header(13378, 13378))
    assert not is_plain(png_header(2**31 - 1, 2**31 - 1))


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_the_size_is_read(kind):
    assert tuple(np.array(image_headers.image_shape(tf.constant(encode(kind))))) == (30, 40)
