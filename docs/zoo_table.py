"""Writes the tables of docs/results/zoo.md: networks as published, and as counted here.

python docs/zoo_table.py
"""

import dataclasses
import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from snas_tf.architecture import network_cost, zoo
from snas_tf.architecture.cost import Cost, total
from snas_tf.models.application_network import ApplicationNetwork
from snas_tf.workflows import published

PAGE = ROOT / "docs" / "results" / "zoo.md"
LINE = "\n"
_NOWHERE = r"\*"
_HEAD = (
    *("network", "cells, channels", "published error %", "published parameters M"),
    *("counted", "published multiply-adds M", "counted", "remark"),
)
_KERAS_HEAD = ("network", "image side", *_HEAD[2:-1])


@dataclasses.dataclass(frozen=True)
class Cells:
    """A published network of cells.

    Attributes:
        name: of its cells in the zoo.
        row: its name in the published table.
        num_cells, init_channels: its size.
        remark: why the counts differ.
        mark: follows a size that no source states.
    """

    name: str
    row: str
    num_cells: int
    init_channels: int
    remark: str
    mark: str = ""


ON_CIFAR10 = (
    Cells("nasnet_a", "NASNet-A + cutout", 20, 32, "[1](#remarks)"),
    Cells("amoebanet_a", "AmoebaNet-A + cutout", 20, 36, "agrees", _NOWHERE),
    Cells("amoebanet_b", "AmoebaNet-B + cutout", 20, 36, "agrees"),
    Cells("pnas", "PNAS", 9, 48, "agrees", _NOWHERE),
    Cells("enas", "ENAS + cutout", 17, 36, "[2](#remarks)"),
)
ON_IMAGENET = (
    Cells("nasnet_a", "NASNet-A", 14, 44, "[1](#remarks)"),
    Cells("amoebanet_a", "AmoebaNet-A", 14, 50, "[1](#remarks), [3](#remarks)", _NOWHERE),
    Cells("amoebanet_b", "AmoebaNet-B", 11, 62, "[3](#remarks), [4](#remarks)", _NOWHERE),
    Cells("amoebanet_c", "AmoebaNet-C", 14, 50, "[3](#remarks), [4](#remarks)", _NOWHERE),
    Cells("pnas", "PNAS", 9, 54, "agrees"),
)
OF_KERAS = {
    "MobileNet": (224, "MobileNet"),
    "NASNetMobile": (224, "NASNet-A"),
    "InceptionV3": (299, None),
    "DenseNet121": (224, None),
    "DenseNet169": (224, None),
    "DenseNet201": (224, None),
}
"""By name: the side of its images, and its name in the published table, if it is there."""


def count(cells: Cells, side: int, num_classes: int, stem: str) -> Cost:
    """Count a network of the zoo."""
    genotype = zoo.genotypes()[cells.name]
    size = (side, side)
    plan = genotype.space.plan_network(
        cells.num_cells, cells.init_channels, size, genotype.output_nodes, stem
    )
    return network_cost.child_cost(genotype, plan, num_classes)


def make_cifar10() -> list[str]:
    """Make the table of networks for CIFAR-10; their multiply-adds are not published."""
    rows = {row[0]: row for row in published.CIFAR10.rows}
    return [
        *_format_head(_HEAD),
        *(
            _format_cells(one, (*rows[one.row][1:3], "-"), count(one, 32, 10, "cifar"))
            for one in ON_CIFAR10
        ),
    ]


def make_imagenet() -> list[str]:
    """Make the table of networks for ImageNet."""
    rows = {row[0]: row for row in published.IMAGENET.rows}
    return [
        *_format_head(_HEAD),
        *(
            _format_cells(
                one, (rows[one.row][1], *rows[one.row][3:]), count(one, 224, 1000, "imagenet")
            )
            for one in ON_IMAGENET
        ),
    ]


def make_keras() -> list[str]:
    """Make the table of networks of keras.applications."""
    return [*_format_head(_KERAS_HEAD), *map(make_keras_row, OF_KERAS)]


def make_keras_row(name: str) -> str:
    """Make the row of a network of keras.applications, on ImageNet."""
    side, label = OF_KERAS[name]
    network = ApplicationNetwork(name, (side, side), 1000, (0.0,) * 3, (1.0,) * 3)
    counted = total([part for _, part in network.count_parts()])
    row = next((row for row in published.IMAGENET.rows if row[0] == label), None)
    error, _, parameters, multiply_adds = row[1:] if row else ("-",) * 4
    figures = (error, parameters, _millions(counted.parameters, 2))
    return _format_row(
        (f"`keras:{name}`", f"{side}", *figures, multiply_adds, _millions(counted.multiply_adds, 0))
    )


def _format_cells(cells: Cells, figures: tuple[str, ...], counted: Cost) -> str:
    error, parameters, multiply_adds = figures
    size = f"{cells.num_cells}, {cells.init_channels}{cells.mark}"
    return _format_row(
        (
            *(f"`{cells.name}`", size, error, parameters, _millions(counted.parameters, 2)),
            *(multiply_adds, _millions(counted.multiply_adds, 0), cells.remark),
        )
    )


def _millions(number: int, digits: int) -> str:
    return f"{number / 1e6:.{digits}f}"


def _format_head(head: tuple[str, ...]) -> list[str]:
    return [_format_row(head), _format_row(("---",) * len(head))]


def _format_row(texts: tuple[str, ...]) -> str:
    return f"| {' | '.join(texts)} |"


TABLES = {"cifar10": make_cifar10, "imagenet": make_imagenet, "keras": make_keras}


def write(page: pathlib.Path) -> None:
    """Replace the tables of the page, each of which follows a comment with its name."""
    text = page.read_text(encoding="utf-8")
    for name, make in TABLES.items():
        before, _, after = text.partition(begin(name))
        text = f"{before}{begin(name)}{LINE.join(make())}\n\n{after.partition(LINE * 2)[2]}"
    page.write_text(text, encoding="utf-8")


def begin(name: str) -> str:
    """The comment before a table."""
    return f"<!-- {name}: python docs/zoo_table.py -->\n\n"


if __name__ == "__main__":
    write(PAGE)
