"""All images of a data set that stay on disk as they are encoded."""

import dataclasses
import pathlib
from collections.abc import Mapping, Sequence
from typing import Any

from snas_tf.config import DataConfig
from snas_tf.data import decoding, folder, tfds_builder
from snas_tf.data.encoded_dataset import EncodedDataset
from snas_tf.data.encoded_source import EncodedSource, FolderSource, TfdsSource
from snas_tf.data.folder import TEST, TRAIN, VALIDATION
from snas_tf.data.image_check import ImageCheck
from snas_tf.data.mirroring import is_mirrored
from snas_tf.data.share import WHOLE, Share
from snas_tf.data.summary import summarize
from snas_tf.data.tfds_records import open_records
from snas_tf.errors import UserError

DEFAULT_IMAGE_SIZE = 224
"""Side of the crops in pixels, as in the paper's ImageNet experiments."""

MINIMUM_IMAGE_SIZE = 32
"""The stem and two reductions leave 1 x 1 of it."""

_HELD_OUT_SPLITS = ("validation", "test")


@dataclasses.dataclass(frozen=True, eq=False)
class EncodedCollection:
    """All images that a run may see; see `batches.Collection`.

    Attributes:
        dataset: the images, of which none is held out at random.
        fingerprint: see `batches.Collection`.
        remarks: remarks for the user, such as files left out.
    """

    dataset: EncodedDataset
    fingerprint: Mapping[str, Any]
    remarks: tuple[str, ...] = ()

    def split(self, seed: int, share: Share = WHOLE) -> EncodedDataset:
        """Return the images; `seed` has no effect, as none is held out at random.

        Args:
            seed: any.
            share: which part of every batch is made.
        """
        return dataclasses.replace(self.dataset, share=share)

    def summary(self) -> str:
        """See `batches.Collection`."""
        dataset = self.dataset
        counts = {TRAIN: len(dataset.train), VALIDATION: len(dataset.validation)}
        height, width = dataset.image_size
        size = f"crops of {height} x {width} pixels"
        return summarize(counts, dataset.class_names, size, dataset.mirror, self.remarks)


def read(config: DataConfig, cache: pathlib.Path | None = None) -> EncodedCollection:
    """Find the images of a data set.

    A folder has its validation images in val/, or in test/ where there is none; a TFDS data set in
    its validation split, or in the test split where there is none with labels. Both have random
    access by position: a TFDS copy prepared as TFRecord, the default, is indexed for it when it is
    opened, one prepared as ArrayRecord has an index.

    With a `cache` or `skip_corrupt_images`, every image is decoded once, over all cores: if one
    were found to be damaged in the middle of a run, the run could not go on without it, as
    positions and epochs are those of the images that are used. What can't be decoded is an error,
    or left out of a folder with `skip_corrupt_images`. Else it is an error when its turn comes.

    Args:
        config: which images; `validation_fraction` plays no part.
        cache: directory for a file that says that the images have been checked, which spares
            checking them again.

    Raises:
        UserError: a value of `config` is not accepted, or the images can't be had.
    """
    size = config.image_size or DEFAULT_IMAGE_SIZE
    _check_size(size)
    find = _find_in_folder if config.dataset == "folder" else _find_in_tfds
    sources, class_names, remarks = find(config, cache)
    train, validation = sources.values()
    if config.batch_size > len(train):
        raise UserError(
            f"`batch_size`={config.batch_size}: there are {len(train)} training images; "
            f"accepted: 1 to {len(train)}"
        )
    dataset = EncodedDataset(
        config.dataset, train, validation, class_names, (size, size), is_mirrored(config)
    )
    fingerprint = {
        "class_names": list(class_names),
        "images": {part: len(source) for part, source in sources.items()},
        "digest": {part: source.digest for part, source in sources.items()},
    }
    return EncodedCollection(dataset, fingerprint, remarks)


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


def _check_size(size: int) -> None:
    if size < MINIMUM_IMAGE_SIZE:
        raise UserError(
            f"`image_size`={size}: too small; accepted: {MINIMUM_IMAGE_SIZE} or more, or none for "
            f"{DEFAULT_IMAGE_SIZE}"
        )


def _find_in_folder(
    config: DataConfig, cache: pathlib.Path | None
) -> tuple[Mapping[str, EncodedSource], tuple[str, ...], tuple[str, ...]]:
    """Training and validation examples, class names, remarks for the user."""
    found = folder.find_parts(config)
    held_out = next((part for part in (VALIDATION, TEST) if part in found), None)
    if held_out is None:
        raise UserError(
            f"`data_dir`={config.data_dir}: has no validation images; accepted: a directory with "
            "train/ and val/ (or test/), each with a sub-directory of images for each class"
        )
    listing = folder.list_images(config, (held_out,))
    listed = {
        part: FolderSource(listing.parts[name], listing.root)
        for part, name in ((TRAIN, TRAIN), (VALIDATION, held_out))
    }
    damaged = _find_damaged(listed, config, cache)
    paths = {
        listed[part].files[position][0] for part, places in damaged.items() for position in places
    }
    sources: dict[str, EncodedSource] = {
        part: source.without(damaged.get(part, ())) for part, source in listed.items()
    }
    return sources, listing.class_names, listing.remarks(paths)


def _find_in_tfds(
    config: DataConfig, cache: pathlib.Path | None
) -> tuple[Mapping[str, EncodedSource], tuple[str, ...], tuple[str, ...]]:
    """See `_find_in_folder`."""
    if config.dataset == "digits":
        raise UserError(
            "`dataset`=digits: its images are in memory, not on disk; accepted: folder, or a TFDS "
            "image-classification dataset such as imagenet2012"
        )
    builder, keys = tfds_builder.open_builder(config)
    train = _open(builder, "train", config, keys)
    sources = {TRAIN: train, VALIDATION: _labeled_split(builder, config, keys)}
    if cache is not None:
        _find_damaged(sources, config, cache)
    return sources, tuple(builder.info.features[keys[1]].names), ()


def _labeled_split(builder: Any, config: DataConfig, keys: tuple[str, str]) -> TfdsSource:
    for split in _HELD_OUT_SPLITS:
        if split in builder.info.splits:
            source = _open(builder, split, config, keys)
            if source.has_labels():
                return source
    raise UserError(
        f"`dataset`={config.dataset}: has no labeled images besides those to learn from; "
        "accepted: a data set with a split named validation or test, such as imagenet2012"
    )


def _open(builder: Any, split: str, config: DataConfig, keys: tuple[str, str]) -> TfdsSource:
    records = open_records(builder, split, config.dataset)
    num_classes = builder.info.features[keys[1]].num_classes
    return TfdsSource(config.dataset, records, *keys, num_classes)
