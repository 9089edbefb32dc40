"""The description of a network, network.json, from which it can be built again."""

import dataclasses
import json
import pathlib
from collections.abc import Callable
from typing import Any

from snas_tf.architecture import stems
from snas_tf.architecture.architectures import Architecture
from snas_tf.architecture.genotype import Genotype
from snas_tf.architecture.search_space import NetworkPlan, SearchSpace
from snas_tf.architecture.spaces import DARTS
from snas_tf.errors import UserError, quote, shorten_path
from snas_tf.files.text_files import read_json
from snas_tf.models.application_network import ApplicationNetwork
from snas_tf.models.child import ChildNetwork
from snas_tf.models.parent import ParentNetwork

Network = ChildNetwork | ApplicationNetwork
"""What is trained from scratch, measured and exported."""

PREPROCESSING = ("resize", "center_crop")
"""The whole image resized, by area; or its middle cut out as in `crops.center_crop`."""


@dataclasses.dataclass(frozen=True)
class NetworkDescription:
    """The size of a network, and the images that it is for.

    Attributes:
        num_cells: cells of the network; 0 where it has none.
        init_channels: channels of its first cell; 0 where it has none.
        image_size: (height, width) of the images, in pixels.
        class_names: in the order of the labels.
        mean, standard_deviation: of each channel of the training images, on the scale 0 to 255.
        stem: one of `stems.NAMES`.
        preprocessing: how images of another size are prepared, in evaluation and in an export; one
            of `PREPROCESSING`.
    """

    num_cells: int
    init_channels: int
    image_size: tuple[int, int]
    class_names: tuple[str, ...]
    mean: tuple[float, ...]
    standard_deviation: tuple[float, ...]
    stem: str = "cifar"
    preprocessing: str = "resize"

    def make_parent(
        self,
        space: SearchSpace = DARTS,
        skip_threshold: float = 1e-6,
        precision: str = "float32",
    ) -> ParentNetwork:
        """Make a parent network of a search space; see `SearchCell` and `CellNetwork`."""
        return ParentNetwork(
            space.plan_network(self.num_cells, self.init_channels, self.image_size, stem=self.stem),
            len(self.class_names),
            self.mean,
            self.standard_deviation,
            skip_threshold=skip_threshold,
            precision=precision,
        )

    def plan(self, genotype: Genotype) -> NetworkPlan:
        """Plan the network of a genotype; see `SearchSpace.plan_network`."""
        return genotype.space.plan_network(
            self.num_cells, self.init_channels, self.image_size, genotype.output_nodes, self.stem
        )

    def make_child(
        self, genotype: Genotype, auxiliary: bool = False, precision: str = "float32"
    ) -> ChildNetwork:
        """Make the child network of a genotype; see `ChildNetwork` and `CellNetwork`."""
        return ChildNetwork(
            genotype,
            self.plan(genotype),
            len(self.class_names),
            self.mean,
            self.standard_deviation,
            auxiliary=auxiliary,
            precision=precision,
        )

    def make_network(
        self, architecture: Architecture, auxiliary: bool = False, precision: str = "float32"
    ) -> Network:
        """Make the network of an architecture; only a child has an auxiliary classifier.

        Raises:
            UserError: the images are too small.
        """
        if isinstance(architecture, Genotype):
            return self.make_child(architecture, auxiliary, precision)
        architecture.check_size(self.image_size)
        return ApplicationNetwork(
            architecture.name,
            self.image_size,
            len(self.class_names),
            self.mean,
            self.standard_deviation,
            precision,
        )

    def to_content(self) -> dict[str, Any]:
        """The entries of network.json, as JSON has them."""
        return json.loads(self.to_json())

    def to_json(self) -> str:
        """Convert to JSON text."""
        content = {
            **dataclasses.asdict(self),
            "mean": [float(value) for value in self.mean],
            "standard_deviation": [float(value) for value in self.standard_deviation],
        }
        return json.dumps(content, indent=2) + "\n"


def read(path: pathlib.Path) -> NetworkDescription:
    """Read a run's network.json, strictly.

    Raises:
        UserError: it is missing or damaged; names the file and the entry.
    """
    try:
        return _from_content(read_json(path, _MAX_BYTES))
    except (OSError, ValueError) as error:
        raise UserError(
            f"{shorten_path(path)}: no description of a network ({error}), accepted: the "
            "network.json that a run of `kind`=search, evaluate or imagenet has written"
        ) from error


def _from_content(content: Any) -> NetworkDescription:
    if not isinstance(content, dict):
        raise ValueError(f"received {quote(content)}, accepted: an object")
    unknown = sorted(content.keys() - _ENTRIES.keys())
    if unknown:
        raise ValueError(f"unknown entry {quote(unknown[0])}")
    for name, (accepted, is_accepted) in _ENTRIES.items():
        if name not in content:
            raise ValueError(f"{name} is missing")
        if not is_accepted(content[name]):
            raise ValueError(f"{name}: received {quote(content[name])}, accepted: {accepted}")
    if bool(content["num_cells"]) != bool(content["init_channels"]):
        cells, channels = content["num_cells"], content["init_channels"]
        raise ValueError(
            f"init_channels: received {channels} with num_cells {cells}, accepted: 0 for both, or "
            "for neither"
        )
    values: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in content.items()
    }
    return NetworkDescription(**values)


def _whole(value: Any, least: int, most: int) -> bool:
    return type(value) is int and least <= value <= most


def _list(value: Any, is_item: Callable[[Any], bool], length: int | None = None) -> bool:
    return isinstance(value, list) and length in (None, len(value)) and all(map(is_item, value))


def _number(value: Any, least: float, most: float) -> bool:
    return type(value) in (int, float) and least <= value <= most


def _names(value: Any) -> bool:
    return _list(value, _is_text) and len(value) > 1 and len(set(value)) == len(value)


def _is_text(value: Any) -> bool:
    """Whether a value is a text without lone surrogates."""
    return isinstance(value, str) and not any("\ud800" <= one <= "\udfff" for one in value)


_MAX_BYTES = 8_000_000  # room for the names of a hundred thousand classes
_ENTRIES: dict[str, tuple[str, Callable[[Any], bool]]] = {
    "num_cells": (
        "a whole number, 1 to 1000, or 0 without cells",
        lambda value: _whole(value, 0, 1000),
    ),
    "init_channels": (
        "an even number, 2 to 10000, or 0 without cells",
        lambda value: _whole(value, 0, 10_000) and value % 2 == 0,
    ),
    "image_size": (
        "[height, width], each 1 to 10000",
        lambda value: _list(value, lambda side: _whole(side, 1, 10_000), 2),
    ),
    "class_names": ("two names or more, no two alike", _names),
    "mean": (
        "three numbers, 0 to 255",
        lambda value: _list(value, lambda one: _number(one, 0, 255), 3),
    ),
    "standard_deviation": (
        "three numbers, more than 0, to 255",
        lambda value: _list(value, lambda one: _number(one, 1e-6, 255), 3),
    ),
    "stem": (f"one of {', '.join(stems.NAMES)}", lambda value: value in stems.NAMES),
    "preprocessing": (f"one of {', '.join(PREPROCESSING)}", lambda value: value in PREPROCESSING),
}
"""For each entry of network.json what is accepted, in words and as a check."""
