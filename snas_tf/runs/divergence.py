"""Detection of a training that diverges."""

import dataclasses
from collections.abc import Mapping
from typing import Any

import keras
import numpy as np

from snas_tf.config import SearchConfig, algorithms
from snas_tf.errors import UserError

_THETA = ("theta_learning_rate", "theta_momentum", "theta_weight_decay", "auxiliary_weight")
_ALPHA = ("alpha_learning_rate", "alpha_weight_decay")
_PENALTY = ("constraint_weight", "target_parameters", "target_multiply_adds")


class StopAtDivergence(keras.callbacks.Callback):
    """Callback that stops at the first step with a figure that is not finite.

    If the gradient overflows, the loss of that step may still be finite.
    """

    def on_train_batch_end(self, batch: int, logs: Mapping[str, Any]) -> None:
        """Check that the figures are finite.

        Raises:
            UserError: one is not finite; names the settings that may be the cause.
        """
        finite = {name: bool(np.isfinite(float(value))) for name, value in logs.items()}
        if not all(finite.values()):
            step = int(self.model.step.numpy())
            figure = "gradient" if finite["loss"] else "loss"
            raise UserError(
                f"{_causes(self.model.config, finite)}: training diverged, the {figure} of step "
                f"{step} is no number, accepted: smaller values, in another `model_dir`"
            )


def _causes(config: Any, finite: Mapping[str, bool]) -> str:
    """List the settings that may be the cause: those above their defaults, likely ones first.

    The penalty depends on alpha alone and is computed before alpha is updated: where it is finite,
    alpha was, so theta overflowed. After the step they can't be distinguished, because their
    gradients depend on each other.
    """
    alpha = (*_ALPHA, *_PENALTY)
    groups = (_THETA, alpha) if finite.get("penalty", True) else (alpha, _THETA)
    own = algorithms.get(config.algorithm).defaults if isinstance(config, SearchConfig) else {}
    defaults = {field.name: field.default for field in dataclasses.fields(config)} | {**own}
    values = {name: getattr(config, name, None) for name in (*groups[0], *groups[1])}
    raised = [
        name
        for name, value in values.items()
        if value is not None and (defaults[name] is None or value > defaults[name])
    ]
    named = [name for name in raised if name in groups[0]] or raised
    return ", ".join(f"`{name}`={values[name]}" for name in named) or f"`{groups[0][0]}`"
