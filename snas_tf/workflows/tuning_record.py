"""The record of a sweep, whose number of trials may grow."""

from snas_tf.config import DataConfig, RunConfig, Tuning
from snas_tf.runs.run_record import RunRecord

KIND = "tune"
MAY_GROW = ("trials",)

_CHILD = {
    "epochs": "trial_epochs",
    "num_cells": "child_cells",
    "init_channels": "child_channels",
}
"""What a sweep calls the settings of its children's training."""


def make_record(tuning: Tuning, data_config: DataConfig, run_config: RunConfig) -> RunRecord:
    """Make the record of a sweep, without its inputs."""
    child = None
    if tuning.child is not None:
        settings = RunRecord.from_configs(KIND, tuning.child).settings
        child = {_CHILD.get(name, name): value for name, value in settings.items()}
    return RunRecord.from_configs(
        KIND,
        data_config,
        seed=run_config.seed,
        tuner=tuning.tuner.tuner,
        objective=tuning.tuner.objective,
        trials=None if tuning.tuner.tuner == "hyperband" else tuning.num_trials,
        sweep=" ".join(f"{name}:{sweep}" for name, sweep in sorted(tuning.sweeps.items())),
        trial_epochs=child,
        **{name: value for name, value in tuning.settings.items() if name != "batch_size"},
    )
