"""The network that an evaluation has trained."""

import dataclasses
import json
import pathlib
from typing import Any

from snas_tf.architecture import architectures
from snas_tf.architecture.architectures import Architecture
from snas_tf.errors import UserError, format_setting, shorten_path
from snas_tf.models import description
from snas_tf.models.description import Network, NetworkDescription
from snas_tf.runs import checkpoint_files, run_record
from snas_tf.runs.run_directory import RunDirectory
from snas_tf.runs.run_record import RunRecord
from snas_tf.training.child_monitor import BEST

_ACCURACIES = {
    "last": {"valid_accuracy": "valid_accuracy", "test_error": "test_error"},
    "best": {
        "valid_accuracy": "best_valid_accuracy",
        "test_error": "test_error_at_best_validation",
    },
}
"""For each choice of weights, the entries of result.json that were measured with them."""


@dataclasses.dataclass(frozen=True)
class TrainedChild:
    """A trained child network.

    Attributes:
        run: its run directory.
        record: the record of the run.
        described: what is known of the network.
        architecture: the child's cells, or the network that stands beside it.
        network: the network.
        weights: which it has: the "last" epoch's, or those of the "best" one.
    """

    run: RunDirectory
    record: RunRecord
    described: NetworkDescription
    architecture: Architecture
    network: Network
    weights: str

    def measured(self) -> dict[str, float | None]:
        """Read the validation accuracy and the test error with these weights; None if unknown."""
        result = self.run.read_result() or {}
        return {name: result.get(entry) for name, entry in _ACCURACIES[self.weights].items()}


def load(model_dir: pathlib.Path, weights: str | None = None) -> TrainedChild:
    """Load the network that an evaluation has trained.

    Args:
        model_dir: the run directory.
        weights: the "last" epoch's, or those of the epoch with the "best" validation accuracy;
            None for those that the run itself exports.

    Raises:
        UserError: the run has no trained child, or no such weights.
    """
    run = RunDirectory(model_dir)
    record = _read_record(run)
    described = description.read(run.network)
    architecture = architectures.read(run.genotype)
    content = json.loads(architectures.to_json(architecture))
    _require_recorded(run.network, "network", described.to_content(), record)
    _require_recorded(run.genotype, "genotype", content, record)
    network = described.make_network(architecture)
    weights = weights or record.settings.get("export_weights", "last")
    if weights == "best":
        checkpoint_files.restore_network(network, run.best, BEST)
    else:
        checkpoint_files.restore_network(network, run.checkpoints)
    return TrainedChild(run, record, described, architecture, network, weights)


def _read_record(run: RunDirectory) -> RunRecord:
    """Read the record of a run that has trained one child."""
    shown = format_setting("model_dir", run.path)
    if not run.record.exists():
        raise UserError(f"{shown}: holds no run, accepted: a run of `kind`=evaluate or imagenet")
    record = run_record.read(run.record)
    if record.kind == "search":
        raise UserError(
            f"{shown}: a search has no child's weights, accepted: a run of "
            f"`kind`=evaluate; one with `initial_weights`={run.path} `epochs`=0 takes them over"
        )
    if record.settings.get("num_seeds", 1) > 1:
        raise UserError(
            f"{shown}: holds the runs of several seeds, accepted: "
            f"`model_dir`={run.path / 'seed_'}N of one of them"
        )
    return record


def _require_recorded(path: pathlib.Path, name: str, content: Any, record: RunRecord) -> None:
    if content != record.inputs.get(name):
        raise UserError(
            f"{shorten_path(path)}: not the {name} that was trained, accepted: the file as the run "
            "wrote it"
        )
