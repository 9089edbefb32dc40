"""Values that fields accept, and messages that refuse others."""

import dataclasses
import math
import pathlib
from typing import Annotated

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from snas_tf.config.accepted import Config, OneOf, Range, accepted_values
from snas_tf.errors import UserError


@dataclasses.dataclass(frozen=True)
class Example(Config):
    size: Annotated[int, Range(2, 8, even=True)] = 4
    share: Annotated[float, Range(0, 1, below=True)] = 0.5
    rate: Annotated[float | None, Range(0, above=True)] = None
    scale: Annotated[str, OneOf(("linear", "log"))] = "log"
    name: str = ""
    fast: bool = False
    maybe: bool | None = None
    place: pathlib.Path | None = None
    names: tuple[str, ...] = ()


@given(st.integers(-20, 20))
def test_an_even_number_between_two_bounds(value):
    if value in (2, 4, 6, 8):
        assert Example(size=value).size == value
    else:
        with pytest.raises(UserError, match=f"`size`={value}: .*an even number, 2 to 8$"):
            Example(size=value)


@given(st.floats())
def test_bounds_that_are_left_out_and_numbers_that_are_not_finite(value):
    def accepts(name):
        try:
            Example(**{name: value})
        except UserError:
            return False
        return True

    assert accepts("share") == (0 <= value < 1)
    assert accepts("rate") == (0 < value < math.inf)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"size": "4"}, "`size`='4': not an integer, accepted: an even number, 2 to 8"),
        ({"size": 4.0}, "`size`=4.0: not an integer, accepted: an even number, 2 to 8"),
        ({"size": True}, "`size`=True: not an integer, accepted: an even number, 2 to 8"),
        ({"share": "0.5"}, "`share`='0.5': not a number, accepted: a number, 0 to less than 1"),
        ({"share": False}, "`share`=False: not a number, accepted: a number, 0 to less than 1"),
        ({"share": None}, "`share`=None: not a number, accepted: a number, 0 to less than 1"),
        ({"rate": 0}, "`rate`=0: out of range, accepted: a number, > 0, or None"),
        ({"rate": 10**400}, "`rate`=1000"),
        ({"scale": "root"}, "`scale`=root: unknown, accepted: linear, log"),
        ({"scale": 3}, "`scale`=3: not a text, accepted: linear, log"),
        ({"fast": 1}, "`fast`=1: neither True nor False, accepted: True or False"),
        ({"maybe": "no"}, "`maybe`='no': neither True nor False, accepted: True or False, or None"),
        ({"place": 3}, "`place`=3: not a path, accepted: a path, or None"),
        ({"place": ""}, "`place`=: not a path, accepted: a path, or None"),
        ({"place": "~no_such_user/x"}, "`place`=~no_such_user/x: not a path"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_a_refusal_names_the_field_what_was_received_and_what_is_accepted(settings, message):
    with pytest.raises(UserError) as error:
        Example(**settings)
    assert str(error.value).startswith(message)
    assert len(str(error.value)) < 200


def test_numbers_of_numpy_and_integers_for_numbers_are_kept_as_pythons():
    example = Example(size=np.int64(6), share=np.float32(0.25), rate=2)
    assert (example.size, example.share, example.rate) == (6, 0.25, 2.0)
    assert [type(value) for value in (example.size, example.share, example.rate)] == [
        int,
        float,
        float,
    ]


def test_a_text_becomes_a_path_and_its_tilde_the_home_directory(monkeypatch):
    monkeypatch.setenv("HOME", "/home/ada")
    assert Example(place="~/x y").place == pathlib.Path("/home/ada/x y")
    assert Example(place="a/~/b").place == pathlib.Path("a/~/b")
    assert Example(place=pathlib.Path("~/x")).place == pathlib.Path("~/x")
    assert Example(name=pathlib.Path("cells/a.json")).name == "cells/a.json"


def test_a_changed_copy_is_checked_too():
    with pytest.raises(UserError, match="`size`=3"):
        dataclasses.replace(Example(), size=3)


def test_what_is_accepted_reads_as_a_sentence_of_help():
    assert [str(accepted) for accepted in accepted_values(Example).values()] == [
        "an even number, 2 to 8",
        "a number, 0 to less than 1",
        "a number, > 0",
        "linear, log",
        "a text",
        "True or False",
        "True or False",
        "a path",
        "names",
    ]


@pytest.mark.parametrize("value", [["a", "b"], ("a", "b"), [pathlib.Path("a"), "b"]])
def test_a_list_of_names_becomes_a_tuple(value):
    assert Example(names=value).names == ("a", "b")


@pytest.mark.parametrize("value", ["a,b", None, {"a"}])
def test_what_is_no_list_of_names_is_refused(value):
    with pytest.raises(UserError, match=r"^`names`=.*: not a list of names, accepted: names$"):
        Example(names=value)
