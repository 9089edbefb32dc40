"""Flags that are fields of a config: their types, ranges, choices and defaults are the config's."""

from collections.abc import Mapping
from typing import Any

from absl import flags

from snas_tf.config.accepted import Accepted, Config, OneOf, accepted_values

from . import path


def define(values: flags.FlagValues, defaults: Config, meanings: Mapping[str, str]) -> None:
    """Define a flag for each of some fields.

    Args:
        values: what the flags are defined in.
        defaults: the config with the defaults of the mode.
        meanings: the help of each field, by name.
    """
    fields = accepted_values(type(defaults))  # type: ignore[arg-type]  # A class has a hash.
    for name, meaning in meanings.items():
        accepted = fields[name]
        default = getattr(defaults, name)
        if isinstance(accepted.rule, OneOf):
            choices = list(accepted.rule.names)
            flags.DEFINE_enum(name, default, choices, meaning, flag_values=values)
        elif accepted.kind is bool:
            flags.DEFINE_boolean(name, default, meaning, flag_values=values)
            values[name].parser = _BooleanParser()
        elif accepted.kind is int:
            integers: flags.ArgumentSerializer[int] = flags.ArgumentSerializer()
            flags.DEFINE(IntegerParser(accepted), name, default, meaning, values, integers)
        elif accepted.kind is float:
            serializer: flags.ArgumentSerializer[float] = flags.ArgumentSerializer()
            flags.DEFINE(NumberParser(accepted), name, default, meaning, values, serializer)
        elif accepted.kind == tuple[str, ...]:
            names: Any = flags.CsvListSerializer(",")
            flags.DEFINE(NamesParser(), name, default, meaning, values, names)
        elif accepted.kind is str:
            flags.DEFINE_string(name, default, meaning, flag_values=values)
        else:
            path.define(values, name, meaning)


def read(values: flags.FlagValues, config_class: type[Config]) -> dict[str, Any]:
    """Return the fields of a config that have a flag in the mode, by name."""
    fields = accepted_values(config_class)  # type: ignore[arg-type]  # A class has a hash.
    return {name: values[name].value for name in fields if name in values}


class NumberParser(flags.FloatParser):
    """A number that a field accepts.

    Args:
        accepted: the values that the field accepts.
    """

    def __init__(self, accepted: Accepted) -> None:
        super().__init__()
        self._accepted = accepted
        self.syntactic_help = str(accepted)

    def convert(self, argument: str | float) -> float:
        """Return the value of the flag.

        Raises:
            ValueError: it is no number, or out of range.
        """
        try:
            return self._accepted.convert(float(argument))
        except ValueError as error:
            raise ValueError(f"accepted: {self._accepted}") from error


class IntegerParser(flags.IntegerParser):
    """An integer that a field accepts.

    Args:
        accepted: the values that the field accepts; every such field has a range.
    """

    def __init__(self, accepted: Accepted) -> None:
        rule: Any = accepted.rule
        super().__init__(rule.lowest, rule.highest)
        self._accepted = accepted
        self.syntactic_help = str(accepted)

    def convert(self, argument: str | int) -> int:
        """Return the value of the flag.

        Raises:
            ValueError: it is no integer.
        """
        try:
            return super().convert(argument)
        except ValueError as error:
            raise ValueError(f"accepted: {self._accepted}") from error


class NamesParser(flags.ListParser):
    """Names, separated by commas."""

    def parse(self, argument: str | list[str]) -> list[str]:
        """Return the names.

        Raises:
            ValueError: one is empty.
        """
        names = [name.strip() for name in super().parse(argument)]
        if not all(names):
            raise ValueError("an empty name, accepted: names, separated by commas")
        return names

    def flag_type(self) -> str:
        """Return what help calls it."""
        return "list of names"


class _BooleanParser(flags.BooleanParser):
    """True or false; a refusal says so."""

    def parse(self, argument: str | bool | int) -> bool:
        """Return the value of the flag.

        Raises:
            ValueError: it is neither.
        """
        try:
            return super().parse(argument)
        except ValueError as error:
            raise ValueError("accepted: true or false") from error
