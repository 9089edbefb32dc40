"""TensorFlow without its graph optimiser, as the program runs it: steps are ready much sooner."""

import pytest


@pytest.fixture(scope="session", autouse=True)
def _no_graph_optimiser():
    import tensorflow as tf  # Here, as the process that only hands out tests needs none.

    tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": True})
