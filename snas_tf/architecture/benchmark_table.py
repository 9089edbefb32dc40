"""The table of a tabular benchmark: the measured accuracies of every cell of a search space."""

import contextlib
import dataclasses
from collections.abc import Mapping

import numpy as np

from snas_tf.architecture import edge_text
from snas_tf.architecture.best_of import Expectation, best_of
from snas_tf.architecture.genotype import CellGenotype, Edge, Genotype
from snas_tf.architecture.search_space import SearchSpace
from snas_tf.errors import UserError

_FULL = "_test_200ep"
_VALIDATION = "_val_"
_SIZE = 16  # channels, and side of the images, at which the costs of operations are compared


@dataclasses.dataclass(frozen=True)
class Standing:
    """How one cell stands in a column of a table.

    Attributes:
        accuracy: of the cell, in percent.
        rank: 1 more than the number of cells that are better; cells as good share a rank.
        optimum: the best accuracy of the column, in percent.
    """

    accuracy: float
    rank: int
    optimum: float

    @property
    def regret(self) -> float:
        """What the cell lacks to the optimum, in points of accuracy."""
        return round(self.optimum - self.accuracy, 6)


@dataclasses.dataclass(frozen=True)
class BenchmarkTable:
    """Accuracies of every cell of a search space, such as those of NAS-Bench-201.

    Cells that compute the same function have a row each.

    Attributes:
        space: the search space.
        rows: the row of each cell, by its text, see `edge_text`.
        accuracies: in percent, [rows], by the name of their column.
    """

    space: SearchSpace
    rows: Mapping[str, int]
    accuracies: Mapping[str, np.ndarray]

    @property
    def test_columns(self) -> list[str]:
        """The columns of a full training, named `..._test_200ep`; all where there is none."""
        named = [name for name in self.accuracies if name.endswith(_FULL)]
        return named or [*self.accuracies]

    @property
    def validation_column(self) -> str | None:
        """The first column with `_val_` in its name, by which random search takes its cell."""
        return next((name for name in self.accuracies if _VALIDATION in name), None)

    def look_up(self, genotype: Genotype) -> dict[str, Standing]:
        """Look a cell up in every column.

        Raises:
            UserError: the table does not have the cell.
        """
        row = self._find_row(genotype)
        return {name: _standing(column, row) for name, column in self.accuracies.items()}

    def _find_row(self, genotype: Genotype) -> int:
        if genotype.space == self.space:
            with contextlib.suppress(KeyError, ValueError):
                return self.rows[edge_text.to_text(genotype)]
        raise UserError(
            f"a cell of {genotype.space.name} that the benchmark's table does not have, accepted: "
            f"a cell of {self.space.name}"
        )

    def best_of(self, number: int, column: str, judged_by: str | None = None) -> Expectation:
        """Compute what random search finds, see `best_of.best_of`.

        Args:
            number: cells that it trains.
            column: what the accuracy is taken from.
            judged_by: the column by which it takes one of them; None for `column`, as an oracle.
        """
        values = self.accuracies
        return best_of(number, values[judged_by or column], values[column])

    @property
    def uniform_operation(self) -> str:
        """The candidate with the most parameters, of which `uniform_cell` consists."""
        costs = [one.cost(_SIZE, 1, (_SIZE, _SIZE)).parameters for one in self.space.candidates]
        return self.space.operations[int(np.argmax(costs))]

    @property
    def uniform_cell(self) -> Genotype:
        """The cell that has the largest operation on every edge: what needs no search."""
        space, operation = self.space, self.uniform_operation
        edges = tuple(Edge(*edge, operation) for edge in space.edges)
        return Genotype((CellGenotype(edges, space.concat, space),))


def _standing(column: np.ndarray, row: int) -> Standing:
    better = int(np.count_nonzero(column > column[row]))
    return Standing(float(column[row]), 1 + better, float(column.max()))
