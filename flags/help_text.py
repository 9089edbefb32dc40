"""What --help prints."""

import textwrap
from collections.abc import Mapping
from typing import Any

from absl import flags

from .modes import DEFAULT, MODES, Mode

_WIDTH = 96
_TRAINING = ("search", "evaluate", "imagenet")
_EVERY_MODE = """\
  --flagfile=FILE
      Take the flags of a file, one a line: presets/NAME.flags, from any directory, or your own.
      A flag that comes later counts.
  -h, --help
      Print this and exit; with a --mode, the flags of that mode only.
  --helpfull
      Print the flags of the libraries too."""
EPOCH_LINE = {
    "loss": "what is minimized: cross entropy in nats, with a search's penalty or the auxiliary "
    "classifier's loss; mean over the epoch's training steps",
    "accuracy": "share of the training images classified correctly, mean over the same steps",
    "valid": "the same share of the validation images, after the epoch; nan if there are none",
    "entropy": "mean over the edges of the operations' distribution, in nats: 2.08, ln 8, is "
    "undecided, 0 is decided; of the normal and of the reduce cell",
    "child": "expected parameters, in millions, of a child drawn from the distribution",
    "dropped": "edges whose most probable operation is none, in the normal + the reduce cell",
    "penalty's share": "of the gradient of log alpha, what comes from the penalty and not from "
    "the images: near 1, cells shrink whatever the accuracy",
    "images/s": "training images per second, validation and the first step left out",
    "left": "time to the end of the run at that rate, h:mm:ss",
}
"""The words of the line that every epoch ends with; the middle ones are a search's."""


def make(asked: Mapping[str, Mode], program: str) -> str:
    """The help of one mode, or of all: every flag once, with its defaults by mode.

    Args:
        asked: the modes by name.
        program: its name in the usage line.
    """
    lines = [f"usage: {program} --mode=MODE [--FLAG=VALUE ...]", ""]
    lines += [f"  --mode={name:9} {mode.meaning}" for name, mode in asked.items()]
    if len(asked) == len(MODES):
        lines += ["", f"Without --mode: {DEFAULT}. --mode=MODE --help: that mode's flags only."]
    defined = {name: mode.define(flags.FlagValues()) for name, mode in asked.items()}
    for names, grouped in _group(defined).items():
        lines += ["", f"Flags of --mode={', '.join(names)}:", ""]
        for flag in grouped:
            lines += _describe({name: defined[name][flag] for name in names})
    lines += ["", "Flags of every mode:", "", _EVERY_MODE]
    if set(asked) & set(_TRAINING):
        lines += ["", "Every epoch ends with a line of:", ""]
        lines += [_indent(f"{word}: {meaning}") for word, meaning in EPOCH_LINE.items()]
    return "\n".join(lines)


def _group(defined: Mapping[str, flags.FlagValues]) -> dict[tuple[str, ...], list[str]]:
    """Names of flags by the modes that have them, in the order of definition."""
    groups: dict[tuple[str, ...], list[str]] = {}
    for flag in dict.fromkeys(flag for values in defined.values() for flag in values):
        names = tuple(name for name, values in defined.items() if flag in values)
        groups.setdefault(names, []).append(flag)
    return groups


def _describe(by_mode: Mapping[str, flags.Flag]) -> list[str]:
    """A flag: its values, its meaning, its default in each mode."""
    flag = max(by_mode.values(), key=lambda flag: len(flag.help))
    meaning = flag.help.removeprefix(f"<{_accepted(flag)}>: ")  # absl's own addition
    defaults = {name: _show(flag.default) for name, flag in by_mode.items()}
    default = next(iter(defaults.values()))
    if len(set(defaults.values())) > 1:
        default = ", ".join(f"{value} ({name})" for name, value in defaults.items())
    head = f"--[no]{flag.name}" if flag.boolean else f"--{flag.name}={_accepted(flag)}"
    return [f"  {head}", _indent(f"    {meaning} Default: {default}.")]


def _accepted(flag: flags.Flag) -> str:
    if isinstance(flag, flags.EnumFlag):
        return "|".join(flag.parser.enum_values)
    return f"<{flag.parser.syntactic_help or 'a name'}>"


def _show(default: Any) -> str:
    if default is None:
        return "not given"
    return f"{default:g}" if isinstance(default, float) else str(default).lower()


def _indent(text: str) -> str:
    return textwrap.fill(text, _WIDTH, initial_indent="  ", subsequent_indent=" " * 6)
