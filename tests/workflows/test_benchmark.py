"""What is looked up after a search and in a comparison, against the rows of a made-up table."""

import csv
import json

import numpy as np
import pytest

from snas_tf.architecture import edge_text, zoo
from snas_tf.architecture.best_of import best_of
from snas_tf.architecture.genotype_json import to_json
from snas_tf.config import ChildConfig, Comparison, DataConfig, RunConfig, SearchConfig
from snas_tf.config.comparison import RANDOM
from snas_tf.errors import UserError
from snas_tf.workflows import benchmark, compare, search
from snas_tf.workflows.comparison_runs import CHILD, SEARCH, Member, Outcomes
from snas_tf.workflows.comparison_summary import summarize
from snas_tf.workflows.comparison_table import make_tables
from tests import made_up_table

SPACE = made_up_table.SMALL
HEAD, *ROWS = made_up_table.rows(SPACE)
COLUMNS = HEAD[2:]
CONFIG = SearchConfig(space=SPACE.name, epochs=2)
UNIFORM = "|nor_conv_1x1~0|+|nor_conv_1x1~0|nor_conv_1x1~1|"


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    return made_up_table.read(tmp_path_factory.mktemp("table"))


def cell(number):
    """The text of the cell in a row."""
    return ROWS[number][1]


def accuracy(number, name):
    return ROWS[number][HEAD.index(name)]


def column(name):
    return np.array([accuracy(number, name) for number in range(len(ROWS))])


def rank(number, name):
    return 1 + sum(column(name) > accuracy(number, name))


def write_run(path, *numbers):
    """Write what a search leaves that derived these cells, and took the last one."""
    (path / "genotypes").mkdir(parents=True)
    for epoch, number in enumerate(numbers, 1):
        text = to_json(edge_text.from_text(cell(number), SPACE))
        (path / "genotypes" / f"epoch_{epoch:04d}.json").write_text(text)
        (path / "genotype.json").write_text(text)
    (path / "run.json").write_text('{"kind": "search", "settings": {}, "inputs": {}}')
    return path


def read_regret(path):
    with (path / "regret.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def check_figures(figures, number):
    uniform = [row[1] for row in ROWS].index(UNIFORM)
    assert list(figures["columns"]) == COLUMNS
    for name, one in figures["columns"].items():
        assert one == {
            "accuracy": accuracy(number, name),
            "rank": rank(number, name),
            "optimum": column(name).max(),
            "regret": pytest.approx(column(name).max() - accuracy(number, name)),
            "uniform_cell": accuracy(uniform, name),
        }


def test_the_found_cell_is_looked_up_and_the_cells_of_all_epochs(table, tmp_path):
    run = write_run(tmp_path / "a run", 3, 11, 5)
    result = benchmark.record(table, CONFIG, RunConfig(run, seed=4), {"finished": "today"})
    check_figures(result["benchmark"], 5)
    assert json.loads((run / "result.json").read_text()) == result
    rows = read_regret(run)
    assert [row["cell"] for row in rows] == [cell(3), cell(11), cell(5)]
    assert [(row["seed"], row["epoch"]) for row in rows] == [("4", "1"), ("4", "2"), ("4", "3")]
    for row, number in zip(rows, (3, 11, 5), strict=True):
        for name in COLUMNS:
            lacking = column(name).max() - accuracy(number, name)
            assert float(row[name]) == pytest.approx(lacking)
    assert (run / "regret.png").read_bytes().startswith(b"\x89PNG")


def test_the_same_figures_are_not_written_again(table, tmp_path):
    run = write_run(tmp_path / "run", 3)
    result = benchmark.record(table, CONFIG, RunConfig(run), {"finished": "today"})
    before = (run / "result.json").stat().st_mtime_ns
    assert benchmark.record(table, CONFIG, RunConfig(run), result) == result
    assert (run / "result.json").stat().st_mtime_ns == before


def test_of_several_seeds_each_is_looked_up_and_the_best_one(table, tmp_path):
    run = write_run(tmp_path / "run", 8)
    for seed, number in ((2, 7), (3, 8)):
        write_run(run / f"seed_{seed}", 1, number)
    seeds = [{"name": "first"}, {"name": "second"}]
    found = {"best_seed": 3, "seeds": seeds}
    result = benchmark.record(table, CONFIG, RunConfig(run, seed=2), found)
    check_figures(result["benchmark"], 8)
    for one, number in zip(result["seeds"], (7, 8), strict=True):
        check_figures(one["benchmark"], number)
    assert [row["seed"] for row in read_regret(run)] == ["2", "2", "3", "3"]


def test_a_cell_of_another_space_is_one_line(table, tmp_path):
    run = write_run(tmp_path / "run", 3)
    (run / "genotype.json").write_text(to_json(zoo.genotypes()["darts_v2"]))
    with pytest.raises(UserError, match="a cell of darts that the benchmark's table does not"):
        benchmark.record(table, CONFIG, RunConfig(run), {})
    assert not (run / "result.json").exists()


def test_references_are_the_optimum_the_uniform_cell_and_random_searches(table):
    found = benchmark.references(table)
    assert found["optimum"] == {name: column(name).max() for name in COLUMNS}
    assert found["uniform_cell"]["cell"] == UNIFORM
    random = {(one["cells"], one["taken_by"]): one["accuracy"] for one in found["random_search"]}
    by = "cifar10_val_12ep"
    assert list(random) == [(1, by), (10, by), (10, None)]  # The table has less than 100 cells.
    for name in COLUMNS:
        assert random[1, by][name]["mean"] == pytest.approx(column(name).mean())
        assert random[1, by][name]["deviation"] == pytest.approx(column(name).std())
        expected = best_of(10, column(by), column(name))
        assert random[10, by][name]["mean"] == pytest.approx(expected.mean)


@pytest.fixture
def summary(table, tmp_path):
    """The summary of two seeds, of a search and of cells drawn at random."""
    child = ChildConfig(num_cells=1, init_channels=2)
    comparison = Comparison({"snas": CONFIG}, (0, 1), child, random_children=2)
    figures = {
        **dict.fromkeys(("search_valid_accuracy", "child_valid_accuracy", "entropy_normal"), 0.5),
        **dict.fromkeys(("child_parameters", "child_multiply_adds", "epochs", "steps"), 3),
        "seconds": 1.0,
    }
    trained = {"test_error": 0.5, "parameters": 1, "multiply_adds": 1, "seconds": 1.0}
    results = {}
    for seed, number in ((0, 4), (1, 6)):
        path = write_run(tmp_path / f"{seed}", number)
        one = Member("snas", seed, SEARCH, path, lambda images: None)
        results[one] = {**figures, "cell": cell(number)}
        child = Member("snas", seed, CHILD, path, lambda images: None)
        results[child] = {**trained, "valid_accuracy": 0.5}
        for part in (1, 2):
            path = write_run(tmp_path / f"{seed} {part}", 10 * part + seed)
            one = Member(RANDOM, seed, part, path, lambda images: None)
            results[one] = {**trained, "valid_accuracy": part / 10}
    return summarize(comparison, Outcomes(results, {}), table)


def test_a_comparison_looks_up_every_found_cell_and_the_best_random_ones(summary):
    numbers = {("snas", 0): 4, ("snas", 1): 6, (RANDOM, 0): 20, (RANDOM, 1): 21}
    for run in summary["runs"]:
        number = numbers[run["label"], run["seed"]]
        for name in COLUMNS:
            assert run[f"benchmark_accuracy_{name}"] == accuracy(number, name)
            assert run[f"benchmark_rank_{name}"] == rank(number, name)
    assert summary["runs"][0]["cell"] == cell(4)
    (snas, _) = summary["labels"]
    for name in COLUMNS:
        pair = [accuracy(4, name), accuracy(6, name)]
        assert snas[f"benchmark_accuracy_{name}"] == pytest.approx(np.mean(pair))
        assert snas[f"benchmark_accuracy_{name}_deviation"] == pytest.approx(np.std(pair, ddof=1))


def cells_of(line):
    return [one.strip() for one in line.strip("|").split("|")]


def test_the_table_has_ours_the_references_and_the_published_in_one_column(summary):
    lines = [cells_of(line) for line in make_tables(summary).splitlines() if line.startswith("|")]
    by_name = {(row[0], row[1]): row[2:] for row in lines if len(row) == 4}
    pair = [accuracy(4, COLUMNS[0]), accuracy(6, COLUMNS[0])]
    ours = f"{np.mean(pair):.2f} +- {np.std(pair, ddof=1):.2f}"
    assert by_name["snas", "this comparison"][0] == ours
    best = [f"{column(name).max():.2f}" for name in COLUMNS[:2]]
    assert by_name["best cell", "table"] == best
    assert ("every edge nor_conv_1x1", "table") in by_name
    assert ("random cell: 1 training", "table, exact") in by_name
    taken = "best of 10 random cells by cifar10_val_12ep: 10 trainings"
    expected = best_of(10, column(COLUMNS[2]), column(COLUMNS[0]))
    shown = f"{expected.mean:.2f} +- {expected.deviation:.2f}"
    assert by_name[taken, "table, exact"][0] == shown
    assert by_name["SNAS", "published"] == ["92.77 +- 0.83", "43.16 +- 2.64"]
    ranks = [row for row in lines if row[0] == "snas" and len(row) == 3]
    mean = np.mean([rank(4, COLUMNS[0]), rank(6, COLUMNS[0])])
    assert ranks[-1][1].startswith(f"{mean:.0f} +- ")


def test_columns_of_no_published_name_have_no_published_figures(tmp_path):
    table = made_up_table.read(tmp_path, columns=("mine",))
    comparison = Comparison({"snas": CONFIG}, (0,))
    text = make_tables(summarize(comparison, Outcomes({}, {}), table))
    assert "published" not in text.split("Looked up")[1].partition("\n\n|")[2]
    assert "best of 10 random cells by an oracle" in text


def test_a_comparison_and_each_of_its_searches_are_looked_up(table, tmp_path, capsys):
    config = SearchConfig(
        space=SPACE.name, num_cells=1, init_channels=2, epochs=1, skip_threshold=0
    )
    data, path = DataConfig("digits", batch_size=450), tmp_path / "a run"
    found = compare.compare(Comparison({"snas": config}, (2,)), data, RunConfig(path), table)
    assert json.loads((path / "compare.json").read_text()) == found
    text = (path / "compare.md").read_text()
    assert "](regret.png)" in text
    assert "| SNAS " in text
    (row,) = read_regret(path)
    assert (row["algorithm"], row["seed"], row["cell"]) == ("snas", "2", found["runs"][0]["cell"])
    place = RunConfig(path / "snas" / "seed_2", seed=2)
    capsys.readouterr()
    result = search.search(config, data, place, table)
    search.report(result, config, data, place)
    output = capsys.readouterr().out
    assert "nothing to do" in output  # and it is looked up all the same
    assert f"cell                 {result['cell']}\n" in output
    for name in COLUMNS:
        one = result["benchmark"]["columns"][name]
        assert one["accuracy"] == found["runs"][0][f"benchmark_accuracy_{name}"]
        row = [name, f"{one['accuracy']:.2f}", str(one["rank"]), f"{one['optimum']:.2f}"]
        assert row in [cells_of(line)[:4] for line in output.splitlines()]
