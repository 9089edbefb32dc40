"""All images of a data set that stay on disk as they are encoded."""

import dataclasses
import pathlib
from collections.abc import Mapping, Sequence
from typing import Any

from snas_tf.config import DataConfig
from snas_tf.config.data import DISK
from snas_tf.data import decoding, folder, label_file, proxy, tfds_builder
from snas_tf.data.batches import TEST, TRAIN, VALIDATION
from snas_tf.data.collection import Contents, ImageCollection
from snas_tf.data.encoded_dataset import EncodedDataset
from snas_tf.data.encoded_source import EncodedSource
from snas_tf.data.folder_source import FolderSource
from snas_tf.data.image_check import ImageCheck
from snas_tf.data.mirroring import is_mirrored
from snas_tf.data.tfds_records import open_records
from snas_tf.data.tfds_source import TfdsSource
from snas_tf.errors import UserError

DEFAULT_IMAGE_SIZE = 224
"""Side of the crops in pixels, as in the paper's ImageNet experiments."""

MINIMUM_IMAGE_SIZE = 32
"""Side in pixels; the stem and two reductions leave 1 x 1."""

_HELD_OUT_SPLITS = ("validation", "test")


@dataclasses.dataclass(frozen=True, eq=False)
class EncodedCollection(ImageCollection[Any]):
    """All images that a run may see, on disk; see `ImageCollection`."""

    def make_dataset(
        self, train: EncodedSource, validation: EncodedSource, test: EncodedSource | None
    ) -> EncodedDataset:
        """See `ImageCollection.make_dataset`."""
        size = self.config.image_size or DEFAULT_IMAGE_SIZE
        name, class_names = self.config.dataset, self.contents.class_names
        return EncodedDataset(name, train, validation, class_names, (size, size), self.mirror, test)

    def describe_size(self) -> str:
        """See `ImageCollection.describe_size`."""
        size = self.config.image_size or DEFAULT_IMAGE_SIZE
        return f"crops of {size} x {size} pixels"


@dataclasses.dataclass(frozen=True, eq=False)
class TransferCollection(EncodedCollection):
    """Images for the ImageNet mode, of which none is held out at random.

    The validation images are also the test images, as in published results.
    """

    def make_dataset(
        self, train: EncodedSource, validation: EncodedSource, test: EncodedSource | None
    ) -> EncodedDataset:
        """See `ImageCollection.make_dataset`."""
        return super().make_dataset(train, validation, test=validation)


def read(config: DataConfig, cache: pathlib.Path | None = None) -> TransferCollection:
    """Find the images of a data set to train on and to test on.

    A folder has its validation images in val/, or in test/ where there is none; a TFDS data set in
    its validation split, or in the test split where there is none with labels. Both have random
    access by position: a TFDS copy prepared as TFRecord, the default, is indexed for it when it is
    opened, one prepared as ArrayRecord has an index.

    With a `cache` or `skip_corrupt_images`, every image is decoded once, over all cores: if one
    were found to be damaged in the middle of a run, the run could not go on without it, as
    positions and epochs are those of the images that are used. What can't be decoded is an error,
    or left out of a folder with `skip_corrupt_images`. Without either, a damaged image is an error
    when it is read.

    Args:
        config: which images; `validation_fraction` has no effect.
        cache: directory for a file of the damaged images, so that they are checked only once; None
            for no such file.

    Raises:
        UserError: a value of `config` is not accepted, or the images can't be read.
    """
    _check_size(config)
    if config.dataset == "folder":
        contents, listing = _find_in_folder(config, _transfer_parts(config))
    else:
        contents, listing = _find_in_tfds(config, VALIDATION), None
        if VALIDATION not in contents.parts:
            raise UserError(
                f"`dataset`={config.dataset}: has no labeled images besides those to learn from; "
                "accepted: a data set with a split named validation or test, such as imagenet2012"
            )
    contents = _check_and_digest(contents, listing, config, cache)
    collection = TransferCollection(config, contents, is_mirrored(config))
    collection.check_usable(with_test=True)
    return collection


def read_divided(
    config: DataConfig,
    with_test: bool = False,
    cache: pathlib.Path | None = None,
    proxy_seed: int = 0,
) -> EncodedCollection:
    """Find the images of a data set to search on, or to train, validate and test on.

    Validation images are held out of the training images; the images that `read` tests on are
    tested on here, so that a search never reads them. A folder that has all three of train/, val/
    and test/ is the exception: its parts are what they are called.

    Args:
        config: which images.
        with_test: see `memory_collection.read`.
        cache: see `read`; the labels of a TFDS copy are kept there too.
        proxy_seed: see `proxy.apply`. Images that are not drawn are not checked.

    Raises:
        UserError: a value of `config` is not accepted, the images can't be read, or are too few.
    """
    _check_size(config)
    if config.dataset == "folder":
        contents, listing = _find_in_folder(config, _divided_parts(config, with_test))
    else:
        contents, listing = _find_in_tfds(config, TEST if with_test else None), None
        contents = _read_labels(contents, config, cache)
    drawn = proxy.apply(contents, config, proxy_seed)
    contents = _check_and_digest(drawn, listing, config, cache)
    contents = dataclasses.replace(contents, notes={"storage": DISK, **contents.notes})
    collection = EncodedCollection(config, contents, is_mirrored(config))
    collection.check_usable(with_test)
    return collection


def _check_size(config: DataConfig) -> None:
    size = config.image_size
    if size is not None and size < MINIMUM_IMAGE_SIZE:
        raise UserError(
            f"`image_size`={size}: too small; accepted: {MINIMUM_IMAGE_SIZE} or more, or none for "
            f"{DEFAULT_IMAGE_SIZE}"
        )


def _transfer_parts(config: DataConfig) -> dict[str, str]:
    """For each part of the collection, the part of the folder."""
    found = folder.find_parts(config)
    held_out = next((part for part in (VALIDATION, TEST) if part in found), None)
    if held_out is None:
        raise UserError(
            f"`data_dir`={config.data_dir}: has no validation images; accepted: a directory with "
            "train/ and val/ (or test/), each with a sub-directory of images for each class"
        )
    return {TRAIN: TRAIN, VALIDATION: held_out}


def _divided_parts(config: DataConfig, with_test: bool) -> dict[str, str]:
    """See `_transfer_parts`."""
    found = folder.find_parts(config)
    held_out = [part for part in (VALIDATION, TEST) if part in found]
    parts = {TRAIN: TRAIN}
    if len(held_out) == 2:
        parts[VALIDATION] = VALIDATION
    if with_test and held_out:
        parts[TEST] = held_out[-1]
    return parts


def _find_in_folder(
    config: DataConfig, parts: Mapping[str, str]
) -> tuple[Contents[Any], folder.Listing]:
    """List the images of each part, given what the folder calls it; open none."""
    held_out = tuple(name for part, name in parts.items() if part != TRAIN)
    listing = folder.list_images(config, held_out)
    sources = {
        part: FolderSource(listing.parts[name], listing.root) for part, name in parts.items()
    }
    return Contents(sources, listing.class_names, {}), listing


def _find_in_tfds(config: DataConfig, held_out: str | None) -> Contents[Any]:
    """Find the images to learn from and, as the part `held_out`, those of a labeled split."""
    if config.dataset == "digits":
        raise UserError(
            "`dataset`=digits: its images are in memory, not on disk; accepted: folder, or a TFDS "
            "image-classification dataset such as imagenet2012"
        )
    builder, keys = tfds_builder.open_builder(config)
    sources = {TRAIN: _open(builder, "train", config, keys)}
    for split in _HELD_OUT_SPLITS if held_out else ():
        if split in builder.info.splits:
            source = _open(builder, split, config, keys)
            if source.has_labels():
                sources[str(held_out)] = source
                break
    return Contents(sources, tuple(builder.info.features[keys[1]].names), {})


def _open(builder: Any, split: str, config: DataConfig, keys: tuple[str, str]) -> TfdsSource:
    records = open_records(builder, split, config.dataset)
    num_classes = builder.info.features[keys[1]].num_classes
    return TfdsSource(config.dataset, records, *keys, num_classes)


def _read_labels(
    contents: Contents[Any], config: DataConfig, cache: pathlib.Path | None
) -> Contents[Any]:
    """Read the labels of the parts that are divided or drawn from."""
    is_proxy = not (config.classes is None and config.examples_per_class is None)
    parts = dict(contents.parts)
    for part, source in parts.items():
        if is_proxy or part == TRAIN:
            labels = label_file.read(source, cache)
            parts[part] = dataclasses.replace(source, known_labels=labels)
    return dataclasses.replace(contents, parts=parts)


def _check_and_digest(
    contents: Contents[Any],
    listing: folder.Listing | None,
    config: DataConfig,
    cache: pathlib.Path | None,
) -> Contents[Any]:
    """Leave out damaged images of a folder, and digest the others."""
    parts = dict(contents.parts)
    damaged = _find_damaged(parts, config, cache)
    paths = []
    for part, positions in damaged.items():
        if positions:
            paths += [parts[part].files[position][0] for position in positions]
            parts[part] = parts[part].without(positions)
    remarks = (*(listing.remarks(paths) if listing else ()), *contents.remarks)
    digests = {part: source.digest for part, source in parts.items()}
    return dataclasses.replace(contents, parts=parts, digests=digests, remarks=remarks)


def _find_damaged(
    sources: Mapping[str, EncodedSource], config: DataConfig, cache: pathlib.Path | None
) -> Mapping[str, Sequence[int]]:
    """The positions of damaged images by part, as an earlier start has recorded or as found now."""
    skip = config.skip_corrupt_images
    if cache is None:
        return {part: source.find_damaged(skip) for part, source in sources.items()} if skip else {}
    key = {"decoding": decoding.VERSION, **{part: one.digest for part, one in sources.items()}}
    check = ImageCheck(cache, key)
    known = check.load()
    if known is not None and (skip or not any(known.values())):
        return known
    damaged = {part: source.find_damaged(skip) for part, source in sources.items()}
    check.save(damaged)
    return damaged
