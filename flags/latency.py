"""Flags of `--mode=latency`."""

import pathlib

from absl import flags

from snas_tf import tensorflow_import
from snas_tf.architecture import spaces
from snas_tf.config import ChildConfig, LatencyConfig
from snas_tf.errors import UserError

from . import common, fields, path, plugin, training

_MEANINGS = {
    **common.SPACE,
    "num_classes": "Classes of the images.",
    "network": "The kind of network: its stem.",
    "runtime": "What runs the network: TensorFlow, or LiteRT's interpreter.",
    "threads": "Threads of the runtime. With one, the latencies of parts add up to that of a "
    "network; with more, parts that run side by side are counted twice.",
    "rounds": "How often each part is measured; a table has the medians.",
}
_TABLE = (
    "The file of a latency table, which --mode=latency writes. A search can take it as a cost, "
    "and a profile predicts with it; see docs/concepts/latency.md."
)


def define_table(values: flags.FlagValues) -> None:
    """Define the file of the table."""
    path.define(values, "latency_table", _TABLE)


def define(values: flags.FlagValues) -> None:
    """Define the flags; the default network is that of an evaluation."""
    define_table(values)
    plugin.define(values)
    defaults = LatencyConfig(pathlib.Path("latency.json"))
    training.define_network(values, ChildConfig())
    common.define_image_size(values, defaults.image_size)
    fields.define(values, defaults, _MEANINGS)


def adapt_defaults(values: flags.FlagValues) -> None:
    """Make the search space's size of an evaluation the default."""
    if values.space in spaces.SPACES:  # LatencyConfig refuses any other name.
        training.set_default_size(values, spaces.get(values.space).skeleton.evaluation_size)


def config(values: flags.FlagValues) -> LatencyConfig:
    """Return what is measured.

    Raises:
        UserError: no file is given, or flags that are not accepted.
    """
    if values.latency_table is None:
        raise UserError(
            "--latency_table: not given, and --mode=latency needs it; accepted: the file to write, "
            "such as --latency_table=latency.json"
        )
    return LatencyConfig(**fields.read(values, LatencyConfig))


def run(values: flags.FlagValues) -> None:
    """Measure a table, and print it."""
    given = config(values)
    tensorflow_import.import_tensorflow()
    from snas_tf.workflows.latency import measure, report

    report(measure(given))
