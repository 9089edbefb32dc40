import dataclasses
import json

import pytest

from snas_tf.config import ChildConfig, DataConfig, RunConfig, SearchConfig
from snas_tf.errors import UserError
from snas_tf.runs import run_record
from snas_tf.runs.run_record import RunRecord
from snas_tf.workflows.search import Search
from tests.latency_tables import write_table

IMAGES = {"class_names": ["cat", "dog"], "images": [20, 10], "digest": "0a1b"}
GENOTYPE = {"normal": [["skip_connect", 0]], "reduce": []}
INPUTS = {"images": IMAGES, "genotype": GENOTYPE}
RECORD = RunRecord("evaluate", {"epochs": 3, "seed": 7, "dataset": "folder"}, INPUTS)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "run"


def refusal(now, before, path, may_grow=()):
    """The one line with which a record is refused."""
    with pytest.raises(UserError) as error:
        now.check_against(before, path, may_grow)
    message = str(error.value)
    assert len(message.splitlines()) == 1
    assert str(path) in message
    assert "accepted: " in message
    return message


def changed(**settings):
    return dataclasses.replace(RECORD, settings={**RECORD.settings, **settings})


def test_the_same_record_goes_on(path):
    RECORD.check_against(RECORD, path)
    RECORD.check_against(RunRecord(**json.loads(json.dumps(dataclasses.asdict(RECORD)))), path)


def test_another_kind_is_refused_before_anything_else(path):
    message = refusal(RunRecord("search", {"epochs": 1}), RECORD, path)
    assert message.startswith("`kind`=search: ")
    assert "`kind`=evaluate" in message


@pytest.mark.parametrize(
    ("settings", "start", "before"),
    [
        ({"epochs": 4}, "`epochs`=4: ", "`epochs`=3"),
        ({"epochs": 2}, "`epochs`=2: ", "`epochs`=3"),
        ({"dataset": "digits"}, "`dataset`=digits: ", "`dataset`=folder"),
        ({"new": 1.5}, "`new`=1.5: ", "`new`=None"),
        ({"seed": 8, "epochs": 4}, "`epochs`=4: ", "`epochs`=3"),  # the first by name
    ],
)
def test_a_setting_that_differs_is_named_with_both_values(path, settings, start, before):
    message = refusal(changed(**settings), RECORD, path)
    assert message.startswith(start)
    assert before in message


def test_a_setting_that_is_no_longer_there_is_named(path):
    assert refusal(RECORD, changed(old=True), path).startswith("`old`=None: ")


def test_a_setting_that_may_grow_may_be_greater_and_not_less(path):
    changed(epochs=4).check_against(RECORD, path, {"epochs"})
    assert refusal(changed(epochs=2), RECORD, path, {"epochs"}).startswith("`epochs`=2: ")
    assert refusal(changed(epochs=4), RECORD, path, {"seed"}).startswith("`epochs`=4: ")


def test_the_number_of_epochs_is_refused_with_a_reason(path):
    assert "schedules" in refusal(changed(epochs=4), RECORD, path)
    assert "schedules" not in refusal(changed(seed=8), RECORD, path)


@pytest.mark.parametrize(
    ("name", "content", "start"),
    [
        ("images", {**IMAGES, "digest": "0a1c"}, "`data_dir`: "),
        ("images", {**IMAGES, "class_names": ["cat", "cow"]}, "`data_dir`: "),
        ("genotype", {**GENOTYPE, "reduce": [["none", 0]]}, "`genotype`: "),
        ("initial_weights", {"step": 5, "digest": "77"}, "`initial_weights`: "),
    ],
)
def test_an_input_whose_content_differs_is_named_by_its_flag(path, name, content, start):
    now = RECORD.with_inputs(**{**INPUTS, name: content})
    assert refusal(now, RECORD, path).startswith(start)
    assert refusal(RECORD, now, path).startswith(start)


def test_of_several_inputs_that_differ_the_first_by_name_is_named(path):
    names = ["initial_weights", "images", "genotype"]
    before, now = (RECORD.with_inputs(**dict.fromkeys(names, value)) for value in (1, 2))
    assert refusal(now, before, path).startswith("`genotype`: ")


def test_what_differs_in_the_images_is_said(path):
    counts = RECORD.with_inputs(**{**INPUTS, "images": {**IMAGES, "images": [21, 10]}})
    assert "(images: [21, 10], [20, 10] before)" in refusal(counts, RECORD, path)
    pixels = RECORD.with_inputs(**{**INPUTS, "images": {**IMAGES, "digest": "0a1c"}})
    assert "before" not in refusal(pixels, RECORD, path)
    assert "0a1c" not in refusal(pixels, RECORD, path)


def test_a_plugin_that_differs_is_named(path):
    before = RECORD.with_inputs(**INPUTS, plugins={"a.py": "01", "b.py": "02"})
    changed = RECORD.with_inputs(**INPUTS, plugins={"a.py": "01", "b.py": "ff"})
    message = refusal(changed, before, path)
    assert message.startswith("`plugin`: not the plugins of the run in `model_dir`=")
    assert "(b.py: 'ff', '02' before)" in message
    assert "(a.py: None, '01' before)" in refusal(RECORD, before, path)
    assert "(a.py: '01', None before)" in refusal(before, RECORD, path)
    assert before.find_changed_plugin({"a.py": "01", "c.py": "03"}) is None
    assert before.find_changed_plugin({"a.py": "01", "b.py": "ff"}) == "b.py"
    assert RECORD.find_changed_plugin({"a.py": "01"}) is None


def test_inputs_that_have_not_been_read_yet_are_not_compared(path):
    RECORD.with_inputs().check_against(RECORD, path)


def test_where_an_input_lies_is_no_setting():
    here, there = (
        RunRecord.from_configs(
            "evaluate",
            ChildConfig(genotype=f"{place}/cell.json", initial_weights=place),
            DataConfig(dataset="folder", data_dir=place, skip_corrupt_images=place == "there"),
            seed=3,
        )
        for place in ("here", "there")
    )
    assert here == there
    assert here.settings["seed"] == 3
    assert here.settings["dataset"] == "folder"
    assert here.settings["num_cells"] == 20


def test_where_the_images_lie_is_noted_and_comes_back(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    config = DataConfig("folder", "images", skip_corrupt_images=True)
    record = RunRecord.from_configs("evaluate", config).with_inputs(7, images={"digest": "0"})
    (tmp_path / "run.json").write_text(record.to_json())
    assert run_record.read(tmp_path / "run.json").sources == {
        "data_dir": str(tmp_path / "images"),
        "skip_corrupt_images": True,
        "split_seed": 7,
    }


def test_a_record_of_an_earlier_version_notes_no_place(tmp_path):
    content = json.loads(RECORD.to_json())
    del content["sources"]
    (tmp_path / "run.json").write_text(json.dumps(content))
    before = run_record.read(tmp_path / "run.json")
    assert before == RECORD
    assert before.sources == {}


def test_every_other_field_of_the_configs_is_a_setting():
    record = RunRecord.from_configs("search", SearchConfig(), DataConfig())
    by_content = {"data_dir", "skip_corrupt_images", "latency_table"}
    fields = {field.name for one in (SearchConfig, DataConfig) for field in dataclasses.fields(one)}
    assert record.settings.keys() == fields - by_content


def test_a_record_comes_back_as_it_was_written(tmp_path):
    record = RunRecord.from_configs("evaluate", ChildConfig(), DataConfig()).with_inputs(
        images={"class_names": ("Käse", "\udcff", 'a"\n'), "digest": "0"}
    )
    text = record.to_json(versions={"tensorflow": "2"}, machine="x")
    (tmp_path / "run.json").write_text(text, encoding="utf-8")
    assert run_record.read(tmp_path / "run.json") == record
    assert json.loads(text)["versions"] == {"tensorflow": "2"}
    record.check_against(run_record.read(tmp_path / "run.json"), tmp_path)


WHOLE = RECORD.to_json()
DAMAGES = {
    "empty": "",
    "list": "[]",
    "null": "null",
    "number": "3",
    "text": '"run"',
    "half": WHOLE[: len(WHOLE) // 2],
    "no kind": json.dumps({"settings": {}, "inputs": {}}),
    "no settings": json.dumps({"kind": "search", "inputs": {}}),
    "kind no text": json.dumps({"kind": ["search"], "settings": {}, "inputs": {}}),
    "settings a list": json.dumps({"kind": "search", "settings": [], "inputs": {}}),
    "sources a list": json.dumps({"kind": "a", "settings": {}, "inputs": {}, "sources": []}),
    "inputs null": json.dumps({"kind": "search", "settings": {}, "inputs": None}),
    "twice": WHOLE.replace('"kind"', '"kind": "search", "kind"', 1),
    "deep": "[" * 100_000,
    "deep objects": '{"kind": ' * 100_000,
    "huge": json.dumps({"kind": "search", "settings": {"x": "y" * 20_000_000}, "inputs": {}}),
    "huge kind": json.dumps({"kind": ["y" * 10_000_000], "settings": {}, "inputs": {}}),
    "zeros": "\0" * 100,
    "not UTF-8": b"\xff\xfe\xff{",
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_record_is_one_short_line(tmp_path, damage):
    content = DAMAGES[damage]
    path = tmp_path / "run.json"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(UserError) as error:
        run_record.read(path)
    message = str(error.value)
    assert message.startswith(f"{path}: no record of a run (")
    assert len(message.splitlines()) == 1
    assert len(message) < 500


@pytest.mark.parametrize("missing", ["missing", "directory"])
def test_no_record_at_all_is_one_line(tmp_path, missing):
    path = tmp_path / "run.json"
    if missing == "directory":
        path.mkdir()
    with pytest.raises(UserError, match=r"run\.json: no record of a run \("):
        run_record.read(path)


@pytest.mark.parametrize(
    "before",
    [
        RunRecord("two\nlines" * 10_000, {}),
        RunRecord("evaluate", {"a\nb": "x" * 1_000_000}),
        RunRecord("evaluate", {**RECORD.settings, "dataset": "two\nlines" * 10_000}),
        RunRecord("evaluate", RECORD.settings, {**INPUTS, "unknown": 1}),
        RunRecord("evaluate", RECORD.settings, {"images": {**IMAGES, "a\nb": "x" * 10**4}}),
    ],
    ids=["kind", "name", "value", "input", "detail"],
)
def test_a_record_of_nonsense_is_refused_in_one_short_line(path, before):
    assert len(refusal(RECORD, before, path)) < 1500


def test_a_search_goes_on_with_the_latencies_that_it_had_wherever_they_are(tmp_path, path):
    first = write_table(tmp_path / "t.json")
    moved, changed = write_table(tmp_path / "a copy.json"), write_table(tmp_path / "u.json", call=1)

    def record(table):
        config = SearchConfig(latency_table=table, latency_weight=1)
        search = Search(config, DataConfig(), RunConfig(path))
        return RunRecord.from_configs("search", config).with_inputs(**search.inputs())

    record(moved).check_against(record(first), path)
    message = refusal(record(changed), record(first), path)
    assert message.startswith("`latency_table`: not the latencies of the run in ")
