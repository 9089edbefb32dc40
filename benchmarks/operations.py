"""Operations with their gradients, in float32 and a shorter type, alternating, on one core.

    python benchmarks/operations.py [--precision=bfloat16] [--size=32] [--channels=16]

Those of the search space of DARTS, at both strides, as a search runs them.
"""

import os
import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")

from absl import app, flags

from snas_tf import tensorflow_import
from snas_tf.config.training import PRECISIONS

flags.DEFINE_enum("precision", "bfloat16", PRECISIONS, "Compared with float32.")
flags.DEFINE_integer("size", 32, "Side of the maps.", 2)
flags.DEFINE_integer("channels", 16, "Channels.", 1)
flags.DEFINE_integer("images", 64, "Images.", 1)
flags.DEFINE_integer("repeats", 15, "Of which the best counts.", 1)


def with_gradients(operation, stride, precision):
    """Make a function that runs an operation of the search and its gradients once."""
    import tensorflow as tf

    from snas_tf.layers import registry

    values = flags.FLAGS
    layer = registry.create_layer(operation, 1, values.channels)
    shape = (values.images, values.size, values.size, values.channels)
    x = tf.cast(tf.random.stateless_normal(shape, (0, 0)), precision)
    scale = tf.ones([values.channels])
    upstream = tf.identity(x[:, ::stride, ::stride])
    kernels = [variable.value for variable in layer.trainable_variables]

    @tf.function(autograph=False)
    def run():
        with tf.GradientTape() as tape:
            tape.watch((x, scale))
            y, _ = layer.apply(x, layer.unstack(precision)[0], stride, scale, training=True)
        return tape.gradient(y, [x, scale, *kernels], output_gradients=upstream)

    return run


def best(functions):
    """The shortest time of each function, in milliseconds; the functions take turns."""
    found = [float("inf")] * len(functions)
    for repeat in range(flags.FLAGS.repeats + 2):
        for index, function in enumerate(functions):
            start = time.perf_counter()
            function()
            if repeat > 1:  # the first ones trace and prepare
                found[index] = min(found[index], time.perf_counter() - start)
    return [1000 * seconds for seconds in found]


def main(_):
    """Print a line for each operation of the search space of DARTS, at both strides."""
    tensorflow_import.import_tensorflow()
    import tensorflow as tf

    from snas_tf.architecture.operations import OPERATIONS
    from snas_tf.architecture.spaces import DARTS

    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    shorter = flags.FLAGS.precision
    print(f"milliseconds: float32, {shorter}; float32 as a multiple of {shorter}")
    for name in DARTS.operations:
        for stride in (1, 2):
            if name == "none" or (name == "skip_connect" and stride == 1):
                continue
            functions = [
                with_gradients(OPERATIONS[name], stride, one) for one in ("float32", shorter)
            ]
            first, second = best(functions)
            print(f"{name:<14}stride {stride}{first:8.2f}{second:8.2f}{first / second:8.2f}")


if __name__ == "__main__":
    app.run(main)
