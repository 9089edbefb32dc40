"""The child network of a genotype."""

import json
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from absl import logging

from snas_tf.architecture import cost_parts, genotype_json
from snas_tf.architecture.cost import Cost
from snas_tf.architecture.genotype import Genotype
from snas_tf.architecture.search_space import NetworkPlan
from snas_tf.layers import random_numbers
from snas_tf.layers.auxiliary_tower import AuxiliaryTower, has_room
from snas_tf.layers.child_cell import ChildCell
from snas_tf.layers.normalization import average_statistics
from snas_tf.models.folded import FoldedChild
from snas_tf.models.network import CellNetwork


@keras.saving.register_keras_serializable("snas_tf")
class ChildNetwork(CellNetwork):
    """A network of a genotype's cells (Section 3.2, Appendix G.2).

    Args:
        genotype: the cells.
        network_plan: from `SearchSpace.plan_network` with the genotype's `output_nodes`.
        num_classes: classes of the images.
        mean, standard_deviation: see `CellNetwork`.
        auxiliary: have an auxiliary classifier after the cell at two thirds of the depth. Where the
            images are so small that less than 2 x 2 is left there, the network has none, and a
            warning says so.
        kwargs: those of `CellNetwork`.

    Raises:
        ValueError: fewer than 2 classes, or a plan of another number of output nodes.
    """

    def __init__(
        self,
        genotype: Genotype,
        network_plan: NetworkPlan,
        num_classes: int,
        mean: Sequence[float] | np.ndarray,
        standard_deviation: Sequence[float] | np.ndarray,
        auxiliary: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(network_plan, num_classes, mean, standard_deviation, **kwargs)
        self.genotype = genotype
        self.cells = [
            ChildCell(plan, genotype.cell(plan.kind), name=f"cell_{plan.index}", dtype=self.policy)
            for plan in network_plan
        ]
        for cell in self.cells:
            cell.build([(None, None, None, size) for size in cell.plan.input_channels])
        self.auxiliary_position = 2 * len(network_plan) // 3
        self.auxiliary = None
        plan = network_plan[self.auxiliary_position]
        if auxiliary and has_room(plan.output_size):
            self.auxiliary = AuxiliaryTower(
                num_classes, plan.output_size, plan.output_channels, dtype=self.policy
            )
        elif auxiliary:
            logging.warning(
                "trains without an auxiliary classifier (`auxiliary_weight`): it needs 2 x 2 or "
                "more at two thirds of the depth, where images of %d x %d leave %d x %d",
                *network_plan.image_size,
                *plan.output_size,
            )

    def call(self, images: tf.Tensor, training: bool = False) -> tf.Tensor:
        """Logits [batch, classes] of images uint8 [batch, height, width, 3]."""
        logits, _ = self._run(images, training)
        if training:
            average_statistics(self)
        return logits

    def training_logits(
        self, images: tf.Tensor, drop_probability: tf.Tensor, seed: tf.Tensor
    ) -> dict[str, tf.Tensor]:
        """Logits of a training step.

        Args:
            images: uint8 [batch, height, width, 3].
            drop_probability: probability of dropping an edge that is no identity, a scalar.
            seed: integers [2]; the same seed drops the same.

        Returns:
            "logits" [batch, classes], and the tower's, "auxiliary" [batch, classes], if it has one.
        """
        batch = tf.shape(images)[0]
        factors = [
            drop_path(
                len(cell.cell.edges),
                batch,
                drop_probability,
                random_numbers.fold_in(seed, cell.plan.index),
            )
            for cell in self.cells
        ]
        logits, middle = self._run(images, True, factors)
        result = {"logits": logits}
        if self.auxiliary is not None:
            result["auxiliary"] = self.auxiliary(middle, training=True)
        average_statistics(self)
        return result

    def _run(
        self,
        images: tf.Tensor,
        training: bool,
        factors: Sequence[tf.Tensor | None] | None = None,
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """The logits, and the map that the auxiliary classifier sees."""
        inputs, outputs = self.stem_outputs(images, training), []
        for cell, cell_factors in zip(self.cells, factors or [None] * len(self.cells), strict=True):
            outputs.append(cell(inputs, training=training, drop_path=cell_factors))
            inputs = (*inputs[1:], outputs[-1])
        return self.classify_features(outputs[-1], training), outputs[self.auxiliary_position]

    def exported(self) -> FoldedChild:
        """The network in evaluation, as it is exported."""
        return FoldedChild(self)

    def count_parts(self) -> list[tuple[str, Cost]]:
        """List the cost of each part, without the auxiliary classifier."""
        return cost_parts.count_parts(self.genotype, self.network_plan, self.num_classes)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments, as JSON can hold them."""
        config = {
            "genotype": json.loads(genotype_json.to_json(self.genotype)),
            "network_plan": {
                "num_cells": self.network_plan.num_cells,
                "init_channels": self.network_plan.init_channels,
                "image_size": list(self.network_plan.image_size),
                "stem": self.network_plan.stem,
            },
            "num_classes": self.num_classes,
            "mean": self.mean.tolist(),
            "standard_deviation": self.standard_deviation.tolist(),
            "auxiliary": self.auxiliary is not None,
            "precision": self.precision,
        }
        return {**super().get_config(), **config}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "ChildNetwork":
        """Make a network from what `get_config` returns."""
        genotype = genotype_json.from_content(config["genotype"])
        plan = config["network_plan"]
        network_plan = genotype.space.plan_network(
            output_nodes=genotype.output_nodes,
            **{**plan, "image_size": tuple(plan["image_size"])},
        )
        given = {**config, "genotype": genotype, "network_plan": network_plan}
        trainable = given.pop("trainable", True)
        network = cls(**given)
        network.trainable = trainable  # The constructor would not freeze its layers.
        return network


def drop_path(
    num_edges: int, batch: tf.Tensor, probability: tf.Tensor, seed: tf.Tensor
) -> tf.Tensor:
    """Factors [edges, batch]: 0 with a probability, else 1 / (1 - probability).

    Edges are dropped independently for each example (Larsson et al., 2017; Appendix G.2).
    """
    kept = random_numbers.uniform([num_edges, batch], seed) >= probability
    return tf.cast(kept, tf.float32) / (1.0 - probability)
