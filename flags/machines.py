"""A run on several machines: what each process checks at the start, and what it prints."""

import os
import sys
from typing import Any

from snas_tf.config import TrainingConfig
from snas_tf.config.cluster import VARIABLE, ClusterConfig
from snas_tf.errors import UserError


def read(mode: str, config: Any) -> ClusterConfig:
    """Read which machines train together.

    Args:
        mode: the mode of the program.
        config: its config.

    Raises:
        UserError: the variable can't be used, or the mode consists of many runs.
    """
    machines = ClusterConfig.from_environment(os.environ)
    if machines.count > 1 and not isinstance(config, TrainingConfig):
        raise UserError(
            f"{VARIABLE}: names {machines.count} processes, accepted: with --mode=search, evaluate "
            f"or imagenet; --mode={mode} runs on one machine"
        )
    return machines


def join(machines: ClusterConfig) -> None:
    """Wait for the other processes; from then on the chief alone prints.

    Raises:
        LostWorkerError: one does not appear.
    """
    if machines.count == 1:
        return
    from snas_tf.runs import cluster

    chief = machines.addresses[0]
    print(
        f"process {machines.index + 1} of {machines.count} waits for the others, at most "
        f"{cluster.JOIN_SECONDS} s; the chief is {chief}",
        flush=True,
    )
    cluster.current()
    print(f"all are there: {chief} reports, and writes the run directory", flush=True)
    if not machines.is_chief:
        with open(os.devnull, "w") as nowhere:
            os.dup2(nowhere.fileno(), sys.stdout.fileno())
