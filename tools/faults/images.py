"""Odd folders of images."""

import functools
import os
import struct
import zlib

import numpy as np
import PIL.Image

from tools.faults.fault import SURVIVED, Fault, Outcome
from tools.faults.workplace import judge_refusal

_GENERATOR = np.random.default_rng(0)


def _save(path, height=16, width=16):
    path.parent.mkdir(parents=True, exist_ok=True)
    PIL.Image.fromarray(_GENERATOR.integers(0, 256, (height, width, 3), np.uint8)).save(path)


def _folder(root, classes=2, images=16):
    for number in range(classes):
        for image in range(images):
            _save(root / f"class {number:03d}" / f"{image:05d}.png")


def _bomb(root):
    """A PNG of 60,000 x 60,000 black pixels in few bytes."""
    side, compressor = 60_000, zlib.compressobj(9)
    line = bytes(1 + side // 8)
    data = b"".join(compressor.compress(line) for _ in range(side)) + compressor.flush()
    chunks = b""
    header = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    for kind, content in ((b"IHDR", header), (b"IDAT", data), (b"IEND", b"")):
        check = struct.pack(">I", zlib.crc32(kind + content))
        chunks += struct.pack(">I", len(content)) + kind + content + check
    (root / "class 000" / "bomb.png").write_bytes(b"\x89PNG\r\n\x1a\n" + chunks)


def _odd(place, change, flags=(), classes=2, images=16):
    """Search on a folder of images that has been changed."""
    root = place.path / "images"
    _folder(root, classes, images)
    change(root)
    done = place.run(
        *("--mode=search", "--dataset=folder", f"--data_dir={root}", "--epochs=1"),
        *("--num_cells=3", "--init_channels=2", "--batch_size=8", "--skip_threshold=0"),
        *(*flags, f"--model_dir={place.path / 'run'}"),
    )
    if done.returncode != 0:
        return judge_refusal(done)
    if not (place.path / "run" / "genotype.json").exists():
        return Outcome("lost", "no genotype")
    notes = [line for line in done.stdout.splitlines()[1:8] if "left out" in line or "not" in line]
    return Outcome(SURVIVED, notes[0].strip() if notes else "")


_CHANGES = {
    "a decompression bomb": _bomb,
    "an image of 1 x 1 pixels": lambda root: _save(root / "class 000" / "one.png", 1, 1),
    "an image of 12,000 x 9,000 pixels": lambda root: _save(
        root / "class 000" / "l.jpg", 9000, 12000
    ),
    "a FIFO": lambda root: os.mkfifo(root / "class 000" / "fifo.png"),
    "a device": lambda root: (root / "class 000" / "zero.png").symlink_to("/dev/zero"),
    "a loop of links": lambda root: (root / "class 000" / "again").symlink_to(root),
    "a link to nowhere": lambda root: (root / "class 000" / "gone.png").symlink_to("nowhere"),
    "a link to itself": lambda root: (root / "class 000" / "x.png").symlink_to("x.png"),
    "a name with a newline": lambda root: _save(root / "class\n000" / "new\nline.png"),
    "a name that is no UTF-8": lambda root: _save(root / "class 000" / os.fsdecode(b"\xff.png")),
    "an empty file": lambda root: (root / "class 000" / "empty.png").touch(),
    "a file that can't be decoded": lambda root: (root / "class 000" / "x.jpg").write_bytes(
        b"x" * 99
    ),
    "a class without images": lambda root: (root / "class 002").mkdir(),
    "a directory with the name of an image": lambda root: (root / "class 000" / "d.png").mkdir(),
}


def _nothing(_):
    """Leave the folder as it is."""


def faults():
    """List the faults."""
    group = "Folders of images"
    for name, change in _CHANGES.items():
        flags = ("--image_size=16",) if "pixels" in name else ()
        inject = functools.partial(_odd, change=change, flags=flags)
        yield Fault(group, name, inject)
    many = functools.partial(
        _odd, change=_nothing, classes=300, images=2, flags=("--validation_fraction=0.5",)
    )
    yield Fault(group, "300 classes", many)
    files = functools.partial(_odd, change=_nothing, images=10_000, flags=("--batch_size=9000",))
    yield Fault(group, "20,000 images", files)
