"""TensorFlow as the program sets it up, and the same random numbers in every run of a test."""

import gc
import sys

import pytest

from snas_tf import tensorflow_import

# Before a test module imports TensorFlow or Keras.
tensorflow_import.set_environment()


@pytest.fixture(scope="session", autouse=True)
def _set_up():
    # Not imported here, as half of the tests do without it.
    if tf := sys.modules.get("tensorflow"):
        tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": True})
        # What is imported stays, and workflows collect garbage at their end.
        gc.freeze()
        gc.set_threshold(10_000, 50, 20)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup():
    # Before fixtures of modules too, so that a test alone is the test in the suite.
    if keras := sys.modules.get("keras"):
        keras.utils.set_random_seed(0)
