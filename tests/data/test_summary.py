from snas_tf.data.summary import summarize


def test_of_many_classes_the_first_are_named():
    names = [f"class {number}" for number in range(1000)]
    lines = summarize({"train": 12345}, names, "8 x 8 pixels", False).splitlines()
    assert lines[0] == "images    12,345 train"
    assert lines[1].startswith("classes   1000: class 0, class 1, ")
    assert lines[1].endswith(", class 9, and 990 more")
    assert lines[3] == "mirrored  no"


def test_odd_names_take_one_line():
    summary = summarize({"train": 2}, ["a\nb\x1b", "é"], "8 x 8 pixels", True, ["left out of x\n"])
    assert len(summary.splitlines()) == 5
    assert r"2: a\nb\x1b, é" in summary
