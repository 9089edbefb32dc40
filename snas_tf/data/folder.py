"""A folder of images: a sub-directory of image files for each class, or parts of such."""

import collections
import dataclasses
import os
import pathlib
import stat
from collections.abc import Iterable

from absl import logging

from snas_tf.config import DataConfig
from snas_tf.data.batches import TEST, TRAIN, VALIDATION
from snas_tf.data.decoding import FORMAT_NAMES, SUFFIXES
from snas_tf.data.image_files import ImageFiles
from snas_tf.errors import UserError, printable

_PARTS = {
    "train": TRAIN,
    "val": VALIDATION,
    "valid": VALIDATION,
    "validation": VALIDATION,
    "test": TEST,
}
"""The parts that the sub-directories of a folder may be, by their names."""

_ACCEPTED = (
    f"accepted: a directory with one sub-directory of {FORMAT_NAMES} images for each class, or "
    "with train/, val/ and test/ (or train/ and one of the two) of such sub-directories"
)
_DIRECTORY, _OTHER = "sub-directories", "pipes or devices"
_BROKEN, _NO_SUFFIX = "links that lead nowhere", "files without a suffix"
_DAMAGED = "unreadable images"
_SHOWN_CLASSES = 20
_SAMPLED_CLASSES = 100

LeftOut = collections.Counter[str]
"""How many entries of a directory are not read, by kind."""


@dataclasses.dataclass(frozen=True, eq=False)
class Listing:
    """The image files of a folder, in the order of the classes and of their names.

    Attributes:
        root: the folder.
        class_names: sorted; their positions are the labels.
        parts: the files of each part that was asked for and that the folder has: "train", and
            maybe "validation" and "test".
        left_out: what is not read, by directory.
    """

    root: pathlib.Path
    class_names: tuple[str, ...]
    parts: dict[str, ImageFiles]
    left_out: dict[pathlib.Path, LeftOut]

    def remarks(self, damaged: Iterable[pathlib.Path] = ()) -> tuple[str, ...]:
        """Describe what was left out, a line for each of 20 directories and one for the others.

        Args:
            damaged: image files that were left out because they can't be decoded.
        """
        left_out = dict(self.left_out)
        for path in damaged:
            left_out[path.parent] = left_out.get(path.parent, LeftOut()) + LeftOut([_DAMAGED])
        lines = [
            f"left out of {path.relative_to(self.root)}/: {_format_counts(kinds)}"
            for path, kinds in sorted(left_out.items())
        ]
        if len(lines) > _SHOWN_CLASSES:
            rest = [kinds for _, kinds in sorted(left_out.items())][_SHOWN_CLASSES:]
            more = _format_counts(sum(rest, LeftOut()))
            lines[_SHOWN_CLASSES:] = [f"left out of {len(rest)} more directories: {more}"]
        return tuple(lines)


def find_parts(config: DataConfig) -> dict[str, pathlib.Path]:
    """Find the directories of a folder that have class sub-directories, by part.

    A folder is in parts if it has nothing but the sub-directories train/, val/ (or valid/, or
    validation/) and test/, train/ among them; else it is one directory of training images.

    Raises:
        UserError: the folder can't be read, or has two names for one part; names the setting.
    """
    if config.data_dir is None:
        raise UserError(f"`data_dir`: not given, and `dataset`=folder needs it; {_ACCEPTED}")
    root = pathlib.Path(config.data_dir)
    names = [entry.name for entry in _list_entries(root, root) if _kind(entry) == _DIRECTORY]
    if TRAIN not in names or not set(names) <= set(_PARTS):
        return {TRAIN: root}
    parts = {TRAIN: root / TRAIN}
    for name in sorted(set(names) - {TRAIN}):
        other = parts.setdefault(_PARTS[name], root / name)
        if other.name != name:
            raise UserError(
                f"`data_dir`={root}: has both {other.name}/ and {name}/; accepted: one directory "
                "of validation images"
            )
    return parts


def list_images(config: DataConfig, held_out: tuple[str, ...]) -> Listing:
    """List the image files of a folder, and open none.

    Entries whose names begin with a dot are ignored. What else is not read, such as files of
    other types, sub-directories of a class, pipes, and links that lead nowhere, is counted.

    Args:
        config: `data_dir` is the folder.
        held_out: the parts to list besides "train": "validation", "test", or both.

    Raises:
        UserError: the folder is not one, its parts are of other classes, or a name is not UTF-8;
            names the setting.
    """
    directories = {
        part: path for part, path in find_parts(config).items() if part in (TRAIN, *held_out)
    }
    root = pathlib.Path(str(config.data_dir))
    class_names = _class_names(directories[TRAIN], root)
    left_out = {root: _beside_classes(root, root)} if directories[TRAIN] != root else {}
    parts: dict[str, ImageFiles] = {}
    for part, directory in directories.items():
        _require_same_classes(class_names, _class_names(directory, root), directory, root)
        left_out[directory] = _beside_classes(directory, root)
        found = []
        for label, name in enumerate(class_names):
            names, left_out[directory / name] = _scan(directory / name, root)
            found.append((directory / name, label, names))
        parts[part] = ImageFiles.from_names(found)
    left_out = {path: kinds for path, kinds in left_out.items() if kinds}
    if left_out:
        total = _format_counts(sum(left_out.values(), LeftOut()))
        logging.warning("%s: left out %s", printable(str(root)), total)
    return Listing(root, class_names, parts, left_out)


def count_images(config: DataConfig) -> tuple[int, list[pathlib.Path]]:
    """Count the training images of a folder by their names, and open none.

    Returns:
        Their number, and the first one of each class; of more than a hundred, of a hundred classes.

    Raises:
        UserError: the folder is not one; names the setting.
    """
    train, root = find_parts(config)[TRAIN], pathlib.Path(str(config.data_dir))
    count, first = 0, []
    for name in _class_names(train, root):
        entries = _list_entries(train / name, root)
        images = [
            one.name for one in entries if pathlib.PurePath(one.name).suffix.lower() in SUFFIXES
        ]
        count += len(images)
        first += [train / name / one for one in images[:1]]
    return count, first[:: -(-len(first) // _SAMPLED_CLASSES) or 1]


def _class_names(part: pathlib.Path, root: pathlib.Path) -> tuple[str, ...]:
    names = tuple(entry.name for entry in _list_entries(part, root) if _kind(entry) == _DIRECTORY)
    if len(names) < 2:
        found = ", ".join(names) or "none"
        raise UserError(
            f"`data_dir`={root}: at least 2 class sub-directories are needed in {part}, found: "
            f"{found}; {_ACCEPTED}"
        )
    for name in names:
        _require_utf8(part / name, root)
    return names


def _require_same_classes(
    names: tuple[str, ...], other_names: tuple[str, ...], other: pathlib.Path, root: pathlib.Path
) -> None:
    differing = sorted(set(names) ^ set(other_names))
    if differing:
        name = differing[0]
        only = TRAIN if name in names else other.name
        raise UserError(
            f"`data_dir`={root}: class {name!r} is in {only}/ only; accepted: the same class "
            f"sub-directories in {TRAIN}/ and {other.name}/"
        )


def _scan(directory: pathlib.Path, root: pathlib.Path) -> tuple[list[str], LeftOut]:
    """List the names of the images of a class, and count what else is there."""
    images, left_out = [], LeftOut()
    for entry in _list_entries(directory, root):
        kind = _kind(entry)
        if kind in SUFFIXES:
            _require_utf8(pathlib.Path(entry.path), root)
            images.append(entry.name)
        else:
            left_out[kind] += 1
    if not images:
        found = f", only {_format_counts(left_out)}" if left_out else ""
        raise UserError(f"`data_dir`={root}: class {directory} has no image{found}; {_ACCEPTED}")
    return images, left_out


def _beside_classes(directory: pathlib.Path, root: pathlib.Path) -> LeftOut:
    kinds = (_kind(entry) for entry in _list_entries(directory, root))
    return LeftOut(kind for kind in kinds if kind != _DIRECTORY)


def _list_entries(directory: pathlib.Path, root: pathlib.Path) -> list[os.DirEntry]:
    """List the entries that are not hidden, sorted by name."""
    try:
        with os.scandir(directory) as entries:
            shown = [entry for entry in entries if not entry.name.startswith(".")]
    except OSError as error:
        raise UserError(
            f"`data_dir`={root}: {directory} can't be read ({error.strerror}); {_ACCEPTED}"
        ) from error
    return sorted(shown, key=lambda entry: entry.name)


def _kind(entry: os.DirEntry) -> str:
    """Return the suffix of a file, such as ".png", or what else the entry is."""
    try:
        mode = entry.stat().st_mode
    except OSError:
        return _BROKEN
    if stat.S_ISDIR(mode):
        return _DIRECTORY
    if not stat.S_ISREG(mode):
        return _OTHER
    return pathlib.PurePath(entry.name).suffix.lower() or _NO_SUFFIX


def _format_counts(kinds: LeftOut) -> str:
    """Format counts, as in ".heic (3), sub-directories (1)"."""
    return printable(", ".join(f"{kind} ({count:,})" for kind, count in sorted(kinds.items())))


def _require_utf8(path: pathlib.Path, root: pathlib.Path) -> None:
    try:
        path.name.encode()
    except UnicodeEncodeError as error:
        raise UserError(
            f"`data_dir`={root}: the name of {path} is not UTF-8; accepted: names that are"
        ) from error
