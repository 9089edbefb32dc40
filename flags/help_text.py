"""What --help prints."""

import textwrap
from collections.abc import Mapping
from typing import Any

from absl import flags

from .modes import DEFAULT, MODES, Mode

ByMode = Mapping[str, flags.Flag]
"""The same flag in each mode that has it; its help and its default may differ."""

_WIDTH = 96
_TRAINING = ("search", "compare", "tune", "evaluate", "imagenet")
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
    "normal": "what the edges of the derived normal cell have: convolutions, poolings, skips, or "
    "zero, which drops an edge; a cell without convolutions has collapsed",
    "reduce": "the same of the reduce cell",
    "penalty's share": "of the gradient of log alpha, what comes from the penalty and not from "
    "the images: near 1, cells shrink whatever the accuracy",
    "images/s": "training images per second, validation and the first step left out",
    "left": "time to the end of the run at that rate, h:mm:ss",
}
"""The words of the line that every epoch ends with; the middle ones are a search's."""


def make(asked: Mapping[str, Mode], program: str) -> str:
    """Make the help of one mode, or of all: every flag once, with its defaults by mode.

    Args:
        asked: the modes, by name.
        program: its name in the usage line.
    """
    lines = [f"usage: {program} --mode=MODE [--FLAG=VALUE ...]", ""]
    lines += [f"  --mode={name:9} {mode.meaning}" for name, mode in asked.items()]
    if len(asked) == len(MODES):
        lines += ["", f"Without --mode: {DEFAULT}. --mode=MODE --help: that mode's flags only."]
    for names, grouped in group(asked).items():
        lines += ["", f"Flags of --mode={', '.join(names)}:", ""]
        for by_mode in grouped:
            lines += _describe(by_mode)
    lines += ["", "Flags of every mode:", "", _EVERY_MODE]
    if set(asked) & set(_TRAINING):
        lines += ["", "Every epoch ends with a line of:", ""]
        lines += [_indent(f"{word}: {meaning}") for word, meaning in EPOCH_LINE.items()]
    return "\n".join(lines)


def group(asked: Mapping[str, Mode]) -> dict[tuple[str, ...], list[ByMode]]:
    """Group flags by the modes that have them, in the order of definition.

    Args:
        asked: the modes, by name.

    Returns:
        For each set of modes the flags that those modes, and no others of `asked`, have.
    """
    defined = {name: mode.define(flags.FlagValues()) for name, mode in asked.items()}
    groups: dict[tuple[str, ...], list[ByMode]] = {}
    for flag in dict.fromkeys(flag for values in defined.values() for flag in values):
        by_mode = {name: values[flag] for name, values in defined.items() if flag in values}
        groups.setdefault(tuple(by_mode), []).append(by_mode)
    return groups


def format_usage(by_mode: ByMode) -> str:
    """Format a flag with the values that it accepts, such as --batch_size=<1 to 65536>."""
    flag = _longest_help(by_mode)
    return f"--[no]{flag.name}" if flag.boolean else f"--{flag.name}={_accepted(flag)}"


def format_meaning(by_mode: ByMode) -> str:
    """Format the help of a flag, without the accepted values that absl adds to it."""
    flag = _longest_help(by_mode)
    return flag.help.removeprefix(f"<{_accepted(flag)}>: ")


def format_default(by_mode: ByMode) -> str:
    """Format the default of a flag; where modes differ, that of each mode."""
    defaults = {name: _show(flag.default) for name, flag in by_mode.items()}
    if len(set(defaults.values())) == 1:
        return next(iter(defaults.values()))
    return ", ".join(f"{value} ({name})" for name, value in defaults.items())


def _describe(by_mode: ByMode) -> list[str]:
    meaning, default = format_meaning(by_mode), format_default(by_mode)
    return [f"  {format_usage(by_mode)}", _indent(f"    {meaning} Default: {default}.")]


def _longest_help(by_mode: ByMode) -> flags.Flag:
    return max(by_mode.values(), key=lambda flag: len(flag.help))


def _accepted(flag: flags.Flag) -> str:
    if isinstance(flag, flags.EnumFlag):
        return "|".join(flag.parser.enum_values)
    return f"<{flag.parser.syntactic_help or 'a name'}>"


def _show(default: Any) -> str:
    if default in (None, []):
        return "not given"
    if isinstance(default, tuple):
        return ",".join(map(str, default))
    return f"{default:g}" if isinstance(default, float) else str(default).lower()


def _indent(text: str) -> str:
    return textwrap.fill(text, _WIDTH, initial_indent="  ", subsequent_indent=" " * 6)
