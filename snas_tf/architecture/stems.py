"""Stems: the convolutions before the first cell."""

import dataclasses

_MULTIPLIER = 3


@dataclasses.dataclass(frozen=True)
class StemConvolution:
    """A 3 x 3 convolution and its normalization.

    Attributes:
        input_channels: channels of the input.
        output_channels: channels of the output.
        stride: 1 or 2.
        rectified: begins with a ReLU.
    """

    input_channels: int
    output_channels: int
    stride: int
    rectified: bool


Chain = tuple[StemConvolution, ...]


def convolutions(stem: str, init_channels: int) -> tuple[Chain, Chain]:
    """The two chains of a stem.

    Args:
        stem: one of `NAMES`.
        init_channels: channels C of the first cell.

    Returns:
        The chain from the image to input 0 of the first cell, and the one from there to input 1.

    Raises:
        ValueError: an unknown stem.
    """
    if stem not in _STEMS:
        raise ValueError(f"stem must be one of {', '.join(NAMES)}, received: {stem}")
    return _STEMS[stem](init_channels)


def _cifar(channels: int) -> tuple[Chain, Chain]:
    """One convolution to 3 C channels, for both inputs (Section 3.1)."""
    return (StemConvolution(3, _MULTIPLIER * channels, 1, rectified=False),), ()


def _imagenet(channels: int) -> tuple[Chain, Chain]:
    """Three strided convolutions: input 0 at a quarter, input 1 at an eighth (App. G.3)."""
    first = StemConvolution(3, channels // 2, 2, rectified=False)
    second = StemConvolution(channels // 2, channels, 2, rectified=True)
    return (first, second), (StemConvolution(channels, channels, 2, rectified=True),)


_STEMS = {"cifar": _cifar, "imagenet": _imagenet}
NAMES = tuple(_STEMS)
