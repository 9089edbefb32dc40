"""The penalty: the weighted expected cost of a child, second term of Eq. 9."""

import functools
from collections.abc import Mapping

import tensorflow as tf

from snas_tf.architecture.child_latency import latency_size
from snas_tf.architecture.cost import CRITERIA, LATENCY
from snas_tf.architecture.network_cost import edge_costs_by_criterion
from snas_tf.architecture.search_space import NetworkPlan
from snas_tf.config import SearchConfig
from snas_tf.layers.stochastic_edge import StochasticEdge
from snas_tf.penalty.estimator import make_estimator
from snas_tf.penalty.scale import SCALES, Scale
from snas_tf.penalty.weight import make_weight


class Penalty:
    """The penalty eta E_Z[C(Z)] of Eq. 9.

    `scale` defines C, `estimator` its expectation, and `weight` eta. C counts the cost of the
    network that is searched; its latency is that of the network of the latency table.

    Args:
        network_plan: plan of the parent network.
        config: the search's settings.
        num_steps: length of the search in steps.
    """

    def __init__(self, network_plan: NetworkPlan, config: SearchConfig, num_steps: int) -> None:
        self.costs = edge_costs_by_criterion(network_plan)
        criteria = {name: getattr(config, f"{name}_weight") for name in CRITERIA}
        table = config.read_latency_table()
        if table is not None:
            edges = latency_size(table, network_plan.space).edges
            for kind, of_kind in self.costs.items():
                of_kind[LATENCY] = edges[kind]
            criteria[LATENCY] = config.latency_weight
        self.scale: Scale = SCALES[config.penalty_scale](self.costs, criteria)
        self.estimator = make_estimator(config)
        self.weight = make_weight(config, num_steps, network_plan.space)

    def estimate(
        self,
        edges: Mapping[str, StochasticEdge],
        noise: Mapping[str, tf.Tensor],
        temperature: tf.Tensor,
    ) -> tf.Tensor:
        """Estimate the penalty, a scalar; C is 1 for the most expensive child where linear.

        Args:
            edges: the distribution of each kind of cell.
            noise: Gumbel noise [edges, operations] of the step's draw of each kind.
            temperature: lambda of Eq. 5, a scalar.
        """
        expected = [
            self.estimator(
                functools.partial(self.scale.terms, kind), edges[kind], noise[kind], temperature
            )
            for kind in edges
        ]
        log_alpha = {kind: edges[kind].log_alpha.value for kind in edges}
        return self.weight.value(log_alpha, temperature) * tf.add_n(expected)

    def update(self, edges: Mapping[str, StochasticEdge], temperature: tf.Tensor) -> None:
        """Update the weight at the end of a step, if there is a target."""
        self.weight.update({kind: edges[kind].log_alpha.value for kind in edges}, temperature)
