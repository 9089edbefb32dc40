"""Stems: the convolutions before the first cell."""

import dataclasses
from collections.abc import Callable

from snas_tf.architecture.cell_plan import halve


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


@dataclasses.dataclass(frozen=True)
class Stem:
    """The two chains of a stem.

    Attributes:
        first: from the image to the second newest input of the first cell.
        second: from there to the newest input; empty where the two are the same.
    """

    first: Chain
    second: Chain

    @property
    def chains(self) -> tuple[Chain, ...]:
        """The chains that are not empty."""
        return tuple(chain for chain in (self.first, self.second) if chain)

    @property
    def output_channels(self) -> tuple[int, int]:
        """Channels of the two outputs."""
        return self.first[-1].output_channels, self.chains[-1][-1].output_channels

    def convolutions(
        self, image_size: tuple[int, int]
    ) -> list[tuple[StemConvolution, tuple[int, int]]]:
        """List the convolutions, each with the (height, width) of its output."""
        sized, size = [], image_size
        for convolution in self.first + self.second:
            size = halve(size) if convolution.stride == 2 else size
            sized.append((convolution, size))
        return sized


def make(name: str, init_channels: int, multiplier: int = 3) -> Stem:
    """Make a stem.

    Args:
        name: one of `NAMES`.
        init_channels: channels C of the first cell.
        multiplier: channels of the stem "cifar", as a multiple of C.

    Raises:
        ValueError: an unknown stem.
    """
    if name not in _STEMS:
        raise ValueError(f"stem must be one of {', '.join(NAMES)}, received: {name}")
    return _STEMS[name](init_channels, multiplier)


def _cifar(channels: int, multiplier: int) -> Stem:
    """One convolution, to 3 C channels in the paper, for both inputs (Section 3.1)."""
    return Stem((StemConvolution(3, multiplier * channels, 1, rectified=False),), ())


def _imagenet(channels: int, multiplier: int) -> Stem:
    """Three strided convolutions: input 0 at a quarter, input 1 at an eighth (App. G.3)."""
    first = StemConvolution(3, channels // 2, 2, rectified=False)
    second = StemConvolution(channels // 2, channels, 2, rectified=True)
    return Stem((first, second), (StemConvolution(channels, channels, 2, rectified=True),))


_STEMS: dict[str, Callable[[int, int], Stem]] = {"cifar": _cifar, "imagenet": _imagenet}
NAMES = tuple(_STEMS)
