import dataclasses
import json

import pytest

from snas_tf.architecture import latency_file
from snas_tf.errors import UserError
from tests.latency_tables import make_table, write_table


def test_a_table_is_read_as_it_was_written(tmp_path):
    written, path = make_table(), write_table(tmp_path / "a table.json")
    read = latency_file.read(path)
    assert (read.source, len(read.digest)) == (str(path), 64)
    assert dataclasses.replace(read, source="", digest="") == written


def test_another_content_has_another_digest(tmp_path):
    one = latency_file.read(write_table(tmp_path / "one.json"))
    other = latency_file.read(write_table(tmp_path / "other.json", call=0.6))
    assert one.digest != other.digest


def change(*keys, value):
    def edit(content):
        for key in keys[:-1]:
            content = content[key]
        content[keys[-1]] = value

    return edit


def remove(*keys):
    def edit(content):
        for key in keys[:-1]:
            content = content[key]
        del content[keys[-1]]

    return edit


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        (change("version", value=2), "version: received 2, accepted: 1"),
        (change("space", value="other"), "space: received 'other', accepted: one of darts"),
        (change("space", value=["darts"]), r"space: received \['darts'\]"),
        (change("num_cells", value=0), "num_cells: received 0, accepted: a whole number, 1 to 200"),
        (change("num_cells", value=True), "num_cells: received True"),
        (change("init_channels", value=3), "init_channels: received 3, accepted: an even number"),
        (change("runtime", value="onnx"), "runtime: received 'onnx', accepted: one of tensorflow"),
        (change("machine", value={"cores": 2}), "machine: received .*accepted: texts by name"),
        (change("call", value="fast"), "call: received 'fast', accepted: a number"),
        (change("parts", value={}), "parts: received {}, accepted: a list"),
        (change("parts", 3, value=7), r"parts\[3\]: received 7, accepted: an object"),
        (change("parts", 3, "median", value=0), r"parts\[3\].median: received 0, accepted: .* > 0"),
        (change("parts", 3, "median", value=None), r"parts\[3\].median: received None"),
        (change("parts", 3, "upper", value=1e-9), r"parts\[3\]: received .*lower <= median"),
        (change("parts", 3, "size", value=[8]), r"parts\[3\].size: received \[8\]"),
        (change("parts", 3, "kind", value="edge"), r"parts\[3\].kind: received 'edge'"),
        (change("parts", 3, "more", value=1), r"unknown entry parts\[3\].'more'"),
        (change("speed", value=1), "unknown entry 'speed'"),
        (remove("node"), "node is missing"),
        (remove("parts", 0, "stride"), r"parts\[0\].stride is missing"),
        (lambda content: content["parts"].append(content["parts"][0]), r"parts\[45\].* twice"),
    ],
)
def test_a_damaged_table_is_one_line_that_names_file_and_entry(tmp_path, edit, words):
    path = write_table(tmp_path / "t.json")
    content = json.loads(path.read_text())
    edit(content)
    path.write_text(json.dumps(content))
    with pytest.raises(UserError, match=rf"t\.json: no latency table \({words}") as error:
        latency_file.read(path)
    assert "accepted: a file that `kind`=latency has written" in str(error.value)


@pytest.mark.parametrize("text", ["", "[]", "{}", "hello", '{"version": 1}', '{"call": NaN}'])
def test_another_file_is_refused(tmp_path, text):
    path = tmp_path / "other.json"
    path.write_text(text)
    with pytest.raises(UserError, match=r"other\.json: no latency table"):
        latency_file.read(path)


def test_a_cut_file_is_refused_wherever_it_ends(tmp_path):
    text = write_table(tmp_path / "whole.json").read_text().rstrip()
    path = tmp_path / "cut.json"
    for end in range(0, len(text), 97):
        path.write_text(text[:end])
        with pytest.raises(UserError, match=r"cut\.json: no latency table"):
            latency_file.read(path)
