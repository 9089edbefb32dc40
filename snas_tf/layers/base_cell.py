"""The base class of the cells of parent and child."""

import dataclasses
import pkgutil
from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf

from snas_tf.architecture.cell_plan import CellPlan
from snas_tf.architecture.preprocess import PREPROCESSES
from snas_tf.layers.base_operation import BaseOperation


class BaseCell(keras.layers.Layer):
    """Base class of cells: their plan, and the preprocess layers of their inputs.

    Each preprocess layer exists also where no edge uses it, as in the published networks.

    Args:
        plan: the cell's place in the network: kind, channels, sizes.
        affine: learn a scale and an offset in the normalizations, as the child does.
        kwargs: those of a layer of Keras; `dtype` decides the type of maps and kernels.
    """

    def __init__(self, plan: CellPlan, affine: bool, **kwargs: object) -> None:
        # Keras would cast z too.
        super().__init__(autocast=False, **kwargs)
        self.plan = plan
        self.preprocess = [
            self._make_preprocess(position, affine) for position in range(plan.num_inputs)
        ]
        self.built = True

    def _make_preprocess(self, position: int, affine: bool) -> BaseOperation:
        plan = self.plan
        layer: Any = pkgutil.resolve_name(PREPROCESSES[plan.preprocess[position]].layer)
        return layer(
            1,
            plan.channels,
            plan.input_channels[position],
            affine=affine,
            name=f"preprocess_{position}",
            dtype=self.dtype_policy,
        )

    def prepare_inputs(self, inputs: Sequence[tf.Tensor], training: bool) -> list[tf.Tensor]:
        """The values of the input nodes: each input after its preprocess."""
        return [
            layer([x], training=training)[0]
            for layer, x in zip(self.preprocess, inputs, strict=True)
        ]

    def compute_output_shape(self, *_: object, **__: object) -> tuple:
        """[batch, height, width, concatenated nodes x channels]."""
        return (None, *self.plan.output_size, self.plan.output_channels)

    def get_config(self) -> dict:
        """The constructor's arguments, the plan as a dict."""
        return {**super().get_config(), "plan": dataclasses.asdict(self.plan)}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "BaseCell":
        """Rebuild the plan from its dict."""
        return cls(**{**config, "plan": CellPlan.from_config(config["plan"])})
