"""Plugins: files of Python that register operations, search spaces or algorithms."""

import pathlib
import re
import sys
import traceback
import types
from collections.abc import Collection

from absl import flags

from snas_tf import tensorflow_import
from snas_tf.architecture import operations, spaces
from snas_tf.config import algorithms
from snas_tf.errors import UserError, shorten_path
from snas_tf.files.text_files import read_text

from . import path

ACCEPTED = (
    "accepted: a Python file that calls snas_tf.operations.register, snas_tf.spaces.register or "
    "snas_tf.algorithms.register"
)


def define(values: flags.FlagValues) -> None:
    """Define the flag, which may be given several times."""
    meaning = (
        "Python file that registers operations, search spaces or algorithms of your own, see "
        "docs/concepts/spaces.md; --plugin=A --plugin=B for several."
    )
    serializer: flags.ArgumentSerializer[str] = flags.ArgumentSerializer()
    flags.DEFINE_multi(path.PathParser(shipped=True), serializer, "plugin", [], meaning, values)
    values["plugin"].help = meaning  # without what absl adds


def load(values: flags.FlagValues) -> None:
    """Import the plugins that are given, with TensorFlow, which an operation needs.

    Raises:
        UserError: one can't be read or imported, registers nothing, or has an operation without
            what it needs.
    """
    given = values.plugin
    if given:
        tensorflow_import.import_tensorflow()
    for one in given:
        _load(one)


def _load(source: str) -> None:
    """Import a plugin, unless it is; no compiled file is written beside it, or read."""
    shown, file = f"--plugin={shorten_path(source)}", str(pathlib.Path(source).absolute())
    name = "snas_plugin_" + re.sub(r"\W", "_", pathlib.Path(source).stem)
    if name in sys.modules:
        if sys.modules[name].__file__ != file:
            raise UserError(f"{shown}: a second one of this name, accepted: files of other names")
        return
    try:
        text = read_text(source)
    except (OSError, ValueError) as error:
        raise UserError(f"{shown}: {error}, {ACCEPTED}") from error
    sys.modules[name] = module = types.ModuleType(name)
    module.__file__ = file
    before = _registered()
    try:
        exec(compile(text, file, "exec"), module.__dict__)
        _check_layers(_registered() - before)
    except (Exception, SystemExit) as error:
        del sys.modules[name]
        where = "".join(f"line {line}: " for line in _lines(error, file)[-1:])
        kind, message = type(error).__name__, _first_line(error)
        accepted = "" if "accepted: " in message else f", {ACCEPTED}"
        raise UserError(f"{shown}: {where}{kind}: {message}{accepted}") from error
    if _registered() == before:
        raise UserError(f"{shown}: registers nothing, {ACCEPTED}")


def _registered() -> set[tuple[str, str]]:
    """Return the kind and the name of all that is registered."""
    registries: dict[str, Collection[str]] = {
        "operation": operations.OPERATIONS,
        "space": spaces.SPACES,
        "algorithm": algorithms.ALGORITHMS,
    }
    return {(kind, name) for kind, registry in registries.items() for name in registry}


def _check_layers(new: set[tuple[str, str]]) -> None:
    from snas_tf.layers.registry import layer_class

    for kind, name in sorted(new):
        if kind == "operation":
            layer_class(operations.OPERATIONS[name])


def _lines(error: BaseException, file: str) -> list[int]:
    """Return the lines of a file that led to an error, the innermost last."""
    if isinstance(error, SyntaxError) and error.filename == file:
        return [error.lineno or 1]
    frames = traceback.extract_tb(error.__traceback__)
    return [frame.lineno or 1 for frame in frames if frame.filename == file]


def _first_line(error: BaseException) -> str:
    text = error.msg if isinstance(error, SyntaxError) else str(error)
    return (text.strip().splitlines() or ["no message"])[0]
