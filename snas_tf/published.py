"""Published results, to stand beside ours. All are as the cited papers print them."""

import dataclasses
from collections.abc import Sequence


@dataclasses.dataclass(frozen=True)
class Row:
    """One network of a table.

    Attributes:
        name: what it is called.
        test_error: in percent, with its deviation where there is one.
        parameters: in millions.
        search_days: GPU days of the search.
    """

    name: str
    test_error: str
    parameters: str
    search_days: str


CIFAR10 = (
    Row("DenseNet-BC", "3.46", "25.6", "-"),
    Row("NASNet-A + cutout", "2.65", "3.3", "1800"),
    Row("AmoebaNet-A + cutout", "3.34 +- 0.06", "3.2", "3150"),
    Row("AmoebaNet-B + cutout", "2.55 +- 0.05", "2.8", "3150"),
    Row("Hierarchical evolution", "3.75 +- 0.12", "15.7", "300"),
    Row("PNAS", "3.41 +- 0.09", "3.2", "225"),
    Row("ENAS + cutout", "2.89", "4.6", "0.5"),
    Row("random search + cutout", "3.29 +- 0.15", "3.2", "1"),
    Row("DARTS, first order + cutout", "3.00 +- 0.14", "3.3", "0.4"),
    Row("DARTS, second order + cutout", "2.76 +- 0.09", "3.3", "1"),
    Row("DARTS, single level + cutout", "3.56 +- 0.10", "3.0", "0.3"),
    Row("SNAS mild + cutout", "2.98", "2.9", "1.5"),
    Row("SNAS moderate + cutout", "2.85 +- 0.02", "2.8", "1.5"),
    Row("SNAS aggressive + cutout", "3.10 +- 0.04", "2.3", "1.5"),
)
"""CIFAR-10, Table 2 of Xie et al., 2019."""


def table(published: Sequence[Row], ours: Row) -> str:
    """The published rows, then ours under a rule, as text in columns."""
    head = Row("network", "test error %", "parameters M", "search GPU-days")
    rows = [dataclasses.astuple(row) for row in (head, *published, ours)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = [
        "  ".join([row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])]) for row in rows
    ]
    rule = "-" * len(lines[0])
    return "\n".join(
        [
            lines[0],
            rule,
            *lines[1:-1],
            f"{' published above, ours below ':-^{len(rule)}}",
            lines[-1],
        ]
    )
