"""Published results, as the cited papers print them."""

import dataclasses
from collections.abc import Mapping


@dataclasses.dataclass(frozen=True)
class Table:
    """A table of networks.

    Attributes:
        title: the images.
        head: names of the columns.
        rows: one network each, as text.
        settings: settings of a comparable training, by field.
    """

    title: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    settings: Mapping[str, float]

    def beside(self, ours: tuple[str, ...], settings: Mapping[str, float]) -> str:
        """Format the table with our row; if settings differ, a line that names them.

        Args:
            ours: a row.
            settings: settings of our run, with the keys of `self.settings`.
        """
        others = [
            f"`{name}`={settings[name]:g} (published: {value:g})"
            for name, value in self.settings.items()
            if settings[name] != value
        ]
        if not others:
            return self.with_ours(ours)
        return f"not beside the published figures on {self.title}: {', '.join(others)}"

    def with_ours(self, ours: tuple[str, ...]) -> str:
        """Format the published rows, and ours below a rule, in columns."""
        rows = [self.head, *self.rows, ours]
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        lines = [
            "  ".join([row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])])
            for row in rows
        ]
        rule = "-" * len(lines[0])
        between = f"{' published above, ours below ':-^{len(rule)}}"
        return "\n".join([self.title, lines[0], rule, *lines[1:-1], between, lines[-1]])


CIFAR10 = Table(
    "CIFAR-10",
    ("network", "test error %", "parameters M", "search GPU-days"),
    (
        ("DenseNet-BC", "3.46", "25.6", "-"),
        ("NASNet-A + cutout", "2.65", "3.3", "1800"),
        ("AmoebaNet-A + cutout", "3.34 +- 0.06", "3.2", "3150"),
        ("AmoebaNet-B + cutout", "2.55 +- 0.05", "2.8", "3150"),
        ("Hierarchical evolution", "3.75 +- 0.12", "15.7", "300"),
        ("PNAS", "3.41 +- 0.09", "3.2", "225"),
        ("ENAS + cutout", "2.89", "4.6", "0.5"),
        ("random search + cutout", "3.29 +- 0.15", "3.2", "1"),
        ("DARTS, first order + cutout", "3.00 +- 0.14", "3.3", "0.4"),
        ("DARTS, second order + cutout", "2.76 +- 0.09", "3.3", "1"),
        ("DARTS, single level + cutout", "3.56 +- 0.10", "3.0", "0.3"),
        ("SNAS mild + cutout", "2.98", "2.9", "1.5"),
        ("SNAS moderate + cutout", "2.85 +- 0.02", "2.8", "1.5"),
        ("SNAS aggressive + cutout", "3.10 +- 0.04", "2.3", "1.5"),
    ),
    {
        "num_cells": 20,
        "init_channels": 36,
        "image_size": 32,
        "epochs": 600,
        "validation_fraction": 0,
    },
)
"""Table 2 of Xie et al., 2019."""

IMAGENET = Table(
    "ImageNet, mobile",
    ("network", "top-1 error %", "top-5 error %", "parameters M", "multiply-adds M"),
    (
        ("Inception-v1", "30.2", "10.1", "6.6", "1448"),
        ("MobileNet", "29.4", "10.5", "4.2", "569"),
        ("ShuffleNet 2x v1", "26.4", "10.2", "~5", "524"),
        ("ShuffleNet 2x v2", "25.1", "10.1", "~5", "591"),
        ("NASNet-A", "26.0", "8.4", "5.3", "564"),
        ("NASNet-B", "27.2", "8.7", "5.3", "488"),
        ("NASNet-C", "27.5", "9.0", "4.9", "558"),
        ("AmoebaNet-A", "25.5", "8.0", "5.1", "555"),
        ("AmoebaNet-B", "26.0", "8.5", "5.3", "555"),
        ("AmoebaNet-C", "24.3", "7.6", "6.4", "570"),
        ("PNAS", "25.8", "8.1", "5.1", "588"),
        ("DARTS", "26.9", "9.0", "4.9", "595"),
        ("SNAS mild", "27.3", "9.2", "4.3", "522"),
    ),
    {"num_cells": 14, "image_size": 224, "epochs": 250},
)
"""Table 3 of Xie et al., 2019."""

NASBENCH201 = Table(
    "NAS-Bench-201, cells searched on CIFAR-10",
    ("search", "cifar10_test_200ep", "cifar100_test_200ep", "imagenet16_test_200ep"),
    (
        ("DARTS", "54.30", "15.61", "16.32"),
        ("ENAS", "54.30", "10.62", "16.32"),
        ("SNAS", "92.77 +- 0.83", "69.34 +- 1.98", "43.16 +- 2.64"),
        ("DSNAS", "93.08 +- 0.13", "31.01 +- 16.38", "41.07 +- 0.09"),
        ("PC-DARTS", "93.41 +- 0.30", "67.48 +- 0.89", "41.31 +- 0.22"),
        ("GDAS", "93.61 +- 0.09", "70.70 +- 0.30", "41.71 +- 0.98"),
        ("DrNAS", "94.36", "73.51", "46.34"),
        ("Beta-DARTS", "94.36", "73.51", "46.34"),
    ),
    {},
)
"""Test accuracy in percent, as the authors of DrNAS list it (github.com/xiangning-chen/DrNAS); the
row of Beta-DARTS, and again the others but ENAS, DSNAS and GDAS, in arXiv 2304.10970."""
