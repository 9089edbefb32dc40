"""What is said when a training diverges."""

import dataclasses
from collections.abc import Mapping
from typing import Any

import keras
import numpy as np

from snas_tf.errors import UserError

_THETA = ("theta_learning_rate", "theta_momentum", "theta_weight_decay", "auxiliary_weight")
_ALPHA = ("alpha_learning_rate", "alpha_weight_decay")
_PENALTY = ("constraint_weight", "target_parameters", "target_multiply_adds")


class StopAtDivergence(keras.callbacks.Callback):
    """Stops at the first step whose loss is no number, before a checkpoint of it is written."""

    def on_train_batch_end(self, batch: int, logs: Mapping[str, Any] | None = None) -> None:
        """Looks at the loss.

        Raises:
            UserError: it is not finite; names the settings that may be the cause.
        """
        if not np.isfinite(float(logs["loss"])):
            step = int(self.model.step.numpy())
            raise UserError(
                f"{_causes(self.model, logs)}: training diverged, the loss of step {step} is no "
                "number, accepted: smaller values, in another --model_dir"
            )


def _causes(model: Any, logs: Mapping[str, Any]) -> str:
    """The settings of what is not finite, those that exceed their defaults first."""
    finite = {name: bool(np.isfinite(float(value))) for name, value in logs.items()}
    if not finite.get("penalty", True):
        names = (*_PENALTY, *_ALPHA)
    elif all(np.isfinite(variable.numpy()).all() for variable in getattr(model, "alpha", ())):
        names = _THETA
    else:
        names = (*_ALPHA, *_PENALTY)
    config = model.config
    defaults = {field.name: field.default for field in dataclasses.fields(config)}
    values = {name: getattr(config, name, None) for name in names}
    raised = [
        name
        for name, value in values.items()
        if value is not None and (defaults[name] is None or value > defaults[name])
    ]
    if raised:
        return ", ".join(f"--{name}={values[name]}" for name in raised)
    return f"--{names[0]}"
