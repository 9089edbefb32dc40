"""An entry of `--algorithms`: the name of an algorithm, and settings of its own."""

from collections.abc import Sequence

from absl import flags

from snas_tf.config import SearchConfig, algorithms
from snas_tf.errors import UserError, quote, shorten_path

from . import penalty, search

EXAMPLE = "snas,darts:darts_order=2"
_NOT_OWN = ("algorithm", "space", "operations", "num_seeds")
_BETWEEN = ":"


def read(entry: str, shared: flags.FlagValues) -> SearchConfig:
    """Read an entry, NAME or NAME:SETTING=VALUE:..., as the flags of a search are read.

    Args:
        entry: one of --algorithms.
        shared: the flags of the comparison; those that are given and that the algorithm has count
            where the entry does not say otherwise.

    Raises:
        UserError: there is no such algorithm, or a setting is not accepted.
    """
    name, *settings = entry.split(_BETWEEN)
    _get(name)
    values = flags.FlagValues()
    search.define(values)
    own = [_setting_of(one, entry, values) for one in settings]
    if len(set(own)) < len(own):
        raise UserError(f"{_shown(entry)}: a setting twice, accepted: once")
    _take_shared(values, shared, name, set(own))
    try:
        values(["", f"--algorithm={name}", *(f"--{one}" for one in settings)])
        search.adapt_defaults(values)
        return search.config(values)
    except (UserError, flags.Error) as error:
        raise UserError(f"{_shown(entry)}: {error}") from error


def check_shared(values: flags.FlagValues, entries: Sequence[str]) -> None:
    """Check that every flag that is given is one of some algorithm that is compared.

    Raises:
        UserError: one is not, or there is no such algorithm.
    """
    specs = [_get(entry.split(_BETWEEN)[0]) for entry in entries]
    for name in search.given(values):
        field = search.field_of(name)
        if not any(spec.has(field) for spec in specs):
            raise UserError(
                f"--{name}={values[name].value}: not a flag of --algorithms={','.join(entries)}, "
                f"accepted: with {' or '.join(algorithms.having(field))} among them"
            )


def _get(name: str) -> algorithms.AlgorithmSpec:
    if name not in algorithms.ALGORITHMS:
        known = ", ".join(algorithms.ALGORITHMS)
        raise UserError(f"--algorithms={shorten_path(name)}: unknown, accepted: {known}")
    return algorithms.get(name)


def _setting_of(text: str, entry: str, values: flags.FlagValues) -> str:
    """Return the name of what `SETTING=VALUE` sets."""
    name, given, _ = text.partition("=")
    fields = SearchConfig.__dataclass_fields__.keys() - set(_NOT_OWN)
    if not (given and name in values and search.field_of(name) in fields):
        raise UserError(
            f"{_shown(entry)}: received {quote(text)} after {_BETWEEN!r}, accepted: SETTING=VALUE, "
            "with a setting of the algorithm, of its network or its training, such as epochs=10"
        )
    return name


def _take_shared(
    values: flags.FlagValues, shared: flags.FlagValues, name: str, own: set[str]
) -> None:
    """Take the flags of the comparison that the algorithm has and the entry does not replace."""
    spec = algorithms.get(name)
    replaced = own | (set(penalty.ALTERNATIVES) if own & set(penalty.ALTERNATIVES) else set())
    for flag in search.given(shared):
        if flag in values and flag not in replaced and spec.has(search.field_of(flag)):
            setattr(values, flag, shared[flag].value)


def _shown(entry: str) -> str:
    return f"--algorithms={shorten_path(entry)}"
