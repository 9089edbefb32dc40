import colorsys
import io

import numpy as np
import PIL.Image
import pytest
import tensorflow as tf

from snas_tf.data import crops
from tests.data.images_on_disk import picture

SEEDS = [(7, number) for number in range(400)]


def encode(pixels, kind="JPEG", mode=None, **options):
    stream = io.BytesIO()
    PIL.Image.fromarray(pixels, mode).save(stream, kind, **options)
    return stream.getvalue()


def decoded(data):
    return np.asarray(PIL.Image.open(io.BytesIO(data)).convert("RGB"))


def seed(*numbers):
    return tf.constant(numbers, tf.int64)


def windows(height, width, seeds=SEEDS, min_area=0.08):
    draw = tf.function(
        lambda s: crops.random_window(tf.constant(height), tf.constant(width), s, min_area)
    )
    return np.array([draw(seed(*numbers)) for numbers in seeds])


def bilinear(pixels, height, width):
    """Half-pixel centers, edges repeated, no antialiasing: float [height, width, channels]."""

    def along(values, size, axis):
        places = (np.arange(size) + 0.5) * values.shape[axis] / size - 0.5
        low = np.floor(places).astype(int)
        share = (places - low).reshape([-1 if a == axis else 1 for a in range(3)])
        first, second = (
            np.take(values, np.clip(i, 0, values.shape[axis] - 1), axis) for i in (low, low + 1)
        )
        return first * (1 - share) + second * share

    return along(along(pixels.astype(float), height, 0), width, 1)


@pytest.mark.parametrize(("height", "width"), [(375, 500), (64, 64), (90, 40)])
def test_random_windows_lie_in_the_image_and_have_an_accepted_area_and_ratio(height, width):
    top, left, tall, wide = windows(height, width).T
    assert (top >= 0).all()
    assert (left >= 0).all()
    assert (top + tall <= height).all()
    assert (left + wide <= width).all()
    slack = 1 / tall + 1 / wide  # Sides are whole pixels.
    area = tall * wide / (height * width)
    assert (area > 0.08 * (1 - slack)).all()
    assert (np.abs(np.log(wide / tall)) < np.log(4 / 3) + slack).all()


def test_no_random_window_takes_less_than_the_least_area():
    *_, tall, wide = windows(300, 300, SEEDS[:100], min_area=0.7).T
    slack = 1 / tall + 1 / wide
    assert (tall * wide / 300**2 > 0.7 * (1 - slack)).all()
    assert np.ptp(tall) > 30


def test_random_windows_have_the_statistics_of_the_recipe():
    """Drawn again one by one, as the recipe states it, until a window fits."""
    generator = np.random.default_rng(0)
    expected = []
    while len(expected) < 4000:
        for _ in range(10):
            area = generator.uniform(0.08, 1) * 375 * 500
            ratio = np.exp(generator.uniform(np.log(3 / 4), np.log(4 / 3)))
            wide, tall = round(np.sqrt(area * ratio)), round(np.sqrt(area / ratio))
            if wide <= 500 and tall <= 375:
                top = generator.integers(0, 375 - tall + 1)
                left = generator.integers(0, 500 - wide + 1)
                expected.append((top, left, tall, wide))
                break
    found, expected = windows(375, 500), np.array(expected)
    error = expected.std(axis=0) / np.sqrt(len(found))
    assert (np.abs(found.mean(axis=0) - expected.mean(axis=0)) < 4 * error).all()
    for quantile in (0.1, 0.5, 0.9):
        drawn, stated = (np.quantile(sides, quantile, axis=0) for sides in (found, expected))
        assert (np.abs(drawn - stated) < 40).all()


@pytest.mark.parametrize(
    ("height", "width", "expected"),
    [(10, 1000, (0, 493, 10, 13)), (900, 12, (442, 0, 16, 12)), (1, 1, (0, 0, 1, 1))],
)
def test_where_no_window_fits_it_is_the_largest_accepted_one_in_the_middle(height, width, expected):
    found = windows(height, width, SEEDS[:40])
    fallbacks = [tuple(window) == expected for window in found]
    assert any(fallbacks)
    if height > 1:
        assert (found[:, 2] <= height).all()


def test_a_random_crop_is_the_window_resized_whatever_the_format():
    pixels = picture(0, 90, 120)
    for data in (encode(pixels, quality=95, subsampling=0), encode(pixels, "PNG")):
        for number in range(5):
            image = crops.random_resized_crop(tf.constant(data), (32, 40), seed(3, number), 0.08)
            top, left, tall, wide = windows(90, 120, [(3, number)])[0]
            window = decoded(data)[top : top + tall, left : left + wide]
            assert image.dtype == tf.uint8
            difference = np.abs(image.numpy() - bilinear(window, 32, 40))
            assert difference.mean() < 1.5
            assert difference.max() < 6  # Decoders round differently.


def test_a_png_crop_is_exact_but_for_rounding():
    pixels = picture(0, 90, 120)
    image = crops.random_resized_crop(
        tf.constant(encode(pixels, "PNG")), (32, 40), seed(3, 1), 0.08
    )
    top, left, tall, wide = windows(90, 120, [(3, 1)])[0]
    expected = bilinear(pixels[top : top + tall, left : left + wide], 32, 40)
    assert np.abs(image.numpy() - expected).max() <= 0.5 + 1e-3


@pytest.mark.parametrize(("height", "width"), [(300, 500), (500, 300), (256, 256), (80, 100)])
def test_a_center_crop_is_that_of_the_image_resized_to_256(height, width):
    pixels = picture(1, height, width)
    image = crops.center_crop(tf.constant(encode(pixels, "PNG")), (224, 224)).numpy()
    scale = 256 / min(height, width)
    resized = PIL.Image.fromarray(pixels).resize(
        (round(width * scale), round(height * scale)), PIL.Image.BILINEAR
    )
    left, top = (round((side - 224) / 2) for side in resized.size)
    expected = np.asarray(resized.crop((left, top, left + 224, top + 224)), float)
    difference = np.abs(image - expected)
    # The window is a whole number of pixels, so the two may be a pixel apart.
    assert difference.mean() < 2.5


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
@pytest.mark.parametrize(("height", "width"), [(300, 500), (91, 47), (8, 8), (33, 200)])
@pytest.mark.parametrize("size", [(32, 32), (40, 24)])
def test_a_center_crop_of_decoded_images_is_that_of_the_encoded_one(height, width, size, kind):
    data = encode(picture(1, height, width), kind)
    whole = tf.io.decode_image(data, 3)
    found = crops.center_crop_decoded(tf.stack([255 - whole, whole]), size)
    np.testing.assert_array_equal(found[1], crops.center_crop(tf.constant(data), size))


def test_a_center_window_has_the_ratio_of_the_crop_and_is_in_the_middle():
    def window(*arguments):
        return tuple(crops.center_window(*arguments).numpy())

    assert window(256, 256, (224, 224)) == (16, 16, 224, 224)
    assert window(256, 512, (112, 112)) == (16, 144, 224, 224)
    assert window(512, 256, (64, 128)) == (200, 16, 112, 224)


@pytest.mark.parametrize("mode", ["gray", "ink"])
def test_other_color_modes_become_rgb(mode):
    if mode == "gray":
        data = encode(picture(2, 60, 60, 1)[..., 0], quality=95)
    else:
        data = encode(picture(2, 60, 60, 4), mode="CMYK", quality=95)
    image = crops.center_crop(tf.constant(data), (32, 32)).numpy()
    side = round(60 * 224 / 256)
    start = (60 - side) // 2
    middle = PIL.Image.fromarray(decoded(data)[start : start + side, start : start + side])
    expected = np.asarray(middle.resize((32, 32), PIL.Image.BILINEAR), float)
    assert np.abs(image - expected).mean() < 3


@pytest.mark.parametrize("data", [b"", b"hello, I am no image at all", "truncated", "cut png"])
def test_what_is_no_whole_image_is_an_error(data):
    if data == "truncated":
        whole = encode(picture(0, 200, 100))
        data = whole[: len(whole) * 3 // 4]
    if data == "cut png":
        data = encode(picture(0, 200, 100), "PNG")[:400]
    for crop in (
        lambda: crops.random_resized_crop(tf.constant(data), (32, 32), seed(0, 0), 0.08),
        lambda: crops.center_crop(tf.constant(data), (32, 32)),
    ):
        with pytest.raises(tf.errors.InvalidArgumentError):
            crop()


def test_half_of_the_images_are_mirrored():
    pixels = picture(0, 6, 8)
    flip = tf.function(lambda s: crops.random_flip(tf.constant(pixels), s))
    mirrored = 0
    for numbers in SEEDS:
        image = flip(seed(*numbers)).numpy()
        assert (image == pixels).all() or (image == pixels[:, ::-1]).all()
        mirrored += (image == pixels[:, ::-1]).all()
    assert abs(mirrored - 200) < 4 * 10


def jittered(pixels, drawn, strength):
    """Brightness, contrast, saturation and hue one after the other, in HSV."""
    brightness, contrast, saturation = 1 + strength * drawn[:3]
    gray = np.array([0.299, 0.587, 0.114])
    values = pixels * float(brightness)
    mean = (values @ gray).mean()
    values = mean + contrast * (values - mean)
    level = (values @ gray)[..., None]
    values = np.clip(level + saturation * (values - level), 0, 255) / 255
    hsv = [colorsys.rgb_to_hsv(*value) for value in values.reshape(-1, 3)]
    turned = [colorsys.hsv_to_rgb((h + strength / 2 * drawn[3]) % 1, s, v) for h, s, v in hsv]
    return 255 * np.array(turned).reshape(pixels.shape)


@pytest.mark.parametrize("strength", [0.0, 0.4, 1.0])
def test_colors_change_as_four_steps_one_after_the_other(strength):
    pixels = picture(5, 12, 14)
    for number in range(20):
        drawn = tf.random.stateless_uniform([4], seed(1, number), -1.0, 1.0).numpy()
        image = crops.color_jitter(tf.constant(pixels), seed(1, number), strength)
        assert image.dtype == tf.uint8
        assert np.abs(image.numpy() - jittered(pixels, drawn, strength)).max() < 0.6


def test_colors_differ_between_seeds_and_repeat_with_one():
    pixels = tf.constant(picture(5, 12, 14))
    first, again, other = (
        crops.color_jitter(pixels, seed(0, number), 0.4).numpy() for number in (1, 1, 2)
    )
    assert (first == again).all()
    assert (first != other).any()


def test_the_crop_has_a_static_shape():
    crop = tf.function(crops.random_resized_crop).get_concrete_function(
        tf.TensorSpec([], tf.string), (24, 32), tf.TensorSpec([2], tf.int64), 0.08
    )
    assert crop.output_shapes == tf.TensorShape([24, 32, 3])
