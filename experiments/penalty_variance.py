"""Bias and variance of the estimators of the penalty's gradient; prints the table of the docs.

    python experiments/penalty_variance.py [--draws=100000]

One edge, its log alpha from N(0, 1), with the normalized costs of the first edge of a normal cell
of the paper's search network, times 28, the number of edges.
"""

import os
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from absl import app, flags

from snas_tf import tensorflow_import
from snas_tf.architecture import network_cost
from snas_tf.architecture.spaces import DARTS

tensorflow_import.import_tensorflow()

import numpy as np
import tensorflow as tf

from snas_tf.layers.stochastic_edge import StochasticEdge, gumbel
from snas_tf.penalty.estimator import Expectation, PolicyGradient, Reparameterization

flags.DEFINE_integer("draws", 100_000, "Draws to average.", 2)

ESTIMATORS = {
    "expectation": Expectation(),
    "reparameterization": Reparameterization(),
    "policy_gradient": PolicyGradient(),
    "policy_gradient, baseline": PolicyGradient(baseline=True),
}


def gradients(estimator, log_alpha, costs, noise, temperature):
    """Compute the gradient of each draw [draws, operations]; each draw is a separate edge."""
    edges = StochasticEdge(*noise.shape)
    edges.log_alpha.assign(np.broadcast_to(log_alpha, noise.shape))
    with tf.GradientTape() as tape:
        value = estimator(lambda z: z * costs, edges, noise, tf.constant(temperature))
    return tape.gradient(value, edges.log_alpha.value).numpy()


def main(_):
    """Print a row for each estimator."""
    log_alpha = np.random.default_rng(0).normal(size=8).astype(np.float32)
    network_plan = DARTS.plan_network(8, 16, (32, 32))
    costs = network_cost.normalize_costs(network_cost.edge_costs_by_criterion(network_plan))
    costs = 28 * costs["normal"][0].astype(np.float32)
    noise = gumbel((flags.FLAGS.draws, 8), tf.constant([0, 0]))
    exact = gradients(Expectation(), log_alpha, costs, noise[:1], 1.0)[0]
    size = np.linalg.norm(exact)
    print("estimator, temperature, norm of the bias, norm of the deviation; exact gradient = 1")
    for name, estimator in ESTIMATORS.items():
        for temperature in (1.0, 0.3, 0.03):
            found = gradients(estimator, log_alpha, costs, noise, temperature)
            bias = np.linalg.norm(found.mean(axis=0) - exact) / size
            deviation = np.sqrt(found.var(axis=0).sum()) / size
            print(f"{name:26}  {temperature:4}  {bias:6.3f}  {deviation:7.2f}", flush=True)


if __name__ == "__main__":
    app.run(main)
