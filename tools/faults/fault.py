"""A fault, and what came of it."""

import dataclasses
from collections.abc import Callable
from typing import Any

SURVIVED, REFUSED, LOST = "survived", "refused in one line", "lost"
"""What may come of a fault: the same end as without it; a message and an exit code; anything else,
such as a stack trace, a process that hangs, or other figures."""


@dataclasses.dataclass(frozen=True)
class Outcome:
    """What came of a fault.

    Attributes:
        kind: `SURVIVED`, `REFUSED` or `LOST`.
        words: the message, or what was lost.
    """

    kind: str
    words: str = ""


@dataclasses.dataclass(frozen=True)
class Fault:
    """Something that goes wrong.

    Attributes:
        group: heading of its row in the table.
        name: what goes wrong; unique.
        inject: makes it go wrong in a workplace, and judges what comes of it.
        quick: whether it takes a few seconds only.
    """

    group: str
    name: str
    inject: Callable[[Any], Outcome]
    quick: bool = False


def worst(outcomes: list[Outcome]) -> Outcome:
    """Sum up several outcomes of one fault: the first lost one, otherwise all, counted."""
    for outcome in outcomes:
        if outcome.kind == LOST:
            return outcome
    refused = [outcome for outcome in outcomes if outcome.kind == REFUSED]
    survived = len(outcomes) - len(refused)
    if not refused:
        return Outcome(SURVIVED, f"{survived} times")
    words = f"{survived} survived, {len(refused)} refused, such as: {refused[0].words}"
    return Outcome(REFUSED, words)
