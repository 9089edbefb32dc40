import pytest

from snas_tf.errors import quote, shorten_path


def test_a_short_value_is_quoted_as_python_shows_it():
    assert [quote(value) for value in ("naïve", 3, None, [1, "a"])] == [
        "'naïve'",
        "3",
        "None",
        "[1, 'a']",
    ]


def nested(depth):
    value = []
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.parametrize(
    "value",
    [
        "x" * 10**6,
        "\n" * 10**6,
        ["x" * 99] * 99,
        {str(key): key for key in range(999)},
        nested(5000),
    ],
    ids=["text", "lines", "list", "object", "depth"],
)
def test_any_other_value_is_cut_to_one_line(value):
    assert len(quote(value)) <= 80
    assert "\n" not in quote(value)


def test_a_path_is_one_line_with_both_of_its_ends():
    assert shorten_path("runs/ä b/x.json") == "runs/ä b/x.json"
    assert shorten_path("a\nb") == r"a\nb"
    path = shorten_path("first/" + "x" * 4000 + "/last")
    assert len(path) < 200
    assert path.startswith("first/")
    assert path.endswith("/last")
