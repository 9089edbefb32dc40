"""The comparison of searches: several algorithms, each with several seeds."""

import csv
import pathlib
import shlex
from typing import Any

from snas_tf import plots
from snas_tf.architecture.benchmark_table import BenchmarkTable
from snas_tf.config import Comparison, DataConfig, RunConfig
from snas_tf.data import image_storage
from snas_tf.data.collection import ImageCollection
from snas_tf.data.image_errors import as_user_errors
from snas_tf.errors import UserError, format_setting, shorten_path
from snas_tf.files import whole_files
from snas_tf.runs import devices
from snas_tf.runs.run_directory import RunDirectory
from snas_tf.workflows import comparison_record, regret
from snas_tf.workflows.comparison_runs import SEARCH, ComparisonRuns, Outcomes, run_all
from snas_tf.workflows.comparison_summary import summarize
from snas_tf.workflows.comparison_table import make_tables
from snas_tf.workflows.search import Search
from snas_tf.workflows.workflow import check_place, plugins


def compare(
    comparison: Comparison,
    data_config: DataConfig,
    run_config: RunConfig,
    table: BenchmarkTable | None = None,
) -> dict[str, Any]:
    """Compare searches, or continue the comparison that `run_config.model_dir` holds.

    Every run has an ordinary run directory within. One that fails is named, the others go on, and
    the next call takes it up again. More labels, seeds and random cells may be compared later.

    Args:
        comparison: what is compared.
        data_config: the images of all runs.
        run_config: the directory of the comparison; the seeds are those of `comparison`.
        table: a benchmark in which the cells are looked up; it does not change a run.

    Returns:
        The content of compare.json, see `summarize`.

    Raises:
        UserError: the images can't be read or are too few, or the directory is of another run.
    """
    check_place(data_config, run_config)
    run = RunDirectory(run_config.model_dir)
    with run.owned(), as_user_errors():
        record = comparison_record.make_record(comparison, data_config)
        comparison_record.check(record, run)  # before any image is read
        if not run.record.exists():
            run.write_record(record, devices.versions())
        images = _read_images(comparison, data_config, run)
        _check_images(comparison, data_config, run_config, images)
        fingerprint = images.without_test().fingerprint
        record = record.with_inputs(images=fingerprint, **plugins(run_config))
        comparison_record.check(record, run)
        run.write_record(record, devices.versions())
        print(images.summary(), flush=True)
        members = list(ComparisonRuns(comparison, data_config, run_config).members())
        outcomes = run_all(members, images)
        summary = summarize(comparison, outcomes, table)
        if table is not None:
            _write_regret(run, comparison, outcomes, table)
        _write(run, comparison, outcomes, summary)
    return summary


def report(summary: dict[str, Any], run_config: RunConfig) -> None:
    """Print the tables, and where to look at the rest."""
    path = run_config.model_dir
    print(
        f"\n{make_tables(summary)}\n"
        f"tables       {path / 'compare.md'}\n"
        f"figures      {path / 'compare.json'}\n"
        f"pictures     {'  '.join(str(one) for one in _pictures(path))}\n"
        f"TensorBoard  tensorboard --logdir {shlex.quote(str(path))}",
        flush=True,
    )


def _pictures(directory: pathlib.Path) -> list[pathlib.Path]:
    """List the pictures that there are."""
    names = ("accuracy.png", "entropy.png", "children.png", "test_error.png", "regret.png")
    return [directory / name for name in names if (directory / name).exists()]


def _read_images(
    comparison: Comparison, data_config: DataConfig, run: RunDirectory
) -> ImageCollection:
    with_test = comparison.child is not None
    images = image_storage.read(data_config, with_test=with_test, cache=run.images)
    images.without_test().check_usable(with_test=False)
    return images


def _check_images(
    comparison: Comparison, data_config: DataConfig, run_config: RunConfig, images: ImageCollection
) -> None:
    """Check that every algorithm can use the images, before any is trained."""
    for label, config in comparison.searches.items():
        try:
            Search(config, data_config, run_config).check_images(images)
        except UserError as error:
            raise UserError(f"{format_setting('algorithms', label)}: {error}") from error


def _write(
    run: RunDirectory, comparison: Comparison, outcomes: Outcomes, summary: dict[str, Any]
) -> None:
    whole_files.write_json(run.path / "compare.json", summary)
    _draw_searches(run, comparison, outcomes)
    pairs = _by_label(summary, "search_valid_accuracy", "child_valid_accuracy")
    searched = {label: pairs[label] for label in comparison.searches}
    plots.save(plots.draw_children(searched), run.path / "children.png")
    trained = _by_label(summary, "trained_parameters", "test_error")
    if any(trained.values()):
        plots.save(plots.draw_test_error(trained), run.path / "test_error.png")
    pictures = "\n".join(f"![]({path.name})" for path in _pictures(run.path))
    text = f"# Comparison\n\n{make_tables(summary)}\n{pictures}\n"
    whole_files.write_text(run.path / "compare.md", text)


def _draw_searches(run: RunDirectory, comparison: Comparison, outcomes: Outcomes) -> None:
    rows: dict[str, list[list[dict[str, float]]]] = {label: [] for label in comparison.searches}
    for member in outcomes.results:
        if member.part == SEARCH:
            rows[member.label].append(_read_rows(RunDirectory(member.path)))
    configs = comparison.searches
    epochs = {label: configs[label].epochs for label in configs}
    plots.save(plots.draw_accuracy(rows, epochs), run.path / "accuracy.png")
    space = comparison.search_space
    entropy = plots.draw_entropy(rows, epochs, space.kinds, len(space.operations))
    plots.save(entropy, run.path / "entropy.png")


def _write_regret(
    run: RunDirectory, comparison: Comparison, outcomes: Outcomes, table: BenchmarkTable
) -> None:
    searches: dict[str, dict[int, regret.Rows]] = {label: {} for label in comparison.searches}
    for member in outcomes.results:
        if member.part == SEARCH:
            rows = regret.read(table, RunDirectory(member.path))
            searches[member.label][member.seed] = rows
    epochs = {label: config.epochs for label, config in comparison.searches.items()}
    regret.write(run, table, searches, epochs)


def _read_rows(run: RunDirectory) -> list[dict[str, float]]:
    try:
        rows = list(csv.DictReader(run.metrics.read_text(encoding="utf-8").splitlines()))
    except OSError as error:
        raise UserError(
            f"{shorten_path(run.metrics)}: can't be read ({error.strerror}), accepted: the file of "
            "a finished search; without its directory, the search is repeated"
        ) from error
    return [{name: float(value) for name, value in row.items() if value} for row in rows]


def _by_label(summary: dict[str, Any], *names: str) -> dict[str, list[tuple[float, float]]]:
    """Collect two figures of each run that has both."""
    found: dict[str, list[Any]] = {one["label"]: [] for one in summary["labels"]}
    for one in summary["runs"]:
        values = tuple(one.get(name) for name in names)
        if None not in values:
            found[one["label"]].append(values)
    return found
