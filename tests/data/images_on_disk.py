"""A tiny folder of real image files, of all the kinds that such folders hold."""

import struct
import zlib

import numpy as np
import PIL.Image

SIZES = ((61, 83), (97, 45), (50, 50), (120, 64), (33, 200), (75, 100))
CORRUPT = "train/c/corrupt.jpg"


def picture(seed, height, width, channels=3):
    """Smooth shapes, which JPEG keeps: uint8 [height, width, channels]."""
    small = np.random.default_rng(seed).integers(0, 256, (4, 5, channels), np.uint8)
    planes = [
        PIL.Image.fromarray(small[..., c]).resize((width, height), PIL.Image.BICUBIC)
        for c in range(channels)
    ]
    return np.stack([np.asarray(plane) for plane in planes], axis=-1)


def save(path, pixels, mode=None, **options):
    path.parent.mkdir(parents=True, exist_ok=True)
    PIL.Image.fromarray(pixels, mode).save(path, **options)


def make_folder(root, corrupt=False):
    """Three classes: 19 training images, of which one may break off, and 9 for validation."""
    for part, count in (("train", 5), ("val", 3)):
        for label, name in enumerate("abc"):
            for number in range(count):
                pixels = picture(100 * label + number, *SIZES[number])
                save(root / part / name / f"{number}.jpg", pixels, quality=95)
    save(root / "train/a/gray.jpeg", picture(1, 70, 60, 1)[..., 0], quality=95)
    save(root / "train/b/ink.jpg", picture(2, 66, 80, 4), "CMYK", quality=95)
    save(root / "train/b/picture.png", picture(3, 57, 91))
    save(root / "train/c/png_inside.jpg", picture(4, 40, 41), format="PNG")
    if corrupt:
        whole = (root / "train/c/1.jpg").read_bytes()
        (root / CORRUPT).write_bytes(whole[: len(whole) // 2])
    return root


def png_header(width, height):
    """The first bytes of a PNG image in RGB."""

    def chunk(kind, data):
        checksum = zlib.crc32(kind + data)
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", checksum)

    fields = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", fields) + chunk(b"IDAT", zlib.compress(b""))
