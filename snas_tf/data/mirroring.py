"""Whether training images may be mirrored."""

from snas_tf.config import DataConfig

_CHARACTERS = ("mnist", "svhn", "digits", "omniglot", "cmaterdb")
"""In the names of data sets of characters, whatever the case."""


def is_mirrored(config: DataConfig) -> bool:
    """Whether to mirror training images: as `config.mirror` says, or unless they are characters."""
    return keeps_class(config.dataset) if config.mirror is None else config.mirror


def keeps_class(name: str) -> bool:
    """Whether a mirrored image of this data set keeps its class: not if it shows a character."""
    return not any(characters in name.lower() for characters in _CHARACTERS)
