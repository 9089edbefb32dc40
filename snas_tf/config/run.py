"""The config of a run directory."""

import dataclasses
import pathlib
from typing import Annotated

from snas_tf.config.accepted import Config, Range

_LARGEST = 2**31 - 1


@dataclasses.dataclass(frozen=True)
class RunConfig(Config):
    """Run directory, seed and checkpoints of a run.

    Attributes:
        model_dir: the run directory.
        seed: the seed of everything random.
        checkpoint_every_steps: steps between checkpoints within an epoch; 0 for checkpoints at the
            end of every epoch only.
        plugin: the files of Python that the run has imported for what they register; their content
            is recorded.
        deterministic: compute bit for bit the same on a GPU each time, more slowly.

    Raises:
        UserError: a value is not accepted.
    """

    model_dir: pathlib.Path
    seed: Annotated[int, Range(0, _LARGEST)] = 0
    checkpoint_every_steps: Annotated[int, Range(0, _LARGEST)] = 0
    plugin: tuple[str, ...] = ()
    deterministic: bool = False
