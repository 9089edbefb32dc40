"""SNAS in TensorFlow: `python main.py --mode=search --constraint=mild`."""

import os
import sys

# Read when TensorFlow is imported. Its failures reach us as exceptions, so its log only confuses;
# oneDNN's kernels, on by default on the newest CPUs only, halve the time of a step on others.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")

from absl import app, flags, logging

from flags import common
from flags import search as search_flags
from snas_tf.errors import UserError


def _search(values: flags.FlagValues) -> None:
    config = search_flags.search_config(values)
    run_config = common.run_config(values, search_flags.run_name(values))
    _import_tensorflow()
    from snas_tf.search import report, search
    from snas_tf.training import runtime

    runtime.configure()
    result = search(config, common.data_config(values), run_config)
    report(result, run_config.model_dir)


def _import_tensorflow() -> None:
    """Imports it where the flags are known to be good, as that takes seconds; and quietly.

    Its greeting goes to file descriptor 2 before anything can tell it not to.
    """
    stderr = os.dup(2)
    with open(os.devnull, "w") as nowhere:
        os.dup2(nowhere.fileno(), 2)
    try:
        import tensorflow as tf

        tf.config.list_physical_devices()  # the search for a GPU is not quiet either
    finally:
        os.dup2(stderr, 2)
        os.close(stderr)


_MODES = {"search": _search}


def main(_: list[str]) -> None:
    """Runs the mode that the flags ask for; exits with 2 where the user must mend something."""
    logging.set_verbosity(logging.WARNING)
    try:
        _MODES[flags.FLAGS.mode](flags.FLAGS)
    except UserError as error:
        print(f"main.py: {error}", file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt:
        print("\ninterrupted: the same command continues from the last checkpoint", file=sys.stderr)
        sys.exit(130)


def parse(arguments: list[str]) -> list[str]:
    """Parses the flags; a bad one is one line on standard error and exit code 2."""
    app.define_help_flags()
    try:
        rest = flags.FLAGS(arguments)
    except flags.Error as error:
        print(f"main.py: {' '.join(str(error).split())}", file=sys.stderr)
        sys.exit(2)
    if len(rest) > 1:
        print(f"main.py: {rest[1]!r} is not a flag, accepted: --NAME=VALUE", file=sys.stderr)
        sys.exit(2)
    return rest


if __name__ == "__main__":
    flags.DEFINE_enum("mode", "search", list(_MODES), "What to do.")
    common.define()
    search_flags.define()
    for module in (common, search_flags):
        flags.adopt_module_key_flags(module)  # for --help
    app.run(main, flags_parser=parse)
