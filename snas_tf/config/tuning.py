"""The settings of a sweep over searches."""

import dataclasses
import functools
import itertools
import math
from collections.abc import Iterator, Mapping
from typing import Annotated, Any

from snas_tf.config import algorithms
from snas_tf.config.accepted import Config, OneOf, Range
from snas_tf.config.data import DataConfig
from snas_tf.config.search import SearchConfig
from snas_tf.config.sweep import BATCH_SIZE, Choices, Sweep
from snas_tf.config.training import ChildConfig
from snas_tf.errors import UserError, format_setting

TUNERS = ("random", "hyperband", "bayesian")
TRAINED = "trained_valid_accuracy"
OBJECTIVES = ("child_valid_accuracy", "search_valid_accuracy", TRAINED)

_TRIALS = 12
_MOST_CHECKED = 1000
_ALGORITHM = "algorithm"


@dataclasses.dataclass(frozen=True)
class TunerConfig(Config):
    """How the values of the trials are chosen.

    Attributes:
        tuner: one of `TUNERS`.
        objective: what is to be high, on validation images; one of `OBJECTIVES`.
        trials: their number; None for 12, or for all combinations where there are fewer. That of
            hyperband follows from the epochs.
        worker_timeout: seconds without a sign of life after which a worker is taken for lost.

    Raises:
        UserError: a value is not accepted, or hyperband is given a number of trials.
    """

    tuner: Annotated[str, OneOf(TUNERS)] = "random"
    objective: Annotated[str, OneOf(OBJECTIVES)] = "child_valid_accuracy"
    trials: Annotated[int | None, Range(1, 10_000)] = None
    worker_timeout: Annotated[float, Range(1, 86_400)] = 300.0

    def __post_init__(self) -> None:
        """Check every field, and that they go together."""
        super().__post_init__()
        if self.tuner == "hyperband" and self.trials is not None:
            raise UserError(
                f"`trials`={self.trials}: given with `tuner`=hyperband, whose number of trials "
                "follows from `epochs`, accepted: with random or bayesian"
            )


@dataclasses.dataclass(frozen=True)
class Tuning:
    """A sweep: searches that differ in some settings, and what is wanted of them.

    Attributes:
        tuner: how their values are chosen.
        sweeps: what differs, by name; a name is that of a setting, or of a flag that sets it.
        settings: other settings of all searches, by field of `SearchConfig`. An algorithm that is
            swept takes those that it has.
        child: how the child of a trial is trained from scratch; None for no such training. Its
            genotype is not read.

    Raises:
        UserError: nothing varies, two sweeps set the same, no algorithm has a setting, a
            combination of values is not accepted, or there are fewer combinations than trials. Of
            intervals both ends are tried, and of many combinations the first 1,000.
    """

    tuner: TunerConfig
    sweeps: Mapping[str, Sweep]
    settings: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    child: ChildConfig | None = None

    def __post_init__(self) -> None:
        """Check that these go together."""
        if not self.sweeps:
            raise UserError("`sweep`: none given, accepted: one or more, NAME:LOW:HIGH or NAME:A,B")
        fields = [sweep.setting for sweep in self.sweeps.values()]
        for name, sweep in self.sweeps.items():
            if fields.count(sweep.setting) > 1:
                raise UserError(f"{_shown(name, sweep)}: given twice, accepted: once")
            if not any(algorithms.get(one).has(sweep.setting) for one in self.algorithms):
                raise UserError(
                    f"{_shown(name, sweep)}: not a setting of `algorithm`="
                    f"{' or '.join(self.algorithms)}, accepted: with `algorithm`="
                    f"{' or '.join(algorithms.having(sweep.setting))}"
                )
        self._check_objective()
        self._check_budget()
        self._check_combinations()
        trials = self.tuner.trials
        if trials and trials > self.combinations:
            raise UserError(
                f"`trials`={trials}: more than the {self.combinations:.0f} combinations of the "
                f"values of `sweep`, accepted: 1 to {self.combinations:.0f}"
            )

    @property
    def algorithms(self) -> tuple[str, ...]:
        """The algorithms that search."""
        swept = self.sweeps.get(_ALGORITHM)
        if isinstance(swept, Choices):
            return tuple(swept.levels)
        return (self.settings.get(_ALGORITHM, SearchConfig.algorithm),)

    @property
    def epochs(self) -> int:
        """Epochs of a search where they do not vary."""
        return self.settings.get("epochs", SearchConfig.epochs)

    @functools.cached_property
    def combinations(self) -> float:
        """The number of combinations of values."""
        return sum(
            math.prod(self.sweeps[name].count for name in self.active(one) if name != _ALGORITHM)
            for one in self.algorithms
        )

    @property
    def num_trials(self) -> int:
        """The number of trials, but for hyperband."""
        return int(min(self.tuner.trials or _TRIALS, self.combinations))

    def active(self, algorithm: str) -> list[str]:
        """Return the names of the sweeps of which an algorithm has the setting."""
        spec = algorithms.get(algorithm)
        return [name for name, sweep in self.sweeps.items() if spec.has(sweep.setting)]

    def make_search(self, chosen: Mapping[str, Any]) -> SearchConfig:
        """Make the config of a trial's search.

        Args:
            chosen: a value of each active sweep, by name.

        Raises:
            UserError: the values do not go together.
        """
        settings = {**self.settings, **self.values(chosen)}
        spec = algorithms.get(settings.get(_ALGORITHM, SearchConfig.algorithm))
        given = {name: value for name, value in settings.items() if spec.has(name)}
        given.pop(BATCH_SIZE, None)
        return SearchConfig(**given)

    def make_data(self, chosen: Mapping[str, Any], data_config: DataConfig) -> DataConfig:
        """Make the config of a trial's images, which differs in the batch size at most."""
        values = self.values(chosen)
        own = {name: values[name] for name in values if name == BATCH_SIZE}
        return dataclasses.replace(data_config, **own)

    def corners(self) -> Iterator[dict[str, Any]]:
        """Yield combinations of both ends of intervals and of all choices; at most 1,000."""
        return itertools.islice(self._combine(), _MOST_CHECKED)

    def values(self, chosen: Mapping[str, Any]) -> dict[str, Any]:
        """Return the values of settings, by field."""
        return {self.sweeps[name].setting: self.sweeps[name].value(chosen[name]) for name in chosen}

    def describe(self, chosen: Mapping[str, Any]) -> dict[str, str]:
        """Format a value of each sweep, in the order of the sweeps, as a flag takes it."""
        return {
            name: chosen[name] if isinstance(sweep, Choices) else f"{sweep.value(chosen[name]):g}"
            for name, sweep in self.sweeps.items()
            if name in chosen
        }

    def _check_objective(self) -> None:
        if self.tuner.objective == TRAINED and self.child is None:
            raise UserError(
                f"`objective`={TRAINED}: of a training that is not asked for, accepted: with "
                "`trial_epochs`, its epochs"
            )

    def _check_budget(self) -> None:
        if self.tuner.tuner != "hyperband":
            return
        if "epochs" in self.sweeps:
            raise UserError(
                f"{_shown('epochs', self.sweeps['epochs'])}: given with `tuner`=hyperband, which "
                "divides `epochs` itself, accepted: with random or bayesian"
            )
        if self.epochs < 3:
            raise UserError(
                f"`epochs`={self.epochs}: given with `tuner`=hyperband, which continues a third of "
                "the searches for three times as long, accepted: 3 or more"
            )

    def _check_combinations(self) -> None:
        for chosen in self.corners():
            try:
                self.make_search(chosen)
            except UserError as error:
                shown = " ".join(f"{name}={text}" for name, text in self.describe(chosen).items())
                raise UserError(f"`sweep`: with {shown}: {error}") from error

    def _combine(self) -> Iterator[dict[str, Any]]:
        for algorithm in self.algorithms:
            names = self.active(algorithm)
            ends = [
                (algorithm,) if name == _ALGORITHM else self.sweeps[name].ends for name in names
            ]
            for values in itertools.product(*ends):
                yield dict(zip(names, values, strict=True))


def _shown(name: str, sweep: Sweep) -> str:
    return format_setting("sweep", f"{name}:{sweep}")
