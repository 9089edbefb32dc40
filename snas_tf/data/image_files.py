"""Image files with labels, in little more memory than their names take."""

import dataclasses
import pathlib
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np


@dataclasses.dataclass(frozen=True, eq=False)
class ImageFiles(Sequence):
    """A sequence of pairs: the path of an image file, and its label.

    A file takes 4 bytes and those of the longest name. As a path it would take half a kilobyte.

    Attributes:
        directories: the directories that the files lie in, each with the label of its files.
        places: positions in `directories`, int32 [files].
        names: names in UTF-8, bytes [files].
    """

    directories: tuple[tuple[pathlib.Path, int], ...]
    places: np.ndarray
    names: np.ndarray

    @classmethod
    def from_names(
        cls, directories: Iterable[tuple[pathlib.Path, int, Sequence[str]]]
    ) -> "ImageFiles":
        """Collect the files of directories, each with its label and the names in it."""
        labeled, counts, names = [], [], [np.empty(0, "S1")]
        for path, label, of_directory in directories:
            labeled.append((path, label))
            counts.append(len(of_directory))
            names.append(np.array([name.encode() for name in of_directory], "S"))
        places = np.repeat(np.arange(len(counts), dtype=np.int32), counts)
        return cls(tuple(labeled), places, np.concatenate(names))

    def __len__(self) -> int:
        """The number of files."""
        return len(self.places)

    def __getitem__(self, position: Any) -> Any:
        """The path at a position, and its label."""
        directory, label = self.directories[self.places[position]]
        return directory / self.names[position].decode(), label

    @property
    def labels(self) -> np.ndarray:
        """The labels, int64 [files]."""
        of_directories = np.array([label for _, label in self.directories], np.int64)
        return of_directories[self.places]

    def take(self, positions: np.ndarray) -> "ImageFiles":
        """The files at these positions, in that order."""
        return ImageFiles(self.directories, self.places[positions], self.names[positions])

    def relabel(self, labels: np.ndarray) -> "ImageFiles":
        """The same files with new labels, int64 [old labels]."""
        directories = tuple((path, int(labels[label])) for path, label in self.directories)
        return ImageFiles(directories, self.places, self.names)

    def ordered(self) -> "ImageFiles":
        """The files in the order of their paths."""
        paths = [path for path, _ in self.directories]
        ranks = {path: rank for rank, path in enumerate(sorted(set(paths)))}
        of_directories = np.array([ranks[path] for path in paths], np.int64)
        return self.take(np.lexsort((self.names, of_directories[self.places])))
