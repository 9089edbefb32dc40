"""Figures and tables of a comparison, against numbers computed here."""

import functools

import numpy as np
import pytest

from snas_tf.architecture.genotype import count_operations
from snas_tf.architecture.genotype_json import to_json
from snas_tf.config import ChildConfig, Comparison, SearchConfig
from snas_tf.config.comparison import RANDOM
from snas_tf.workflows.comparison_runs import CHILD, SEARCH, Member, Outcomes, draw_genotype
from snas_tf.workflows.comparison_summary import summarize
from snas_tf.workflows.comparison_table import make_tables
from tests.small_space import SMALL

LABELS, SEEDS = ("snas", "darts:a|b"), (0, 1, 5)
COMPARISON = Comparison(
    {label: SearchConfig() for label in LABELS}, SEEDS, ChildConfig(), random_children=3
)


def member(path, label, seed, part):
    return Member(label, seed, part, path / f"{label} {seed} {part}", lambda images: None)


def searched(generator):
    names = ("search_valid_accuracy", "child_valid_accuracy", "entropy_normal", "entropy_reduce")
    return {
        **{name: float(generator.random()) for name in names},
        **{
            name: int(generator.integers(9999))
            for name in ("child_parameters", "child_multiply_adds")
        },
        **{"epochs": 4, "steps": 20, "seconds": 7.0},
    }


def trained(generator):
    return {
        **{name: float(generator.random()) for name in ("test_error", "valid_accuracy")},
        **{name: int(generator.integers(9999)) for name in ("parameters", "multiply_adds")},
        "seconds": 3.0,
    }


@pytest.fixture
def outcomes(tmp_path):
    """Every run of the comparison, finished with random figures."""
    generator = np.random.default_rng(0)
    results = {}
    for label in LABELS:
        for seed in SEEDS:
            search = member(tmp_path, label, seed, SEARCH)
            search.path.mkdir()
            (search.path / "genotype.json").write_text(to_json(draw_genotype(SMALL, seed, 1)))
            results[search] = searched(generator)
            results[member(tmp_path, label, seed, CHILD)] = trained(generator)
    for seed in SEEDS:
        for number in (1, 2, 3):
            results[member(tmp_path, RANDOM, seed, number)] = trained(generator)
    return Outcomes(results, {})


def pick(outcomes, label, part, name):
    """A figure of every seed of a label."""
    return [
        result[name]
        for one, result in outcomes.results.items()
        if (one.label, one.part) == (label, part)
    ]


def test_means_and_deviations_are_those_of_the_seeds(outcomes):
    labels = {one["label"]: one for one in summarize(COMPARISON, outcomes)["labels"]}
    assert list(labels) == [*LABELS, RANDOM]
    figures = [(SEARCH, name, name) for name in ("child_valid_accuracy", "entropy_reduce")]
    figures += [(CHILD, "test_error", "test_error"), (CHILD, "parameters", "trained_parameters")]
    for label in LABELS:
        for part, name, shown in figures:
            values = pick(outcomes, label, part, name)
            assert labels[label][shown] == pytest.approx(np.mean(values))
            assert labels[label][f"{shown}_deviation"] == pytest.approx(np.std(values, ddof=1))
        convolutions = [
            count_operations(draw_genotype(SMALL, seed, 1).cell("normal"))["convolutions"]
            for seed in SEEDS
        ]
        assert labels[label]["convolutions_normal"] == pytest.approx(np.mean(convolutions))


def test_of_random_cells_the_best_by_validation_accuracy_counts(outcomes):
    runs = [one for one in summarize(COMPARISON, outcomes)["runs"] if one["label"] == RANDOM]
    for run, seed in zip(runs, SEEDS, strict=True):
        cells = {
            one.part: result
            for one, result in outcomes.results.items()
            if (one.label, one.seed) == (RANDOM, seed)
        }
        best = 1 + int(np.argmax([cells[number]["valid_accuracy"] for number in (1, 2, 3)]))
        assert (run["seed"], run["random_cell"]) == (seed, best)
        assert run["test_error"] == cells[best]["test_error"]


def test_a_seed_without_all_of_its_random_cells_does_not_count(outcomes, tmp_path):
    lost = member(tmp_path, RANDOM, 1, 2)
    del outcomes.results[lost]
    outcomes.failures[lost] = "no memory"
    summary = summarize(COMPARISON, outcomes)
    assert [one["seed"] for one in summary["runs"] if one["label"] == RANDOM] == [0, 5]
    assert summary["missing"] == [{"run": f"cell 2 of {RANDOM}, seed 1", "reason": "no memory"}]


def test_one_seed_has_no_deviation(outcomes):
    one_seed = Comparison(COMPARISON.searches, (5,))
    results = {one: result for one, result in outcomes.results.items() if one.seed == 5}
    for label in summarize(one_seed, Outcomes(results, {}))["labels"]:
        assert label["seeds"] == [5]
        assert label["search_valid_accuracy_deviation"] is None


def test_a_figure_that_is_not_measured_has_no_mean(outcomes):
    for result in outcomes.results.values():
        result["test_error"] = None
    for label in summarize(COMPARISON, outcomes)["labels"]:
        assert (label["test_error"], label["test_error_deviation"]) == (None, None)


def cells_of(table):
    lines = [line for line in table.splitlines() if line.startswith("|")]
    return [
        [cell.strip() for cell in line.replace("\\|", "/").strip("|").split("|")] for line in lines
    ]


def test_the_tables_show_mean_and_deviation(outcomes):
    text = make_tables(summarize(COMPARISON, outcomes))
    rows = {(len(row), row[0]): row for row in cells_of(text)}
    for label in LABELS:
        values = functools.partial(pick, outcomes, label)
        row = rows[7, label.replace("|", "/")]
        for cell, name, digits in ((2, "search_valid_accuracy", 3), (4, "entropy_normal", 2)):
            one = values(SEARCH, name)
            assert row[cell] == f"{np.mean(one):.{digits}f} +- {np.std(one, ddof=1):.{digits}f}"
        errors = [100 * one for one in values(CHILD, "test_error")]
        shown = f"{np.mean(errors):.2f} +- {np.std(errors, ddof=1):.2f}"
        assert rows[5, label.replace("|", "/")][1] == shown
    assert "Missing" not in text


def test_the_columns_of_a_table_are_aligned(outcomes):
    text = make_tables(summarize(COMPARISON, outcomes))
    for table in text.split("\n\n"):
        assert len({len(line) for line in table.splitlines() if line.startswith("|")}) <= 1


def test_what_is_missing_is_listed_and_leaves_a_dash(outcomes, tmp_path):
    lost = member(tmp_path, "snas", 0, SEARCH)
    text = make_tables(summarize(COMPARISON, Outcomes({}, {lost: "`epochs`=3: too many"})))
    assert "## Missing\n\n- snas, seed 0: `epochs`=3: too many\n" in text
    assert ["snas", "0", "-", "-", "-"] in cells_of(text)


def test_random_cells_are_uniform_and_the_same_for_the_same_seed():
    counts = np.zeros(SMALL.shape)
    for number in range(400):
        counts += draw_genotype(SMALL, 3, number).one_hot()["reduce"]
    np.testing.assert_allclose(counts / 400, 1 / len(SMALL.operations), atol=0.1)
    assert draw_genotype(SMALL, 3, 1) == draw_genotype(SMALL, 3, 1)
    assert draw_genotype(SMALL, 3, 1) != draw_genotype(SMALL, 4, 1)
