"""TensorFlow as the program sets it up, so without its graph optimiser: tests start sooner."""

from snas_tf.training import runtime


def pytest_configure() -> None:
    """Before TensorFlow is first used."""
    runtime.configure()
