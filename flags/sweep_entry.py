"""An entry of `--sweep`: a flag of a search, and the values that it takes from trial to trial."""

from typing import Any

from absl import flags

from snas_tf.config.sweep import Choices, Interval, Sweep, accepted_by_setting
from snas_tf.errors import UserError, quote, shorten_path

from . import penalty, search

EXAMPLE = "constraint_weight:0.01:1:log"
_LOG = "log"


def read(entry: str) -> tuple[str, Sweep]:
    """Read an entry, NAME:LOW:HIGH, NAME:LOW:HIGH:log or NAME:VALUE,VALUE,...

    Args:
        entry: one of --sweep.

    Returns:
        The name of the flag, and its values.

    Raises:
        UserError: there is no such flag, it may not vary, or a value is not accepted.
    """
    name, *parts = (part.strip() for part in entry.split(":"))
    values = flags.FlagValues()
    search.define(values)
    if name not in values:
        raise UserError(
            f"{_shown(entry)}: no flag of a search is called {quote(name)}, accepted: such as "
            f"{EXAMPLE}"
        )
    setting = search.field_of(name)
    accepted_by_setting(setting)
    if len(parts) == 1:
        texts = parts[0].split(",")
        levels = {text.strip(): _parse(text.strip(), name, values, entry) for text in texts}
        return name, Choices(setting, levels)
    if len(parts) == 2 or (len(parts) == 3 and parts[2] == _LOG):
        low, high = (_parse(text, name, values, entry) for text in parts[:2])
        return name, Interval(setting, low, high, log=len(parts) == 3)
    raise UserError(
        f"{_shown(entry)}: accepted: {name}:LOW:HIGH, {name}:LOW:HIGH:{_LOG} or {name}:A,B,..."
    )


def _parse(text: str, name: str, values: flags.FlagValues, entry: str) -> Any:
    """Parse a value as the flag does; a level of the constraint is its weight."""
    try:
        value: Any = values[name].parser.parse(text)
    except ValueError as error:
        raise UserError(f"{_shown(entry)}: received {quote(text)}, {error}") from error
    return penalty.CONSTRAINT_WEIGHTS[value] if name == "constraint" else value


def _shown(entry: str) -> str:
    return f"--sweep={shorten_path(entry)}"
