"""The summary of a sweep: every trial with its accuracy and cost, and the fronts."""

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from keras_tuner.engine.trial import Trial, TrialStatus

from snas_tf.architecture import pareto
from snas_tf.architecture.genotype_source import read_genotype
from snas_tf.config import DataConfig, RunConfig, Tuning
from snas_tf.config.tuning import TRAINED
from snas_tf.errors import UserError, shorten_path
from snas_tf.models import description
from snas_tf.runs import machine
from snas_tf.runs.run_directory import RunDirectory
from snas_tf.tuning import hyperparameters
from snas_tf.tuning.oracle import LastingOracle
from snas_tf.workflows import picking, trial_tuner, trials
from snas_tf.workflows.picking import MEASURES
from snas_tf.workflows.profile import measure_latency

_COUNTED = ("parameters", "multiply_adds")
_SEARCHED = ("search_valid_accuracy", "child_valid_accuracy", "epochs", "seconds")


def summarize(
    tuning: Tuning,
    data_config: DataConfig,
    run_config: RunConfig,
    oracle: LastingOracle,
    complete: bool,
) -> dict[str, Any]:
    """Summarize a sweep, as pareto.json has it; measures latencies that are not known yet.

    Args:
        tuning: the sweep.
        data_config: its images.
        run_config: its directory.
        oracle: knows its trials.
        complete: whether all trials are finished.

    Returns:
        "trials", the figures of each search, those of its last round with hyperband; "failed",
        with the reason; "fronts", for each measure the trials of the front by rising cost; and
        "recommended", of the front of parameters the "smallest", the "knee" and the "best".
    """
    points = list(_with_latency(list(_points(tuning, run_config, oracle)), run_config))
    fronts = {measure: _front(points, measure) for measure in MEASURES}
    images = dataclasses.asdict(data_config)
    return {
        "objective": tuning.tuner.objective,
        "tuner": tuning.tuner.tuner,
        "machine": machine.describe_briefly(),
        "complete": complete,
        "images": {**images, "data_dir": data_config.data_dir and str(data_config.data_dir)},
        "trials": points,
        "failed": list(_failed(tuning, run_config, oracle)),
        "fronts": fronts,
        "recommended": _recommend(points, fronts["parameters"]),
    }


def _ordered(oracle: LastingOracle, status: str) -> Iterator[Trial]:
    for trial_id in sorted(oracle.trials, key=int):
        if oracle.trials[trial_id].status == status:
            yield oracle.trials[trial_id]


def _points(
    tuning: Tuning, run_config: RunConfig, oracle: LastingOracle
) -> Iterator[dict[str, Any]]:
    last = {
        trial_tuner.root(trial, oracle): trial for trial in _ordered(oracle, TrialStatus.COMPLETED)
    }
    for number, trial in sorted(last.items()):
        figures = _figures(tuning, run_config, number)
        yield {
            "trial": number,
            "settings": _describe(tuning, trial),
            "accuracy": figures[tuning.tuner.objective],
            **figures,
        }


def _figures(tuning: Tuning, run_config: RunConfig, number: int) -> dict[str, Any]:
    """Collect the figures of a trial, with the size of the network whose accuracy counts."""
    path = run_config.model_dir
    run = RunDirectory(trials.directory(path, number))
    result = _read_result(run)
    figures = {name: result[name] for name in _SEARCHED}
    size = {name: result[f"child_{name}"] for name in _COUNTED}
    if tuning.child is not None:
        child = RunDirectory(trials.child_directory(path, number, figures["epochs"]))
        trained = _read_result(child)
        figures |= {TRAINED: trained["valid_accuracy"], "trained_epochs": trained["epochs"]}
        if tuning.tuner.objective == TRAINED:
            run, size = child, {name: trained[name] for name in _COUNTED}
    described = description.read(run.network)
    return {
        **figures,
        **size,
        "num_cells": described.num_cells,
        "init_channels": described.init_channels,
        "stem": described.stem,
        "directory": run.path.relative_to(path).as_posix(),
        "genotype": run.genotype.relative_to(path).as_posix(),
    }


def _read_result(run: RunDirectory) -> dict[str, Any]:
    result = run.read_result()
    if result is None:
        raise UserError(
            f"{shorten_path(run.result)}: can't be read, accepted: the file of a finished trial"
        )
    return result


def _failed(
    tuning: Tuning, run_config: RunConfig, oracle: LastingOracle
) -> Iterator[dict[str, Any]]:
    for trial in _ordered(oracle, TrialStatus.FAILED):
        file = trial_tuner.failure_file(run_config.model_dir, trial.trial_id)
        reason = file.read_text("utf-8").strip() if file.exists() else trial.message
        number = trial_tuner.root(trial, oracle)
        yield {"trial": number, "settings": _describe(tuning, trial), "reason": reason}


def _describe(tuning: Tuning, trial: Trial) -> dict[str, str]:
    return tuning.describe(hyperparameters.chosen(trial.hyperparameters.values, tuning))


def _with_latency(
    points: Sequence[dict[str, Any]], run_config: RunConfig
) -> Iterator[dict[str, Any]]:
    """Add the latency of each, as it was measured before on this machine, or is now.

    All are measured one after the other, while no trial runs, so that they can be compared.
    """
    known = _known_latencies(run_config)
    missing = [one for one in points if _key(one) not in known]
    for place, one in enumerate(missing, 1):
        print(f"latency {place} of {len(missing)}: trial {one['trial']}", flush=True)
        known[_key(one)] = _measure(run_config, one)
    for one in points:
        yield {**one, "latency_ms": known[_key(one)]}


def _measure(run_config: RunConfig, point: Mapping[str, Any]) -> float:
    directory = run_config.model_dir / point["directory"]
    genotype = read_genotype(run_config.model_dir / point["genotype"])
    described = description.read(RunDirectory(directory).network)
    return round(measure_latency(described.make_child(genotype), described.image_size), 3)


def _known_latencies(run_config: RunConfig) -> dict[tuple[int, int], float]:
    try:
        before = picking.read(run_config.model_dir)
        same = before["machine"] == machine.describe_briefly()
        return {_key(one): one["latency_ms"] for one in before["trials"] if same}
    except (UserError, KeyError, TypeError):
        return {}


def _key(point: Mapping[str, Any]) -> tuple[int, int]:
    return point["trial"], point["epochs"]


def _front(points: Sequence[Mapping[str, Any]], measure: str) -> list[int]:
    known = [one for one in points if one["accuracy"] is not None]
    costs, accuracies = ([one[name] for one in known] for name in (measure, "accuracy"))
    return [known[index]["trial"] for index in pareto.front(costs, accuracies)]


def _recommend(points: Sequence[Mapping[str, Any]], front: Sequence[int]) -> dict[str, int]:
    if not front:
        return {}
    by_trial = {one["trial"]: one for one in points}
    costs, accuracies = (
        [by_trial[trial][name] for trial in front] for name in ("parameters", "accuracy")
    )
    knee = front[pareto.knee(costs, accuracies)]
    return {"smallest": front[0], "knee": knee, "best": front[-1]}
