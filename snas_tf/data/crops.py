"""Random crops and center crops of encoded images."""

import math

import tensorflow as tf

from snas_tf.data.image_headers import image_shape

_RATIO = (3 / 4, 4 / 3)
_TRIES = 10
_CROPPED_SHARE = 224 / 256
"""The side of the center crop, as a share of the image's shorter side."""

_GRAY = (0.299, 0.587, 0.114)
_END_OF_JPEG = b"\xff\xd9"


def random_resized_crop(
    encoded: tf.Tensor, size: tuple[int, int], seed: tf.Tensor, min_area: float
) -> tf.Tensor:
    """Cut a random window out of an image and resize it (Szegedy et al., 2015).

    Resizing is bilinear without antialiasing: most windows are less than twice as large as what
    is wanted, where it makes little difference and takes twice the time.

    Args:
        encoded: a JPEG or PNG image, string [].
        size: (height, width) to which the window is resized, in pixels.
        seed: integers [2]; the same seed draws the same window.
        min_area: the least share of the image's area that the window takes.

    Returns:
        uint8 [height, width, channels = 3].

    Raises:
        tf.errors.InvalidArgumentError: the image can't be decoded.
    """
    height, width = image_shape(encoded)
    window = random_window(height, width, seed, min_area)
    return _resize(_decode(encoded, window), size, antialias=False)


def center_crop(encoded: tf.Tensor, size: tuple[int, int]) -> tf.Tensor:
    """Cut out the middle of an image, 224/256 of its shorter side, and resize it.

    This is the usual "shorter side to 256, then the middle 224 x 224" in the other order, where the
    window is a whole number of pixels. All of the image is decoded: a JPEG window that is decoded
    alone has another border than in the whole image, which is what an export is given.

    Args:
        encoded: a JPEG or PNG image, string [].
        size: (height, width) to which the window is resized, in pixels.

    Returns:
        uint8 [height, width, channels = 3]; bilinear, with antialiasing.

    Raises:
        tf.errors.InvalidArgumentError: the image can't be decoded.
    """
    return center_crop_decoded(_decode(encoded)[tf.newaxis], size)[0]


def center_crop_decoded(images: tf.Tensor, size: tuple[int, int]) -> tf.Tensor:
    """Cut out the middle of decoded images, as `center_crop` does of an encoded one.

    Args:
        images: uint8 [batch, height, width, channels = 3].
        size: (height, width) to which the windows are resized, in pixels.

    Returns:
        uint8 [batch, height, width, channels = 3].
    """
    height, width = tf.unstack(tf.shape(images)[1:3])
    top, left, tall, wide = tf.unstack(center_window(height, width, size))
    middle = images[:, top : top + tall, left : left + wide]
    return _resize(middle, size, antialias=True)


def random_window(
    height: tf.Tensor, width: tf.Tensor, seed: tf.Tensor, min_area: float
) -> tf.Tensor:
    """Draw a random window of an image: its area, its aspect ratio 3:4 to 4:3, its place.

    Of ten windows the first that fits is taken. Where none does, as in a very long image, it is
    the largest of an accepted ratio, in the middle.

    Args:
        height: height of the image in pixels, int32 [].
        width: width of the image in pixels, int32 [].
        seed: integers [2]; the same seed draws the same window.
        min_area: the least share of the area.

    Returns:
        int32 [4]: top, left, height, width.
    """
    seeds = tf.unstack(tf.random.split(seed, 3))
    uniform = tf.random.stateless_uniform
    area = uniform([_TRIES], seeds[0], min_area, 1.0) * tf.cast(height * width, tf.float32)
    ratio = tf.exp(uniform([_TRIES], seeds[1], *map(math.log, _RATIO)))
    sides = tf.stack([tf.sqrt(area / ratio), tf.sqrt(area * ratio)], axis=1)
    sides = tf.maximum(tf.cast(tf.round(sides), tf.int32), 1)
    fits = tf.reduce_all(sides <= tf.stack([height, width]), axis=1)
    chosen = sides[tf.argmax(fits)]
    free = tf.cast(tf.stack([height, width]) - chosen + 1, tf.float32)
    corner = tf.cast(tf.floor(uniform([2], seeds[2]) * free), tf.int32)
    drawn = tf.concat([corner, chosen], axis=0)
    return tf.where(tf.reduce_any(fits), drawn, _middle(height, width, _largest(height, width)))


def center_window(height: tf.Tensor, width: tf.Tensor, size: tuple[int, int]) -> tf.Tensor:
    """Compute the window that `center_crop` cuts out.

    Args:
        height: height of the image in pixels, int32 [].
        width: width of the image in pixels, int32 [].
        size: (height, width) of the crop, whose ratio the window has.

    Returns:
        int32 [4]: top, left, height, width.
    """
    shorter = tf.cast(tf.minimum(height, width), tf.float32)
    sides = shorter * _CROPPED_SHARE * tf.constant(size, tf.float32) / max(size)
    return _middle(height, width, tf.maximum(tf.cast(tf.round(sides), tf.int32), 1))


def random_flip(image: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
    """Mirror an image, [height, width, channels], with probability 1/2.

    Args:
        image: an image of any type.
        seed: integers [2]; the same seed decides the same.

    Returns:
        The image, of the same type and shape.
    """
    flip = tf.random.stateless_uniform([], seed, 0, 2, tf.int32) == 1
    return tf.cond(flip, lambda: tf.reverse(image, [1]), lambda: image)


def color_jitter(image: tf.Tensor, seed: tf.Tensor, strength: float) -> tf.Tensor:
    """Change brightness, contrast, saturation and hue, as DARTS does on ImageNet.

    Brightness, contrast and saturation are factors of 1 - `strength` to 1 + `strength`, of the
    distance to black, to the image's mean gray and to each pixel's own gray; the hue turns by up to
    `strength` / 2 of the circle either way. They come in this order, and values are clipped to 0 to
    255 once, before the hue: up to there, all is one linear map of a pixel, in a third of the time
    of three.

    Args:
        image: uint8 [height, width, channels = 3].
        seed: integers [2]; the same seed draws the same changes.
        strength: 0 to 1; 0.4 in DARTS, where the hue thus turns by up to a fifth of the circle.

    Returns:
        uint8 [height, width, channels = 3].
    """
    drawn = tf.random.stateless_uniform([4], seed, -1.0, 1.0)
    brightness, contrast, saturation = tf.unstack(1 + strength * drawn[:3])
    pixels = tf.reshape(tf.cast(image, tf.float32), [-1, 3])
    gray = tf.constant(_GRAY)
    mean_gray = brightness * tf.reduce_sum(tf.reduce_mean(pixels, axis=0) * gray)
    to_gray = tf.repeat(gray[:, tf.newaxis], 3, axis=1)
    colors = saturation * tf.eye(3) + (1 - saturation) * to_gray
    pixels = pixels @ (brightness * contrast * colors) + (1 - contrast) * mean_gray
    pixels = tf.reshape(tf.clip_by_value(pixels, 0.0, 255.0), tf.shape(image))
    turned = tf.image.adjust_hue(pixels, strength / 2 * drawn[3])
    return tf.cast(tf.round(turned), tf.uint8)  # Turning the hue keeps the range.


def _decode(encoded: tf.Tensor, window: tf.Tensor | None = None) -> tf.Tensor:
    """Decode the pixels within a window, or all: uint8 [height, width, 3]."""

    def decode_jpeg() -> tf.Tensor:
        # A crop above the point where a file breaks off would hide that it does.
        end = tf.strings.substr(encoded, -len(_END_OF_JPEG), len(_END_OF_JPEG))
        whole = tf.debugging.Assert(end == _END_OF_JPEG, ["a JPEG image breaks off"])
        with tf.control_dependencies([whole]):
            if window is None:
                return tf.io.decode_jpeg(encoded, channels=3)
            return tf.io.decode_and_crop_jpeg(encoded, window, channels=3)

    def decode_png() -> tf.Tensor:
        image = tf.io.decode_png(encoded, channels=3)
        if window is None:
            return image
        return tf.slice(image, [*tf.unstack(window[:2]), 0], [*tf.unstack(window[2:]), 3])

    return tf.cond(tf.io.is_jpeg(encoded), decode_jpeg, decode_png)


def _resize(pixels: tf.Tensor, size: tuple[int, int], antialias: bool) -> tf.Tensor:
    resized = tf.image.resize(pixels, size, "bilinear", antialias=antialias)
    return tf.ensure_shape(tf.cast(tf.round(resized), tf.uint8), [*pixels.shape[:-3], *size, 3])


def _largest(height: tf.Tensor, width: tf.Tensor) -> tf.Tensor:
    """The sides of the largest window of an accepted ratio, int32 [2]."""
    low, high = _RATIO
    height, width = (tf.cast(side, tf.float32) for side in (height, width))
    sides = tf.stack([tf.minimum(height, width / low), tf.minimum(width, height * high)])
    return tf.maximum(tf.cast(tf.round(sides), tf.int32), 1)


def _middle(height: tf.Tensor, width: tf.Tensor, sides: tf.Tensor) -> tf.Tensor:
    """The window of these sides in the middle of the image."""
    return tf.concat([(tf.stack([height, width]) - sides) // 2, sides], axis=0)
