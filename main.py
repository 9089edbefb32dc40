"""SNAS in TensorFlow: `python main.py --mode=search --constraint=mild`."""

import pathlib
import sys
from types import ModuleType

from absl import app, flags, logging

from flags import command_line, common, machine_fault, modes, standard_streams
from flags import evaluate as evaluate_flags
from flags import export as export_flags
from flags import imagenet as imagenet_flags
from flags import profile as profile_flags
from flags import search as search_flags
from snas_tf import tensorflow_import
from snas_tf.errors import UserError

# Each mode imports TensorFlow only when its flags are known to be good, as that takes seconds.


def _search(values: flags.FlagValues) -> None:
    config, data_config, run_config = _prepare(values, search_flags)
    from snas_tf.workflows.search import report, search

    report(search(config, data_config, run_config), run_config.model_dir)


def _evaluate(values: flags.FlagValues) -> None:
    configs = _prepare(values, evaluate_flags)
    from snas_tf.workflows.evaluate import evaluate, report

    report(evaluate(*configs), *configs)


def _imagenet(values: flags.FlagValues) -> None:
    configs = _prepare(values, imagenet_flags)
    from snas_tf.workflows.imagenet import report, transfer

    report(transfer(*configs), *configs)


def _prepare(values: flags.FlagValues, mode: ModuleType) -> tuple:
    """The configs of a mode that trains, from its flags; TensorFlow made ready."""
    config = mode.config(values)
    run_config = common.run_config(values, mode.run_name(values))
    tensorflow_import.import_tensorflow()
    from snas_tf.runs import devices

    devices.configure()
    return config, common.data_config(values), run_config


def _profile(values: flags.FlagValues) -> None:
    arguments = profile_flags.arguments(values)
    tensorflow_import.import_tensorflow()
    from snas_tf.workflows.profile import profile, report

    report(profile(**arguments))


def _export(values: flags.FlagValues) -> None:
    arguments = export_flags.arguments(values)
    tensorflow_import.import_tensorflow()
    from snas_tf.workflows.export import export, report

    report(export(**arguments))


_MODES = {
    "search": _search,
    "evaluate": _evaluate,
    "imagenet": _imagenet,
    "profile": _profile,
    "export": _export,
}


def main(_: list[str]) -> None:
    """Runs the mode that the flags ask for.

    Exits with 2 where the user must mend something, with 1 where the machine can't do more, both
    after one line on standard error, and with 130 after an interruption.
    """
    logging.set_verbosity(logging.WARNING)
    try:
        _MODES[flags.FLAGS.mode](flags.FLAGS)
    except UserError as error:
        _exit(f"main.py: {error}", 2)
    except KeyboardInterrupt:
        _exit(f"\ninterrupted{_what_continues(flags.FLAGS)}", 130)
    except Exception as error:
        fault = machine_fault.describe(error)
        if fault is None:
            raise
        _exit(f"main.py: {fault}", 1)


def _exit(message: str, status: int) -> None:
    start = message[: len(message) - len(message.lstrip())]
    print(start + "\\n".join(message.strip().splitlines()), file=sys.stderr)
    sys.exit(status)


def _what_continues(values: flags.FlagValues) -> str:
    """What the same command does after an interruption."""
    mode = modes.MODES[values.mode].module
    if not hasattr(mode, "run_name"):
        return ""
    model_dir = pathlib.Path(values.model_dir or pathlib.Path("runs", mode.run_name(values)))
    if any(model_dir.glob("**/checkpoints/*.index")):
        return ": the same command continues from the last checkpoint"
    return " before the first checkpoint: the same command starts again"


if __name__ == "__main__":
    standard_streams.secure()
    app.run(main, flags_parser=command_line.parse)
