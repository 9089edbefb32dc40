"""Runs that train nothing: what is around every training."""

import dataclasses
import json
import os
import types

import pytest

from snas_tf.config import ChildConfig, DataConfig, RunConfig
from snas_tf.errors import UserError
from snas_tf.models.description import NetworkDescription
from snas_tf.runs import run_record
from snas_tf.runs.run_directory import RunDirectory
from snas_tf.workflows.workflow import Workflow

TIMES = {"finished"}


class Fake(Workflow):
    """Its images are a number in a file, its result that number and the seed."""

    kind = "evaluate"
    trained = ()
    """(number in the images' file, seed) of every training of a test, the last one at its end."""

    def read_images(self, run):
        file = self.data_config.data_dir / "images"
        if not file.exists():
            raise UserError(f"`data_dir`={self.data_config.data_dir}: no images")
        number = int(file.read_text())
        return types.SimpleNamespace(
            split=lambda seed, share: (number, seed),
            summary=lambda: f"{number} images",
            fingerprint={"images": [number], "digest": str(number)},
        )

    def inputs(self):
        return {"genotype": self.config.genotype.upper()}

    def describe(self, dataset):
        return NetworkDescription(3, 4, (8, 8), ("a", "b"), (float(dataset[1]),) * 3, (1.0,) * 3)

    def train(self, run, dataset, described):
        type(self).trained = (*self.trained, dataset)
        run.checkpoints.mkdir(exist_ok=True)
        (run.checkpoints / f"step-{self.config.epochs}.index").write_text("")
        self.end(dataset)
        number, seed = dataset
        return {"epochs": self.config.epochs, "score": 10 * number + seed}

    def end(self, dataset):
        """Where a test has a training fail."""

    def combine(self, run, results):
        return {**results[0], "score": sum(one["score"] for one in results), "seeds": results}


class OtherKind(Fake):
    kind = "search"


@pytest.fixture
def make(tmp_path, monkeypatch):
    """Make a run in the same directory, of images whose number is 5."""
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "images").write_text("5")
    monkeypatch.setattr(Fake, "trained", ())
    monkeypatch.setattr(Fake, "end", lambda self, dataset: None)

    def make(kind=Fake, seed=3, model_dir=None, data_dir=None, **settings):
        return kind(
            ChildConfig(**{"epochs": 2, "genotype": "cell", **settings}),
            DataConfig(dataset="folder", data_dir=data_dir or tmp_path / "data"),
            RunConfig(model_dir or tmp_path / "run", seed),
        )

    return make


def tree(directory):
    return {path: path.read_bytes() for path in directory.rglob("*") if path.is_file()}


def without_times(result):
    seeds = [without_times(one) for one in result["seeds"]] if "seeds" in result else []
    rest = {name: value for name, value in result.items() if name not in {*TIMES, "seeds"}}
    return {**rest, "seeds": seeds} if seeds else rest


# One seed.


def test_a_run_leaves_its_result_and_its_record(make, tmp_path, capsys):
    result = make().run()
    assert without_times(result) == {"epochs": 2, "score": 53}
    assert json.loads((tmp_path / "run" / "result.json").read_text()) == result
    record = run_record.read(tmp_path / "run" / "run.json")
    assert record.kind == "evaluate"
    assert record.settings["seed"] == 3
    assert record.inputs.pop("network")["mean"] == [3, 3, 3]
    assert record.inputs == {"images": {"images": [5], "digest": "5"}, "genotype": "CELL"}
    assert capsys.readouterr().out == "5 images\n"
    assert Fake.trained == ((5, 3),)


def test_a_finished_run_says_so_and_trains_nothing(make, tmp_path, capsys):
    result = make().run()
    before = tree(tmp_path)
    capsys.readouterr()
    assert make().run() == result
    output = capsys.readouterr().out
    said = f"{tmp_path / 'run'}: finished on {result['finished']}, nothing to do"
    assert output == f"5 images\n{said}\n"
    assert len(Fake.trained) == 1
    assert tree(tmp_path) == before


@pytest.mark.parametrize(
    "damage",
    ["", "{", "[]", '{"epochs": 2}', '{"finished": "today"}', '{"epochs": 1, "finished": "x"}']
    + [f'{{"epochs": 2, "finished": "x", "seeds": {seeds}}}' for seeds in ("5", "null", "{}")],
)
def test_a_result_that_is_not_whole_is_made_anew(make, tmp_path, damage):
    expected = make().run()
    (tmp_path / "run" / "result.json").write_text(damage)
    assert without_times(make().run()) == without_times(expected)
    assert len(Fake.trained) == 2


# What differs.


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"kind": OtherKind}, "`kind`=search: .*`kind`=evaluate"),
        ({"epochs": 3}, "`epochs`=3: .*`epochs`=2"),
        ({"seed": 4}, "`seed`=4: .*`seed`=3"),
        ({"num_seeds": 2}, "`num_seeds`=2: .*`num_seeds`=1"),
    ],
)
def test_other_settings_are_refused_before_an_image_is_read(make, tmp_path, change, message):
    make().run()
    before = tree(tmp_path)
    with pytest.raises(UserError, match=message):
        make(**change, data_dir=tmp_path / "missing").run()
    assert tree(tmp_path) == before


@pytest.mark.parametrize("finished", [True, False])
def test_other_images_are_refused_and_moved_ones_are_not(make, tmp_path, finished):
    make().run()
    if not finished:
        (tmp_path / "run" / "result.json").unlink()
    (tmp_path / "data").rename(tmp_path / "elsewhere")
    before = tree(tmp_path / "run")
    for content, message in (("6", "`data_dir`: not the images"), (None, "no images")):
        (tmp_path / "data").mkdir(exist_ok=True)
        if content:
            (tmp_path / "data" / "images").write_text(content)
        else:
            (tmp_path / "data" / "images").unlink()
        with pytest.raises(UserError, match=message):
            make().run()
        assert tree(tmp_path / "run") == before
    assert make(data_dir=tmp_path / "elsewhere").run()["score"] == 53
    assert len(Fake.trained) == 1 + (not finished)


def test_another_genotype_is_refused_whatever_it_is_called(make):
    make(genotype="cell").run()
    make(genotype="CELL").run()
    with pytest.raises(UserError, match="`genotype`: not the genotype"):
        make(genotype="other").run()
    assert len(Fake.trained) == 1


def test_a_run_that_has_trained_nothing_takes_other_settings(make, tmp_path):
    run = RunDirectory(tmp_path / "run")
    with run.owned():
        run.write_record(make(epochs=9)._record(), {})
    assert make(epochs=2).run()["epochs"] == 2
    assert run_record.read(run.record).settings["epochs"] == 2


def test_a_new_run_without_images_leaves_nothing(make, tmp_path):
    with pytest.raises(UserError, match="no images"):
        make(model_dir=tmp_path / "above" / "run", data_dir=tmp_path / "missing").run()
    assert os.listdir(tmp_path) == ["data"]


@pytest.mark.parametrize("place", ["data/run", "data", "data/../data/a/b", "link/run"])
def test_a_run_within_its_folder_of_images_is_refused_before_it_is_made(make, tmp_path, place):
    (tmp_path / "link").symlink_to(tmp_path / "data")
    before = set(tmp_path.rglob("*"))
    with pytest.raises(UserError, match=r"`model_dir`=.*lies in `data_dir`="):
        make(model_dir=tmp_path / place).run()
    assert set(tmp_path.rglob("*")) == before


def test_a_run_beside_its_folder_of_images_is_not(make, tmp_path):
    assert make(model_dir=tmp_path / "data2").run()["score"] == 53


# Several seeds.


def test_every_seed_is_a_run_and_they_are_combined(make, tmp_path, capsys):
    result = make(num_seeds=3).run()
    assert without_times(result) == {
        "epochs": 2,
        "score": 53 + 54 + 55,
        "seeds": [{"epochs": 2, "score": score} for score in (53, 54, 55)],
    }
    assert Fake.trained == ((5, 3), (5, 4), (5, 5))
    assert capsys.readouterr().out == "5 images\nseed 3\nseed 4\nseed 5\n"
    for seed in (3, 4, 5):
        run = RunDirectory(tmp_path / "run" / f"seed_{seed}")
        assert run.read_result()["score"] == 50 + seed
        record = run_record.read(run.record)
        assert (record.settings["seed"], record.settings["num_seeds"]) == (seed, 1)
    assert run_record.read(tmp_path / "run" / "run.json").settings["num_seeds"] == 3


def test_the_number_of_seeds_may_grow_and_not_shrink(make):
    make(num_seeds=2).run()
    assert make(num_seeds=3).run()["score"] == 53 + 54 + 55
    assert Fake.trained == ((5, 3), (5, 4), (5, 5))
    for fewer in (1, 2):
        with pytest.raises(UserError, match=f"`num_seeds`={fewer}: .*`num_seeds`=3"):
            make(num_seeds=fewer).run()


def test_seeds_that_are_finished_are_not_trained_again(make, monkeypatch):
    def fail_at_last(self, dataset):
        if dataset == (5, 5):
            raise KeyboardInterrupt

    monkeypatch.setattr(Fake, "end", fail_at_last)
    with pytest.raises(KeyboardInterrupt):
        make(num_seeds=3).run()
    monkeypatch.setattr(Fake, "end", lambda self, dataset: None)
    result = make(num_seeds=3).run()
    assert result["score"] == 53 + 54 + 55
    assert Fake.trained == ((5, 3), (5, 4), (5, 5), (5, 5))


def test_a_run_is_the_same_alone_and_as_one_of_several(make, tmp_path):
    make(num_seeds=2).run()
    alone = make(seed=4, model_dir=tmp_path / "run" / "seed_4")
    assert alone.run()["score"] == 54
    assert len(Fake.trained) == 2
    one = make(seed=4, model_dir=tmp_path / "alone").run()
    assert without_times(one) == without_times(alone.run())


def test_a_seed_whose_images_have_changed_is_refused_before_it_trains(make, tmp_path):
    make(num_seeds=2).run()
    (tmp_path / "data" / "images").write_text("6")
    with pytest.raises(UserError, match="`data_dir`: not the images"):
        make(num_seeds=3).run()
    assert len(Fake.trained) == 2
    assert not (tmp_path / "run" / "seed_5").exists()


def test_a_second_process_is_refused_while_a_run_trains(make, monkeypatch):
    errors = []

    def again(self, dataset):
        with pytest.raises(UserError, match="another process") as error:
            make().run()
        errors.append(error)

    monkeypatch.setattr(Fake, "end", again)
    make().run()
    assert len(errors) == 1


def test_the_configs_are_left_as_they_were(make):
    workflow = make(num_seeds=2)
    before = [dataclasses.asdict(one) for one in (workflow.config, workflow.run_config)]
    workflow.run()
    assert [dataclasses.asdict(one) for one in (workflow.config, workflow.run_config)] == before
