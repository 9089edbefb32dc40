"""Sweeps: the values that a setting takes from trial to trial."""

import dataclasses
import math
from collections.abc import Mapping, Sequence
from typing import Any

from snas_tf.config.accepted import Accepted, accepted_values
from snas_tf.config.data import DataConfig
from snas_tf.config.search import SearchConfig
from snas_tf.errors import UserError, format_setting

BATCH_SIZE = "batch_size"
"""The one setting of the images that may vary: it changes neither them nor what is held out."""

_FIXED = ("num_seeds", "space", "operations", "latency_table")
_DIGITS = 4
"""Significant digits of a number from an interval, so that it is exact as it is printed."""


@dataclasses.dataclass(frozen=True)
class Choices:
    """Several values of a setting.

    Attributes:
        setting: the field of `SearchConfig`, or `BATCH_SIZE`.
        levels: the values, by what they are called.

    Raises:
        UserError: there are fewer than two, two alike, or one that the setting does not accept.
    """

    setting: str
    levels: Mapping[str, Any]

    def __post_init__(self) -> None:
        """Check and convert the values."""
        accepted = accepted_by_setting(self.setting)
        converted = {
            name: _convert(self.setting, value, accepted) for name, value in self.levels.items()
        }
        object.__setattr__(self, "levels", converted)
        values = list(converted.values())
        if len(values) < 2 or any(values.count(one) > 1 for one in values):
            raise UserError(
                f"{_shown(self.setting, ','.join(converted))}: accepted: two or more values, none "
                "twice"
            )

    @property
    def ends(self) -> Sequence[str]:
        """What a check of combinations tries: every value."""
        return list(self.levels)

    @property
    def count(self) -> float:
        """The number of values."""
        return len(self.levels)

    def value(self, chosen: str) -> Any:
        """Return the value of a name."""
        return self.levels[chosen]

    def __str__(self) -> str:
        """Describe it, as in "a,b,c"."""
        return ",".join(self.levels)


@dataclasses.dataclass(frozen=True)
class Interval:
    """All numbers between two.

    Attributes:
        setting: the field of `SearchConfig`, or `BATCH_SIZE`.
        low: the least one.
        high: the greatest one.
        log: whether their logarithms, not they, are drawn with equal probability.

    Raises:
        UserError: the setting is no number or does not accept an end, `low` is not less than
            `high`, or there is no logarithm.
    """

    setting: str
    low: float
    high: float
    log: bool = False

    def __post_init__(self) -> None:
        """Check that it is one."""
        accepted = self._accepted
        if accepted.kind not in (int, float):
            raise UserError(f"{_shown(self.setting, self)}: no number, accepted: values, as in A,B")
        for name in ("low", "high"):
            end = _convert(self.setting, getattr(self, name), accepted)
            object.__setattr__(self, name, end)
        if not self.low < self.high:
            raise UserError(f"{_shown(self.setting, self)}: empty, accepted: the least first")
        if self.log and self.low <= 0:
            raise UserError(f"{_shown(self.setting, self)}: no logarithm, accepted: more than 0")
        if self.log and self.step > 1:
            raise UserError(f"{_shown(self.setting, self)}: even numbers, accepted: without log")

    @property
    def is_integer(self) -> bool:
        """Whether its numbers are integers."""
        return self._accepted.kind is int

    @property
    def step(self) -> int:
        """Distance of its integers: 2 where the setting accepts even ones only."""
        return 2 if getattr(self._accepted.rule, "even", False) else 1

    @property
    def ends(self) -> Sequence[float]:
        """What a check of combinations tries: both ends."""
        return (self.low, self.high)

    @property
    def count(self) -> float:
        """The number of values."""
        return (self.high - self.low) // self.step + 1 if self.is_integer else math.inf

    def value(self, chosen: float) -> float:
        """Return a number as the setting takes it: rounded, and within the interval."""
        rounded = int(chosen) if self.is_integer else float(f"{chosen:.{_DIGITS}g}")
        return min(max(rounded, self.low), self.high)

    def __str__(self) -> str:
        """Describe it, as in "0.01:1:log"."""
        return f"{self.low:g}:{self.high:g}{':log' * self.log}"

    @property
    def _accepted(self) -> Accepted:
        return accepted_by_setting(self.setting)


Sweep = Choices | Interval


def accepted_by_setting(setting: str) -> Accepted:
    """The values that a setting accepts.

    Raises:
        UserError: it may not vary from trial to trial.
    """
    if setting == BATCH_SIZE:
        return accepted_values(DataConfig)[BATCH_SIZE]
    fields = accepted_values(SearchConfig)
    if setting not in fields or setting in _FIXED:
        raise UserError(
            f"{format_setting('sweep', setting)}: may not vary from trial to trial, accepted: a "
            "setting of the algorithm, of its network or its training"
        )
    return fields[setting]


def _convert(setting: str, value: Any, accepted: Accepted) -> Any:
    try:
        return accepted.convert(value)
    except ValueError as error:
        raise UserError(f"{_shown(setting, value)}: {error}, accepted: {accepted}") from error


def _shown(setting: str, values: object) -> str:
    return format_setting("sweep", f"{setting}:{values}")
