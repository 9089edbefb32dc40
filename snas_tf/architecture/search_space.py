"""The search space: the graph of a cell, its candidate operations, and networks of such cells."""

import dataclasses
import functools
from collections.abc import Mapping, Sequence
from typing import Any

from snas_tf.architecture import stems
from snas_tf.architecture.cell_plan import CellPlan
from snas_tf.architecture.operations import OPERATIONS, ZERO, OperationSpec
from snas_tf.architecture.reduction_skeleton import ReductionSkeleton
from snas_tf.architecture.skeleton import Skeleton
from snas_tf.architecture.stems import Stem
from snas_tf.errors import UserError, format_setting, quote


@dataclasses.dataclass(frozen=True)
class SearchSpace:
    """A search space: the graph of a cell, its candidate operations, and how cells form a network.

    A cell is a directed acyclic graph: its inputs come first, then its intermediate nodes, and each
    pair (source, target) with source < target and target intermediate is an edge.

    Args:
        name: name of the space.
        operations: names of the candidates in `own_operations` or `operations.OPERATIONS`, in the
            order of the columns of log alpha.
        kinds: the kinds of cell; all cells of a kind share one distribution.
        num_inputs: inputs of a cell.
        num_intermediate: its intermediate nodes.
        outputs: the nodes that a cell's output concatenates; None for all intermediate ones.
        kept_inputs: how many edges into each node algorithms keep that can't drop an edge by
            itself, such as DARTS; None for those whose best operation is not zero.
        own_operations: operations whose names mean something else in other spaces.
        skeleton: how the cells form a network.
        variant_of: the space of which this is a variant, see `vary`; None where it is none.

    Raises:
        ValueError: an unknown operation, fewer than two, a count that is not positive, or an output
            that is no intermediate node.
    """

    name: str
    operations: tuple[str, ...]
    kinds: tuple[str, ...] = ("normal", "reduce")
    num_inputs: int = 2
    num_intermediate: int = 4
    outputs: tuple[int, ...] | None = None
    kept_inputs: int | None = 2
    own_operations: tuple[OperationSpec, ...] = ()
    skeleton: Skeleton = dataclasses.field(default_factory=ReductionSkeleton)
    variant_of: "SearchSpace | None" = None

    def __post_init__(self) -> None:
        self._check_operations()
        if self.num_inputs < 1 or self.num_intermediate < 1:
            raise ValueError(
                "a cell needs at least 1 input and 1 intermediate node, received: "
                f"num_inputs={self.num_inputs}, num_intermediate={self.num_intermediate}"
            )
        if not self.concat or not {*self.concat} <= {*self.intermediate_nodes}:
            raise ValueError(
                f"outputs: received {self.outputs}, accepted: of {self.intermediate_nodes}"
            )
        if self.skeleton.hands_on_one_node and len(self.concat) > 1:
            raise ValueError(f"outputs: received {self.outputs}, accepted: a single node")

    @property
    def known_operations(self) -> dict[str, OperationSpec]:
        """Every operation that a genotype of this space may name, by name."""
        return {**OPERATIONS, **{operation.name: operation for operation in self.own_operations}}

    def operation(self, name: str) -> OperationSpec:
        """Return what a name means in this space.

        Raises:
            KeyError: there is no such operation.
        """
        own = (operation for operation in self.own_operations if operation.name == name)
        return next(own, None) or OPERATIONS[name]

    @functools.cached_property
    def candidates(self) -> tuple[OperationSpec, ...]:
        """The candidate operations, in the order of the columns of log alpha."""
        return tuple(self.operation(name) for name in self.operations)

    @property
    def base(self) -> "SearchSpace":
        """The space of which this is a variant, or itself: what its genotypes are of."""
        return self.variant_of.base if self.variant_of else self

    def vary(
        self, operations: Sequence[str] | None = None, num_nodes: int | None = None
    ) -> "SearchSpace":
        """Make a variant: with other candidates, or another number of intermediate nodes.

        Its name is that of this space and what differs, such as `darts:num_nodes=2`, by which
        `spaces.get` makes it again.

        Args:
            operations: names of the candidates, in the order of the columns of log alpha; of
                `known_operations`. None for this space's.
            num_nodes: intermediate nodes of a cell; None for this space's.

        Raises:
            UserError: an unknown operation, one twice, fewer than two, or another number of nodes
                where the cell's output does not concatenate all of them.
        """
        operations = self.operations if operations is None else tuple(operations)
        num_nodes = self.num_intermediate if num_nodes is None else num_nodes
        own = {"operations": ",".join(self.operations), "num_nodes": self.num_intermediate}
        wanted = {"operations": ",".join(operations), "num_nodes": num_nodes}
        changed = [f"{name}={wanted[name]}" for name in wanted if wanted[name] != own[name]]
        if not changed:
            return self
        if num_nodes != self.num_intermediate and self.outputs is not None:
            raise UserError(
                f"`num_nodes`={num_nodes}: the cells of `space`={self.name} have "
                f"{self.num_intermediate}, whose last is the output, accepted: "
                f"{self.num_intermediate}"
            )
        try:
            return dataclasses.replace(
                self,
                name=":".join([self.name, *changed]),
                operations=operations,
                num_intermediate=num_nodes,
                variant_of=self,
            )
        except ValueError as error:
            raise UserError(str(error)) from error

    def _check_operations(self) -> None:
        operations, known = self.operations, self.known_operations
        unknown = [name for name in operations if name not in known]
        twice = [name for name in known if operations.count(name) > 1]
        if unknown or twice or len(operations) < 2:
            problem = f"{quote(twice[0])} twice" if twice else "fewer than two"
            problem = f"{quote(unknown[0])} is unknown" if unknown else problem
            raise ValueError(
                f"{format_setting('operations', operations)}: {problem}, accepted: two "
                f"or more of {', '.join(known)}, or what a `plugin` registers"
            )

    @property
    def intermediate_nodes(self) -> tuple[int, ...]:
        """The nodes that edges enter."""
        return tuple(range(self.num_inputs, self.num_inputs + self.num_intermediate))

    @property
    def concat(self) -> tuple[int, ...]:
        """The nodes that a cell's output concatenates."""
        return self.intermediate_nodes if self.outputs is None else self.outputs

    @functools.cached_property
    def edges(self) -> tuple[tuple[int, int], ...]:
        """The edges (source, target), in the order of the rows of log alpha."""
        return tuple(
            (source, target) for target in self.intermediate_nodes for source in range(target)
        )

    @property
    def shape(self) -> tuple[int, int]:
        """Shape [edges, operations] of log alpha and of a draw Z."""
        return len(self.edges), len(self.operations)

    @property
    def size(self) -> int:
        """How many different cells of a kind there are."""
        return len(self.operations) ** len(self.edges)

    @property
    def zero(self) -> int | None:
        """The column of the zero operation, which drops an edge; None where there is none."""
        return self.operations.index(ZERO) if ZERO in self.operations else None

    def plan_network(
        self,
        num_cells: int,
        init_channels: int,
        image_size: tuple[int, int],
        output_nodes: Mapping[str, int] | None = None,
        stem: str = "cifar",
    ) -> "NetworkPlan":
        """Plan a network of this space's cells.

        Args:
            num_cells: number of cells, as the skeleton counts them.
            init_channels: channels C of the first cell, even.
            image_size: (height, width) of the images.
            output_nodes: for each kind, how many nodes its cells concatenate; those of `concat`
                where not given.
            stem: one of `stems.NAMES`.

        Raises:
            ValueError: fewer cells than the skeleton's least, channels that are odd or not
                positive, an unknown stem.
        """
        skeleton, output_nodes = self.skeleton, output_nodes or self.output_nodes
        if num_cells < skeleton.least_cells:
            raise ValueError(
                f"num_cells must be at least {skeleton.least_cells}, received: {num_cells}"
            )
        if init_channels < 2 or init_channels % 2:
            raise ValueError(f"init_channels must be even and positive, received: {init_channels}")
        made = stems.make(stem, init_channels, skeleton.stem_multiplier)
        cells = skeleton.plan_cells(num_cells, init_channels, made, image_size, output_nodes)
        return NetworkPlan(self, num_cells, stem, init_channels, image_size, cells)

    @property
    def output_nodes(self) -> dict[str, int]:
        """Number of nodes that the cells of each kind concatenate."""
        return dict.fromkeys(self.kinds, len(self.concat))


@dataclasses.dataclass(frozen=True)
class NetworkPlan(Sequence):
    """The plan of a network: a sequence of the plans of its cells, and its stem.

    Attributes:
        space: search space of the cells.
        num_cells: size of the network in cells, as the space's skeleton counts them.
        stem: one of `stems.NAMES`.
        init_channels: channels C of the first cell.
        image_size: (height, width) of the images.
        cells: the plans of the cells.
    """

    space: SearchSpace
    num_cells: int
    stem: str
    init_channels: int
    image_size: tuple[int, int]
    cells: tuple[CellPlan, ...]

    def __getitem__(self, index: Any) -> Any:
        """The plan of a cell, or of several."""
        return self.cells[index]

    def __len__(self) -> int:
        """The number of cells."""
        return len(self.cells)

    def make_stem(self) -> Stem:
        """Make the stem of the network."""
        return stems.make(self.stem, self.init_channels, self.space.skeleton.stem_multiplier)
