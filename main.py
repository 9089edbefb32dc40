"""SNAS in TensorFlow: `python main.py --mode=search --constraint=mild`."""

import os
import sys
from types import ModuleType

# Read when TensorFlow is imported. Its failures reach us as exceptions, so its log only confuses;
# oneDNN's kernels, on by default on the newest CPUs only, halve the time of a step on others.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")

from absl import app, flags, logging

from flags import common, penalty, training
from flags import evaluate as evaluate_flags
from flags import export as export_flags
from flags import imagenet as imagenet_flags
from flags import profile as profile_flags
from flags import search as search_flags
from snas_tf import quiet
from snas_tf.errors import UserError

# Each mode imports TensorFlow only when its flags are known to be good, as that takes seconds.


def _search(values: flags.FlagValues) -> None:
    config, data_config, run_config = _prepare(values, search_flags)
    from snas_tf.search import report, search

    report(search(config, data_config, run_config), run_config.model_dir)


def _evaluate(values: flags.FlagValues) -> None:
    configs = _prepare(values, evaluate_flags)
    from snas_tf.evaluate import evaluate, report

    report(evaluate(*configs), *configs)


def _imagenet(values: flags.FlagValues) -> None:
    configs = _prepare(values, imagenet_flags)
    from snas_tf.transfer import report, transfer

    report(transfer(*configs), *configs)


def _prepare(values: flags.FlagValues, mode: ModuleType) -> tuple:
    """The configs of a mode that trains, from its flags; TensorFlow made ready."""
    config = mode.config(values)
    run_config = common.run_config(values, mode.run_name(values))
    quiet.import_tensorflow()
    from snas_tf.training import runtime

    runtime.configure()
    return config, common.data_config(values), run_config


def _profile(values: flags.FlagValues) -> None:
    arguments = profile_flags.arguments(values)
    quiet.import_tensorflow()
    from snas_tf.profile import profile, report

    report(profile(**arguments))


def _export(values: flags.FlagValues) -> None:
    arguments = export_flags.arguments(values)
    quiet.import_tensorflow()
    from snas_tf.export import export, report

    report(export(**arguments))


_MODES = {
    "search": _search,
    "evaluate": _evaluate,
    "imagenet": _imagenet,
    "profile": _profile,
    "export": _export,
}
_FLAGS = (
    common,
    training,
    penalty,
    search_flags,
    evaluate_flags,
    imagenet_flags,
    profile_flags,
    export_flags,
)


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


if __name__ == "__main__":
    flags.DEFINE_enum("mode", "search", list(_MODES), "What to do.")
    for module in _FLAGS:
        module.define()
        flags.adopt_module_key_flags(module)  # for --help
    app.run(main, flags_parser=common.parse)
