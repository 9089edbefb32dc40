"""The configs of trainings."""

import dataclasses
import pathlib
from typing import Annotated, Any

from snas_tf.architecture import genotype_source, stems
from snas_tf.architecture.application import PREFIX
from snas_tf.architecture.search_space import SearchSpace
from snas_tf.architecture.spaces import DARTS
from snas_tf.config.accepted import Config, OneOf, Range
from snas_tf.errors import UserError, format_setting

EXPORTED_WEIGHTS = ("last", "best")
PRECISIONS = ("float32", "bfloat16", "float16")

OWN: Any = None
"""Default of a setting whose default depends on other settings."""

NUM_CELLS = Range(1, 200)
CHANNELS = Range(2, 4096, even=True)
_EPOCHS = Range(0, 1_000_000)
_CUTOUT_LENGTH = Range(0, 4096)
_NOT_NEGATIVE = Range(0)
_BELOW_ONE = Range(0, 1, below=True)


@dataclasses.dataclass(frozen=True)
class TrainingConfig(Config):
    """The size of a network and the training of its weights.

    Attributes:
        num_cells: cells of the network, as the skeleton of the search space counts them.
        init_channels: channels of its first cell, even.
        epochs: passes over the training images.
        theta_learning_rate: initial rate of SGD, annealed to 0 on a cosine.
        theta_momentum: momentum of SGD.
        theta_weight_decay: L2 penalty coupled into the gradient of theta.
        theta_clip_norm: global norm to which theta's gradient is clipped; 0 for no clipping.
        num_seeds: number of runs, each with its own seed.
        stem: the convolutions before the first cell; one of `stems.NAMES`. Of the sides of images,
            "cifar" hands on the whole, "imagenet" an eighth.
        precision: type of the maps, and of the kernels where they meet them; one of `PRECISIONS`.
            Everything else is float32.
        jit_compile: compile the training step with XLA.

    Raises:
        UserError: a value is not accepted.
    """

    num_cells: Annotated[int, NUM_CELLS] = OWN
    init_channels: Annotated[int, CHANNELS] = OWN
    epochs: Annotated[int, _EPOCHS] = 150
    theta_learning_rate: Annotated[float, _NOT_NEGATIVE] = 0.025
    theta_momentum: Annotated[float, _BELOW_ONE] = 0.9
    theta_weight_decay: Annotated[float, _NOT_NEGATIVE] = 3e-4
    theta_clip_norm: Annotated[float, _NOT_NEGATIVE] = 5.0
    num_seeds: Annotated[int, Range(1, 1000)] = 1
    stem: Annotated[str, OneOf(stems.NAMES)] = "cifar"
    precision: Annotated[str, OneOf(PRECISIONS)] = "float32"
    jit_compile: bool = False

    @property
    def named_space(self) -> SearchSpace:
        """The search space of the cells, which decides their default number and width."""
        return DARTS

    @property
    def knows_space(self) -> bool:
        """Whether the search space is known; if not, `check_size` is called when it is."""
        return True

    def default_size(self, space: SearchSpace) -> tuple[int, int]:
        """The number of cells, and of channels of the first, where they are not given."""
        return space.skeleton.search_size

    def __post_init__(self) -> None:
        """Check every field; sizes that are not given are those of the search space."""
        space = self.named_space
        names = ("num_cells", "init_channels")
        for name, value in zip(names, self.default_size(space), strict=True):
            if getattr(self, name) is OWN:
                object.__setattr__(self, name, value)
        super().__post_init__()
        if self.knows_space:
            self.check_size(space)

    def check_size(self, space: SearchSpace) -> None:
        """Check that networks of a search space's cells can be so small.

        Raises:
            UserError: they can't.
        """
        check_num_cells(self.num_cells, space)


@dataclasses.dataclass(frozen=True)
class ChildConfig(TrainingConfig):
    """The training of a child from scratch; the defaults are the paper's (Appendix G.2).

    The size of the network is by default that of the genotype's search space, which is read for it.

    Attributes:
        genotype: a name of the zoo, the path of a genotype file, or `keras:NAME`, a network of
            `keras.applications`.
        cutout_length: side of the square that is cut out of each training image, in pixels; 0 for
            none.
        drop_path_probability: reached at the last step, from 0 at the first.
        auxiliary_weight: weight of the auxiliary classifier's loss; 0 for no auxiliary classifier.
        initial_weights: run directory of a search, whose weights the child starts from.
        export_weights: which weights are exported: the "last" epoch's, or those of the epoch with
            the "best" validation accuracy.

    Raises:
        UserError: a value is not accepted, or there are initial weights for a network without
            cells.
    """

    epochs: Annotated[int, _EPOCHS] = 600
    genotype: str = ""
    cutout_length: Annotated[int, _CUTOUT_LENGTH] = 16
    drop_path_probability: Annotated[float, _BELOW_ONE] = 0.2
    auxiliary_weight: Annotated[float, _NOT_NEGATIVE] = 0.4
    initial_weights: pathlib.Path | None = None
    export_weights: Annotated[str, OneOf(EXPORTED_WEIGHTS)] = "last"

    @property
    def named_space(self) -> SearchSpace:
        """The search space of the genotype; DARTS' where none is given."""
        return genotype_source.find_space(self.genotype)

    @property
    def knows_space(self) -> bool:
        """See `TrainingConfig.knows_space`; a genotype may be given beside the config.

        With initial weights, their search decides about the size.
        """
        return bool(self.genotype) and self.initial_weights is None

    def default_size(self, space: SearchSpace) -> tuple[int, int]:
        """See `TrainingConfig.default_size`."""
        return space.skeleton.evaluation_size

    @property
    def applied(self) -> "ChildConfig":
        """The settings without those that only cells have, where the network has none."""
        if not self.genotype.startswith(PREFIX):
            return self
        return dataclasses.replace(self, drop_path_probability=0.0, auxiliary_weight=0.0)

    def __post_init__(self) -> None:
        """Check every field, and that initial weights have cells to go to."""
        super().__post_init__()
        if self.initial_weights is not None and self.genotype.startswith(PREFIX):
            raise UserError(
                f"{format_setting('initial_weights', self.initial_weights)}: given with "
                f"{format_setting('genotype', self.genotype)}, which has no cells, accepted: no "
                "`initial_weights`"
            )


@dataclasses.dataclass(frozen=True)
class ImageNetConfig(ChildConfig):
    """The training of a child on ImageNet; the defaults are the paper's (Appendix G.3).

    Attributes:
        init_channels: channels of the first cell; 0 for the most that `max_multiply_adds` allows.
        label_smoothing: share of a label that is spread over all classes.
        learning_rate_decay: factor of the learning rate at the end of each epoch.
        warmup_epochs: epochs in which the learning rate rises linearly.
        max_multiply_adds: the most that a network may have for one image; 0 for no limit.

    Raises:
        UserError: a value is not accepted, or the width is to be found without a limit.
    """

    init_channels: Annotated[int, Range(0, 4096, even=True)] = OWN
    stem: Annotated[str, OneOf(stems.NAMES)] = "imagenet"
    epochs: Annotated[int, _EPOCHS] = 250
    theta_learning_rate: Annotated[float, _NOT_NEGATIVE] = 0.1
    theta_weight_decay: Annotated[float, _NOT_NEGATIVE] = 3e-5
    cutout_length: Annotated[int, _CUTOUT_LENGTH] = 0
    drop_path_probability: Annotated[float, _BELOW_ONE] = 0.0
    label_smoothing: Annotated[float, _BELOW_ONE] = 0.1
    learning_rate_decay: Annotated[float, _NOT_NEGATIVE] = 0.97
    warmup_epochs: Annotated[int, _EPOCHS] = 0
    max_multiply_adds: Annotated[float, Range(0, 1e12)] = 600e6

    def default_size(self, space: SearchSpace) -> tuple[int, int]:
        """See `TrainingConfig.default_size`."""
        return space.skeleton.imagenet_cells, 0

    def __post_init__(self) -> None:
        """Check every field, and that there is a limit where the width is to be found."""
        super().__post_init__()
        if not self.init_channels and not self.max_multiply_adds:
            raise UserError("`init_channels`=0: needs a limit, accepted: `max_multiply_adds` > 0")


def check_num_cells(num_cells: int, space: SearchSpace) -> None:
    """Check that networks of a search space's cells can have so few of them.

    Raises:
        UserError: they can't.
    """
    least = space.skeleton.least_cells
    if num_cells < least:
        raise UserError(
            f"`num_cells`={num_cells}: out of range, accepted: an integer, "
            f"{least} to {NUM_CELLS.highest}"
        )
