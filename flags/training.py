"""Flags of the network and of the training of its weights, in every mode that trains."""

from absl import flags

from snas_tf.config import TrainingConfig
from snas_tf.config.accepted import accepted_values

from . import fields

AUTO = "auto"
_MEANINGS = {
    "stem": "The convolutions before the first cell: one (cifar); or three that reduce the sides "
    "to an eighth, for large images (imagenet).",
    "epochs": "Passes over the training images.",
    "num_seeds": "Number of runs, with --seed and the seeds after it: a search takes the cell with "
    "the best validation accuracy, a training reports mean and standard deviation.",
    "theta_learning_rate": "Initial SGD rate of the weights.",
    "theta_momentum": "SGD momentum of the weights.",
    "theta_weight_decay": "L2 penalty on the weights.",
    "theta_clip_norm": "Largest global norm of the weights' gradient; 0 for no clipping.",
    "precision": "Type of the maps of the network; weights, statistics, loss and optimizers are "
    "float32. bfloat16 takes half the memory of maps and is faster where the processor has "
    "instructions for it; see docs/concepts/precision.md.",
    "jit_compile": "Compile the training step with XLA, for a GPU; a search needs "
    "--skip_threshold=0.",
}


def define(values: flags.FlagValues, defaults: TrainingConfig, *, auto: bool = False) -> None:
    """Define the flags.

    Args:
        values: what they are defined in.
        defaults: the defaults of the mode.
        auto: whether the width may be auto, see `define_network`.
    """
    define_network(values, defaults, auto=auto)
    fields.define(values, defaults, _MEANINGS)


def define_network(
    values: flags.FlagValues, defaults: TrainingConfig, *, auto: bool = False
) -> None:
    """Define the size of the network.

    Args:
        values: what the flags are defined in.
        defaults: the defaults of the mode; a width of 0 is auto.
        auto: whether the width may be auto: the most that --max_multiply_adds allows.
    """
    meaning = "Cells of the network; of each of its three stages in nasbench201."
    fields.define(values, defaults, {"num_cells": meaning})
    meaning = "Channels of the first cell."
    if auto:
        meaning += f" With --max_multiply_adds, {AUTO}: the most that it allows."
    default = defaults.init_channels or AUTO
    serializer: flags.ArgumentSerializer[int | str] = flags.ArgumentSerializer()
    flags.DEFINE(WidthParser(auto), "init_channels", default, meaning, values, serializer)


def set_default_size(values: flags.FlagValues, size: tuple[int, int]) -> None:
    """Set the defaults of the network's size.

    Args:
        values: the parsed flags.
        size: number of cells, and of channels of the first, where 0 is auto.
    """
    num_cells, init_channels = size
    values.set_default("num_cells", num_cells)
    values.set_default("init_channels", init_channels or AUTO)


def width(values: flags.FlagValues) -> int:
    """Return the channels of the first cell; 0 for auto."""
    return 0 if values.init_channels == AUTO else values.init_channels


class WidthParser(flags.ArgumentParser):
    """An even number of channels, or auto.

    Args:
        auto: whether auto is accepted.
    """

    def __init__(self, auto: bool) -> None:
        super().__init__()
        self._auto = auto
        self._accepted = accepted_values(TrainingConfig)["init_channels"]
        self.syntactic_help = f"{self._accepted}{f', or {AUTO}' * auto}"

    def parse(self, argument: str | int) -> str | int:
        """Return the value of the flag.

        Raises:
            ValueError: it is no number of channels.
        """
        if argument == AUTO and self._auto:
            return AUTO
        try:
            return self._accepted.convert(int(argument))
        except ValueError as error:
            raise ValueError(f"accepted: {self.syntactic_help}") from error

    def flag_type(self) -> str:
        """Return what help calls it."""
        return "even number"
