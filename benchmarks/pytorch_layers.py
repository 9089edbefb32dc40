"""The operations of Appendix G.1 in PyTorch, for comparison."""

import os

import torch
from torch import nn
from torch.nn import functional

from benchmarks import rounds

FORMATS = dict(zip(rounds.BASELINES, (torch.contiguous_format, torch.channels_last), strict=True))
"""The memory format of each candidate."""


def configure():
    """Set the seed, and one thread per core."""
    torch.manual_seed(0)
    torch.set_num_threads(os.cpu_count())


def depthwise(channels, kernel_size, stride, dilation=1):
    """Depthwise convolution, padded to keep the size at stride 1."""
    padding = dilation * (kernel_size // 2)
    return nn.Conv2d(
        channels, channels, kernel_size, stride, padding, dilation, channels, bias=False
    )


def pointwise(inputs, outputs, stride=1):
    """1 x 1 convolution."""
    return nn.Conv2d(inputs, outputs, 1, stride, bias=False)


def preprocess(inputs, channels, affine):
    """ReLU, 1 x 1 convolution, normalization."""
    normalize = nn.BatchNorm2d(channels, affine=affine)
    return nn.Sequential(nn.ReLU(), pointwise(inputs, channels), normalize)


def dilated(channels, kernel_size, stride, affine, dilation=2, in_place=False):
    """ReLU, depthwise, pointwise, normalization; dilated by 2."""
    return nn.Sequential(
        nn.ReLU(in_place),
        depthwise(channels, kernel_size, stride, dilation),
        pointwise(channels, channels),
        nn.BatchNorm2d(channels, affine=affine),
    )


def separable(channels, kernel_size, stride, affine):
    """The same twice, without dilation; the second ReLU may overwrite what only it reads."""
    first = dilated(channels, kernel_size, stride, affine, dilation=1)
    return nn.Sequential(*first, *dilated(channels, kernel_size, 1, affine, 1, in_place=True))


def dilated_twice(channels, kernel_size, stride, affine):
    """ReLU, depthwise dilated by 2, pointwise, normalization, twice."""
    first = dilated(channels, kernel_size, stride, affine)
    return nn.Sequential(*first, *dilated(channels, kernel_size, 1, affine))


def dense(inputs, outputs, kernel_size, stride, affine):
    """ReLU, convolution over all channels, normalization."""
    padding = kernel_size // 2
    return nn.Sequential(
        nn.ReLU(),
        nn.Conv2d(inputs, outputs, kernel_size, stride, padding, bias=False),
        nn.BatchNorm2d(outputs, affine=affine),
    )


def bottleneck(channels, stride, affine):
    """1 x 1 to a quarter of the channels, 3 x 3, 1 x 1."""
    within = max(channels // 4, 1)
    return nn.Sequential(
        dense(channels, within, 1, 1, affine),
        dense(within, within, 3, stride, affine),
        dense(within, channels, 1, 1, affine),
    )


def wide_then_tall(channels, stride, affine):
    """ReLU, 1 x 7, 7 x 1, normalization."""
    return nn.Sequential(
        nn.ReLU(),
        nn.Conv2d(channels, channels, (1, 7), (1, stride), (0, 3), bias=False),
        nn.Conv2d(channels, channels, (7, 1), (stride, 1), (3, 0), bias=False),
        nn.BatchNorm2d(channels, affine=affine),
    )


def pooling(pool, channels, affine):
    """A pooling and its normalization."""
    return nn.Sequential(pool, nn.BatchNorm2d(channels, affine=affine))


class FactorizedReduction(nn.Module):
    """ReLU, two 1 x 1 convolutions of stride 2 side by side, one pixel apart, normalization."""

    def __init__(self, inputs, channels, affine):
        super().__init__()
        self.first = pointwise(inputs, channels // 2, stride=2)
        self.second = pointwise(inputs, channels // 2, stride=2)
        self.normalize = nn.BatchNorm2d(channels, affine=affine)

    def forward(self, x):
        x = functional.relu(x)
        return self.normalize(torch.cat([self.first(x), self.second(x[:, :, 1:, 1:])], 1))


def skip(channels, stride, affine):
    """The identity, or a factorized reduction."""
    return nn.Identity() if stride == 1 else FactorizedReduction(channels, channels, affine)


def average(stride):
    """3 x 3 mean of the pixels that exist."""
    return nn.AvgPool2d(3, stride, 1, count_include_pad=False)


def small_maximum(stride):
    """2 x 2 maximum of the pixels that exist; a window begins at its pixel."""
    if stride == 2:
        return nn.MaxPool2d(2, 2, ceil_mode=True)
    return nn.Sequential(nn.ConstantPad2d((0, 1, 0, 1), -torch.inf), nn.MaxPool2d(2, 1))


OPERATIONS = {
    "skip_connect": skip,
    "max_pool_3x3": lambda c, s, affine: pooling(nn.MaxPool2d(3, s, 1), c, affine),
    "avg_pool_3x3": lambda c, s, affine: pooling(average(s), c, affine),
    "sep_conv_3x3": lambda c, s, affine: separable(c, 3, s, affine),
    "sep_conv_5x5": lambda c, s, affine: separable(c, 5, s, affine),
    "sep_conv_7x7": lambda c, s, affine: separable(c, 7, s, affine),
    "dil_conv_3x3": lambda c, s, affine: dilated(c, 3, s, affine),
    "dil_conv_5x5": lambda c, s, affine: dilated(c, 5, s, affine),
    "conv_7x1_1x7": wide_then_tall,
    "nor_conv_1x1": lambda c, s, affine: dense(c, c, 1, s, affine),
    "bottleneck_conv_3x3": bottleneck,
    "dil_sep_conv_5x5": lambda c, s, affine: dilated_twice(c, 5, s, affine),
    "max_pool_2x2": lambda c, s, affine: pooling(small_maximum(s), c, affine),
}


class Normalization(nn.Module):
    """Images uint8 to float, normalized by channel, in a memory format."""

    def __init__(self, memory_format):
        super().__init__()
        self.memory_format = memory_format
        self.register_buffer("mean", torch.full((1, 3, 1, 1), 120.0))
        self.register_buffer("deviation", torch.full((1, 3, 1, 1), 60.0))

    def forward(self, images):
        x = (images.float() - self.mean) / self.deviation
        return x.contiguous(memory_format=self.memory_format)


class CellNetwork(nn.Module):
    """Stem, cells, global average, dense layer; a subclass makes the cells and runs them."""

    def __init__(self, num_cells, channels, make_cell, output_nodes, memory_format):
        super().__init__()
        self.normalize = Normalization(memory_format)
        convolution = nn.Conv2d(3, 3 * channels, 3, 1, 1, bias=False)
        self.stem = nn.Sequential(convolution, nn.BatchNorm2d(3 * channels))
        widths, follows, cells = [3 * channels] * 2, False, []
        for position in range(num_cells):
            kind = "reduce" if position in (num_cells // 3, 2 * num_cells // 3) else "normal"
            channels *= 2 if kind == "reduce" else 1
            cells.append(make_cell(kind, widths[-2:], channels, follows))
            widths.append(output_nodes[kind] * channels)
            follows = kind == "reduce"
        self.cells = nn.ModuleList(cells)
        self.classify = nn.Linear(widths[-1], 10)
        self.widths = widths[2:]
        self.to(memory_format=memory_format)


class Cell(nn.Module):
    """The preprocess of a cell's two inputs."""

    def __init__(self, kind, widths, channels, follows_reduction, affine):
        super().__init__()
        self.kind = kind
        first = FactorizedReduction if follows_reduction else preprocess
        self.first = first(widths[0], channels, affine)
        self.second = preprocess(widths[1], channels, affine)

    def stride(self, source):
        """2 next to the inputs of a reduction cell."""
        return 2 if self.kind == "reduce" and source < 2 else 1


def parameters(module):
    """Count the trainable numbers."""
    return sum(parameter.numel() for parameter in module.parameters())


def synthetic_batch(size, side):
    """Images uint8 [batch, channels, height, width] and labels."""
    return torch.randint(0, 256, (size, 3, side, side), dtype=torch.uint8), torch.arange(size) % 10
