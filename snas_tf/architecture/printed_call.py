"""The arguments of a call as Python prints it, read as plain data.

Python's own parser is not used: on hostile text it takes quadratic time or exhausts the stack.
"""

import re
from collections.abc import Sequence
from typing import Any

from snas_tf.errors import quote

_TOKEN = re.compile(
    r"""(?:\s++|\\\n|\#[^\n]*+)*+
    (?:[uU]?(?P<string>'[^'\\\n]*+'|"[^"\\\n]*+")
    |(?P<number>\d++)
    |(?P<name>[^\W\d]\w*+)
    |(?P<mark>[()\[\],=]))""",
    re.VERBOSE,
)
_MAX_DEPTH = 4
_MAX_DIGITS = 9
_MAX_LENGTH = 64  # of a range, to limit memory
_MOST_SHOWN = 20  # characters shown of an unknown token
_CLOSING = {"(": ")", "[": "]"}


def parse_arguments(text: str, start: int, names: Sequence[str]) -> tuple[dict[str, Any], int]:
    """The arguments of a call: strings, integers below 10^9, and lists of either, by name.

    Args:
        text: holds the call, and anything before and after it.
        start: where the call's opening parenthesis is.
        names: names of the parameters, in order, for arguments by position.

    Returns:
        The values; tuples are lists, and so is `range(...)`, cut after 64 items. And where the
        text goes on after the closing parenthesis.

    Raises:
        ValueError: the text is no such call; names what was received.
    """
    reader = _Reader(text, start)
    reader.take("(")
    values: dict[str, Any] = {}
    while reader.peek() != ")":
        name, value = reader.argument(names[len(values) : len(values) + 1])
        if name in values:
            raise ValueError(f"{name} comes twice")
        values[name] = value
        if reader.peek() != ")":
            reader.take(",")
    reader.take(")")
    return values, reader.position


class _Reader:
    """Reader of tokens."""

    def __init__(self, text: str, position: int) -> None:
        self.text = text
        self.position = position

    def _match(self) -> re.Match[str]:
        match = _TOKEN.match(self.text, self.position)
        if match is None:
            rest = self.text[self.position : self.position + 200].strip()
            raise ValueError(
                f"received {quote(rest[:_MOST_SHOWN])}" if rest else "the text ends too early"
            )
        return match

    def peek(self) -> str:
        """The next token."""
        match = self._match()
        return match[str(match.lastgroup)]

    def take(self, *accepted: str) -> tuple[str, str]:
        """Read the next token; return its kind and text.

        Raises:
            ValueError: it is none of those that are accepted, if any are given.
        """
        match = self._match()
        kind = str(match.lastgroup)
        token = match[kind]
        if accepted and token not in accepted:
            raise ValueError(f"received {quote(token)}, accepted: {' or '.join(accepted)}")
        self.position = match.end()
        return kind, token

    def argument(self, next_name: Sequence[str]) -> tuple[str, Any]:
        """One argument with its name, which is `next_name` where it has none."""
        kind, token = self.take()
        if kind == "name" and self.peek() == "=":
            self.take("=")
            return token, self.value(token, *self.take())
        if not next_name:
            raise ValueError(f"received {quote(token)}, accepted: )")
        return next_name[0], self.value(next_name[0], kind, token)

    def value(self, name: str, kind: str, token: str, depth: int = 0) -> Any:
        """The value that begins with a token; `name` is the argument's, for messages."""
        if kind == "string":
            return token[1:-1]
        if kind == "number":
            if len(token) > _MAX_DIGITS:
                raise ValueError(f"{name}: received an integer of {len(token)} digits")
            return int(token)
        deeper = depth < _MAX_DEPTH
        if deeper and token == "range" and self.peek() == "(":
            return self._range(name)
        if not deeper or token not in _CLOSING:
            raise ValueError(
                f"{name}: received {quote(token)}, accepted: a list or range(START, STOP)"
            )
        return self._items(name, _CLOSING[token], depth + 1)

    def _items(self, name: str, closing: str, depth: int) -> list[Any]:
        items = []
        while self.peek() != closing:
            items.append(self.value(name, *self.take(), depth))
            if self.peek() != closing:
                self.take(",")
        self.take(closing)
        return items

    def _range(self, name: str) -> list[int]:
        self.take("(")
        items = self._items(name, ")", _MAX_DEPTH)
        try:
            return list(range(*items)[:_MAX_LENGTH])
        except (TypeError, ValueError) as error:
            raise ValueError(
                f"{name}: received range with {quote(items)}, accepted: range(START, STOP)"
            ) from error
