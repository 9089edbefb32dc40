"""What has to be known of a run's network to build it anew: network.json."""

import dataclasses
import json
import pathlib
import typing

from snas_tf.architecture import space
from snas_tf.architecture.genotype import Genotype
from snas_tf.errors import UserError
from snas_tf.models.child import ChildNetwork
from snas_tf.models.parent import ParentNetwork


@dataclasses.dataclass(frozen=True)
class NetworkDescription:
    """The size of a network, and the images it is made for.

    Attributes:
        num_cells: cells of the network.
        init_channels: channels of its first cell.
        image_size: (height, width) of the images, in pixels.
        class_names: in the order of the labels.
        mean, standard_deviation: of each channel of the training images, on the scale 0 to 255.
        stem: one of `stems.NAMES`.
    """

    num_cells: int
    init_channels: int
    image_size: tuple[int, int]
    class_names: tuple[str, ...]
    mean: tuple[float, ...]
    standard_deviation: tuple[float, ...]
    stem: str = "cifar"

    def parent(self, skip_threshold: float = 1e-6) -> ParentNetwork:
        """A new parent network; for `skip_threshold` see `SearchCell`."""
        return ParentNetwork(
            space.plan_network(self.num_cells, self.init_channels, self.image_size),
            len(self.class_names),
            self.mean,
            self.standard_deviation,
            skip_threshold=skip_threshold,
        )

    def plan(self, found: Genotype) -> space.NetworkPlan:
        """The plan of a genotype's network."""
        return space.plan_network(
            self.num_cells, self.init_channels, self.image_size, found.output_nodes, self.stem
        )

    def child(self, found: Genotype, auxiliary: bool = False) -> ChildNetwork:
        """A new child network of a genotype."""
        return ChildNetwork(
            found,
            self.plan(found),
            len(self.class_names),
            self.mean,
            self.standard_deviation,
            auxiliary=auxiliary,
        )

    def to_json(self) -> str:
        """As JSON text."""
        content = {
            **dataclasses.asdict(self),
            "mean": [float(value) for value in self.mean],
            "standard_deviation": [float(value) for value in self.standard_deviation],
        }
        return json.dumps(content, indent=2) + "\n"


def read(path: pathlib.Path) -> NetworkDescription:
    """Reads a run's network.json.

    Raises:
        UserError: it is missing or damaged.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        return _checked(
            NetworkDescription(
                **{
                    name: tuple(value) if isinstance(value, list) else value
                    for name, value in content.items()
                }
            )
        )
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise UserError(
            f"{path}: no description of a network ({error}), accepted: the directory of a run of "
            "--mode=search or --mode=evaluate"
        ) from error


def _checked(described: NetworkDescription) -> NetworkDescription:
    """The description, if its entries have the types that it promises; else a ValueError."""
    for field in dataclasses.fields(described):
        value, kinds = getattr(described, field.name), typing.get_args(field.type)
        values, kind = (value, kinds[0]) if kinds else ((value,), field.type)
        if not (isinstance(values, tuple) and all(isinstance(one, kind) for one in values)):
            raise ValueError(f"{field.name}: {value}, accepted: {field.type}")
    return described
