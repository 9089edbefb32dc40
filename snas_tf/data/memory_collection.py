"""All images of a data set in memory."""

import dataclasses
import pathlib

from snas_tf.config import DataConfig
from snas_tf.data import contents as data_contents
from snas_tf.data import proxy
from snas_tf.data.collection import Contents, ImageCollection
from snas_tf.data.images import Images, require_same_size
from snas_tf.data.memory_dataset import MemoryDataset
from snas_tf.data.mirroring import is_mirrored


@dataclasses.dataclass(frozen=True, eq=False)
class MemoryCollection(ImageCollection[Images]):
    """All images that a run may see, in memory; see `ImageCollection`."""

    def make_dataset(self, train: Images, validation: Images, test: Images | None) -> MemoryDataset:
        """See `ImageCollection.make_dataset`."""
        name, class_names = self.config.dataset, self.contents.class_names
        return MemoryDataset(name, train, validation, class_names, self.mirror, test)

    def describe_size(self) -> str:
        """See `ImageCollection.describe_size`."""
        height, width = self.train.images.shape[1:3]
        return f"{height} x {width} pixels"

    def check_usable(self, with_test: bool) -> None:
        """See `ImageCollection.check_usable`; all images must be of one size."""
        for images in self.contents.parts.values():
            require_same_size(self.train.images, images.images)
        super().check_usable(with_test)


def read(
    config: DataConfig,
    with_test: bool = False,
    cache: pathlib.Path | None = None,
    proxy_seed: int = 0,
) -> MemoryCollection:
    """Read the images of a data set, once for all seeds.

    Args:
        config: which images.
        with_test: whether the images are to evaluate a cell, not to search one. Only then are the
            test images read, and may `validation_fraction` be 0, which holds no image out.
        cache: directory for a file of the decoded images of a folder, so that they are decoded only
            once; None for no such file.
        proxy_seed: see `proxy.apply`.

    Raises:
        UserError: the images can't be read, or are too few for `config`.
    """

    def collect(contents: Contents[Images]) -> MemoryCollection:
        drawn = proxy.apply(contents, config, proxy_seed)
        return MemoryCollection(config, drawn, is_mirrored(config))

    def check(contents: Contents[Images]) -> None:
        collect(contents).check_usable(with_test)

    return collect(data_contents.read(config, with_test, cache, check))
