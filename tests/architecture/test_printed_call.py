import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from snas_tf.architecture.printed_call import parse_arguments

ITEMS = st.integers(0, 10**9 - 1) | st.from_regex(r"[ -&(-\[\]-~]*", fullmatch=True)
VALUES = st.lists(ITEMS | st.lists(ITEMS, max_size=3), max_size=4)


@settings(deadline=None)
@given(st.dictionaries(st.sampled_from(["a", "b1", "_c"]), VALUES))
def test_what_python_prints_is_read(arguments):
    printed = ", ".join(f"{name}={value!r}" for name, value in arguments.items())
    text = f"before ({printed}) after"
    assert parse_arguments(text, 7, []) == (arguments, len(text) - 6)


def test_tuples_ranges_positions_comments_and_old_strings_are_read():
    text = "((u'a', 1,), b=range(2, 6) , # no )\n c = \\\n [ ( \"x\", ) ], )"
    values, end = parse_arguments(text, 0, ["first", "b"])
    assert values == {"first": ["a", 1], "b": [2, 3, 4, 5], "c": [["x"]]}
    assert end == len(text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("(a=[1", "the text ends too early"),
        ("(a=[1 2])", r"received '2', accepted: ,"),
        ("(a=[1,,2])", "a: received ','"),
        ("(a=[-1])", "received '-1"),
        ("(a=open('x'))", "a: received 'open', accepted: a list or range"),
        ("(a=[x for x in y])", "a: received 'x'"),
        ("(a=[1], a=[2])", "a comes twice"),
        ("([1], [2])", "accepted: \\)"),
        ("(a=range(1, 2, 0))", "a: received range"),
        ("(a=range('x'))", "a: received range"),
        ("(a=range([1]))", "a: received '\\['"),
        ("(a=[9999999999])", "an integer of 10 digits"),
        (r"(a=['\x41'])", "received"),
        ("(a='''x''')", "received"),
        ("(a=f'x')", "a: received 'f'"),
        ("(a=1 if 1 else 2)", "received 'if'"),
    ],
)
def test_anything_else_is_a_value_error(text, message):
    with pytest.raises(ValueError, match=message):
        parse_arguments(text, 0, ["first"])


def test_a_range_takes_no_more_memory_than_64_numbers():
    assert parse_arguments("(a=range(2, 999999999))", 0, [])[0] == {"a": [*range(2, 66)]}


@pytest.mark.parametrize(
    "inner",
    [
        "[" * 500_000,
        "(" * 500_000,
        "1 if 1 else " * 50_000,
        "#" * 500_000,
        "# #\n" * 100_000 + "!",
        " " * 500_000,
        "\\\n" * 200_000,
        "[" + "1, " * 60_000,
        "'" * 499_999,
        "x" * 500_000,
        "9" * 500_000,
        "range(" * 100_000,
        "[1]=" * 100_000,
    ],
    ids=lambda inner: f"{inner[:12]!r}",
)
def test_hostile_arguments_are_refused_at_once_in_few_words(inner):
    started = time.thread_time()
    with pytest.raises(ValueError, match=r"received|early") as caught:
        parse_arguments(f"(a={inner}", 0, [])
    assert time.thread_time() - started < 10
    assert len(str(caught.value)) < 200
