"""The headers of encoded images, read in a graph."""

import tensorflow as tf

from snas_tf.data.decoding import MAX_PIXELS

_EXIF_BYTES = 2**17
"""The first bytes of a JPEG image are searched for EXIF data, which follow its start."""

_ORIENTED = (
    r"\C*(?:Exif\x00\x00|eXIf)(?:II|MM)\C*"
    r"(?:\x12\x01[\x03\x04]\x00\x01\x00\x00\x00[\x02-\x08]"
    r"|\x01\x12\x00[\x03\x04]\x00\x00\x00\x01(?:\x00\x00)?\x00[\x02-\x08])\C*"
    r"|\C*tiff:Orientation(?:=[\"']|>)[2-8]\C*"
    r"|\C*Raw profile type (?:exif|APP1)\C*|\C*XML:com\.adobe\.xmp\C*"
)
"""EXIF data with an orientation other than upright, in either order of bytes; the same as XMP; or
what may hold it compressed."""

_PNG = b"\x89PNG\r\n\x1a\n"
_COLOR_TYPE, _WITH_OPACITY = 25, (b"\x04", b"\x06")


def image_shape(encoded: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Read the size of a JPEG or PNG image, string []: (height, width), each int32 [].

    Raises:
        tf.errors.InvalidArgumentError: it has no header of such an image.
    """

    def png_shape() -> tf.Tensor:
        sides = tf.io.decode_raw(tf.strings.substr(encoded, 16, 8), tf.int32, little_endian=False)
        return tf.reverse(tf.ensure_shape(sides, [2]), [0])

    def jpeg_shape() -> tf.Tensor:
        return tf.io.extract_jpeg_shape(encoded)[:2]

    shape = tf.cond(tf.io.is_jpeg(encoded), jpeg_shape, png_shape)
    return shape[0], shape[1]


def require_plain(encoded: tf.Tensor) -> tf.Tensor:
    """Check that TensorFlow decodes an image as it is meant to be seen.

    TensorFlow's decoders know nothing of EXIF orientations, drop an opacity, read other formats
    than JPEG and PNG only in part, and take as much memory as a header asks for.

    Args:
        encoded: an image, string [].

    Returns:
        The image, as it is.

    Raises:
        tf.errors.InvalidArgumentError: it does not.
    """
    height, width = image_shape(encoded)
    pixels = tf.cast(height, tf.int64) * tf.cast(width, tf.int64)
    is_plain = tf.cond(
        tf.io.is_jpeg(encoded), lambda: _is_plain_jpeg(encoded), lambda: _is_plain_png(encoded)
    )
    plain = tf.debugging.Assert(is_plain & (pixels <= MAX_PIXELS), ["to be read otherwise"])
    with tf.control_dependencies([plain]):
        return tf.identity(encoded)


def _is_plain_jpeg(encoded: tf.Tensor) -> tf.Tensor:
    return ~tf.strings.regex_full_match(tf.strings.substr(encoded, 0, _EXIF_BYTES), _ORIENTED)


def _is_plain_png(encoded: tf.Tensor) -> tf.Tensor:
    signature = tf.strings.substr(encoded, 0, len(_PNG))
    color_type = tf.strings.substr(encoded, _COLOR_TYPE, 1)
    has_opacity = tf.reduce_any(color_type == tf.constant(_WITH_OPACITY))
    transparent = has_opacity | tf.strings.regex_full_match(encoded, r"\C*tRNS\C*")
    turned = tf.strings.regex_full_match(encoded, _ORIENTED)
    return (signature == _PNG) & ~transparent & ~turned
