"""A search that stops when its cells collapse, within this process."""

import json
import shutil

import numpy as np
import pytest

import snas_tf
from snas_tf.architecture.genotype import describe_collapse
from snas_tf.architecture.genotype_source import read_genotype
from snas_tf.config import DataConfig, RunConfig, SearchConfig
from snas_tf.workflows import search
from tests.small_space import TINY

TIMES = {"images_per_second", "seconds", "finished"}
PIXELS = np.random.default_rng(0).integers(0, 256, (50, 8, 8, 3), np.uint8)
# A heavy penalty, and steps as small as the differences of the operations at the start: the
# convolutions are lost one after the other, with seed 0 in the second epoch, with 1 in the first.
CONFIG = SearchConfig(
    3,
    2,
    epochs=3,
    num_seeds=2,
    space=TINY.name,
    skip_threshold=0,
    constraint_weight=100.0,
    alpha_learning_rate=2e-4,
    stop_on_collapse=True,
)
DATA = DataConfig(batch_size=8, validation_fraction=0.2)


def run(model_dir, config=CONFIG, seed=0):
    return snas_tf.search(
        PIXELS, np.arange(50) % 4, model_dir=model_dir, config=config, data=DATA, seed=seed
    )


@pytest.fixture(scope="module")
def stopped(tmp_path_factory):
    """The run directory of two seeds, and the figures."""
    model_dir = tmp_path_factory.mktemp("stopped") / "run"
    return model_dir, run(model_dir).figures


def result_of(model_dir):
    result = json.loads((model_dir / "result.json").read_text())
    return {name: value for name, value in result.items() if name not in TIMES}


def collapsed(genotype):
    return any(describe_collapse(cell) for cell in genotype.cells)


def test_a_search_stops_after_the_epoch_of_the_collapse_and_keeps_the_cells_before(stopped):
    path = stopped[0] / "seed_0"
    assert result_of(path)["stopped_on_collapse"]
    assert result_of(path)["epochs"] == 2
    of_epochs = [
        read_genotype(path / "genotypes" / f"epoch_{number:04d}.json") for number in (1, 2)
    ]
    assert [collapsed(genotype) for genotype in of_epochs] == [False, True]
    assert read_genotype(path / "genotype.json") == of_epochs[0]
    edges = {kind: len(of_epochs[0].cell(kind).edges) for kind in TINY.kinds}
    assert result_of(path)["child_edges"] == edges
    assert len((path / "metrics.csv").read_text().splitlines()) == 1 + 2


def test_where_the_first_epoch_collapses_its_cells_are_kept(stopped):
    path = stopped[0] / "seed_1"
    assert result_of(path)["epochs"] == 1
    assert collapsed(read_genotype(path / "genotype.json"))


def test_a_stopped_search_is_finished(stopped, capsys):
    model_dir, figures = stopped
    before = {path: path.stat().st_mtime_ns for path in model_dir.rglob("*")}
    assert run(model_dir).figures == figures
    assert "nothing to do" in capsys.readouterr().out
    assert {path: path.stat().st_mtime_ns for path in model_dir.rglob("*")} == before


def test_a_kill_between_the_last_checkpoint_and_its_report_changes_nothing(
    stopped, tmp_path, capsys
):
    """As checkpoints come first: the row, the genotype and the result of the epoch are missing."""
    model_dir = tmp_path / "run"
    shutil.copytree(stopped[0], model_dir)
    path = model_dir / "seed_0"
    for name in ("result.json", "genotypes/epoch_0002.json"):
        (path / name).unlink()
    (model_dir / "result.json").unlink()
    shutil.copy(path / "genotypes" / "epoch_0001.json", path / "genotype.json")
    lines = (path / "metrics.csv").read_text().splitlines(keepends=True)
    (path / "metrics.csv").write_text("".join(lines[:-1]))
    run(model_dir)
    assert "after step 10 of 15" in capsys.readouterr().out
    for name in ("seed_0", "seed_1"):
        assert result_of(model_dir / name) == result_of(stopped[0] / name)
        for file in ("genotype.json", "genotypes/epoch_0001.json"):
            same = (model_dir / name / file, stopped[0] / name / file)
            assert same[0].read_bytes() == same[1].read_bytes()
    assert (path / "genotypes" / "epoch_0002.json").exists()


@pytest.mark.slow
def test_a_collapse_at_the_end_of_the_last_epoch_keeps_the_cells_before_as_well(tmp_path):
    config = {name: getattr(CONFIG, name) for name in vars(CONFIG)} | {"epochs": 2, "num_seeds": 1}
    found = run(tmp_path / "run", SearchConfig(**config))
    assert (found.figures["stopped_on_collapse"], found.figures["epochs"]) == (True, 2)
    assert not collapsed(found.genotype)


def test_the_report_says_which_seeds_stopped_and_which_cells_are_kept(stopped, capsys):
    model_dir, figures = stopped
    configs = (CONFIG, DATA, RunConfig(model_dir, 0))
    by_seed = dict(zip((0, 1), figures["seeds"], strict=True))
    for best, source in ((0, "those of the epoch before"), (1, "its own, the first")):
        search.report({**figures, **by_seed[best], "best_seed": best}, *configs)
        output = capsys.readouterr().out
        lines = [line for line in output.splitlines() if "stopped after" in line]
        assert [line.split("stopped after ")[1] for line in lines[:2]] == ["epoch 2", "epoch 1"]
        assert lines[2] == (
            f"stopped after epoch {2 - best}, at whose end a cell had no convolution: the cells "
            f"are {source}"
        )
        edges = " + ".join(str(count) for count in by_seed[best]["child_edges"].values())
        assert f"{edges} edges of 2 + 2\n" in output
