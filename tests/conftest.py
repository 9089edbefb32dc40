"""TensorFlow without its graph optimizer, as in the program: functions start faster."""

import sys

import pytest


@pytest.fixture(scope="session", autouse=True)
def _no_graph_optimizer():
    # Not imported here, as half of the tests do without it.
    if tf := sys.modules.get("tensorflow"):
        tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": True})
