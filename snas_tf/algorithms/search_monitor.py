"""The monitor of a search."""

import math
import pathlib
from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
import tensorflow as tf
from absl import logging

from snas_tf import plots
from snas_tf.algorithms.search_model import SearchModel
from snas_tf.architecture.child_latency import latency_size
from snas_tf.architecture.genotype import Genotype, count_operations, describe_collapse
from snas_tf.architecture.genotype_json import to_json
from snas_tf.architecture.genotype_source import read_genotype
from snas_tf.architecture.network_cost import expected_costs
from snas_tf.config import algorithms
from snas_tf.errors import UserError
from snas_tf.files import whole_files
from snas_tf.runs import event_files
from snas_tf.runs.monitor import Monitor
from snas_tf.training import classification, schedules

_DRAWINGS = 10
"""How often a whole search draws, at most about: a picture takes a third of a second."""

_COUNTED = {"convolutions": "conv", "poolings": "pool", "skips": "skip", "zeros": "zero"}
"""What `count_operations` counts, and its names in the line of an epoch."""

UNDECIDED = 0.9
"""Share of the largest entropy above which a search warns half-way."""


class SearchMonitor(Monitor):
    """Monitor that also reports the genotype and the distributions, and warns of problems."""

    tags: ClassVar[Mapping[str, str]] = {
        "loss": "losses/total",
        "cross_entropy": "losses/cross_entropy",
        "penalty": "losses/penalty",
        "valid_cross_entropy": "losses/valid_cross_entropy",
        "accuracy": "accuracy/train",
        "valid_accuracy": "accuracy/valid",
        "theta_learning_rate": "learning_rate/theta",
        "alpha_learning_rate": "learning_rate/alpha",
        "penalty_share": "penalty/share_of_alpha_gradient",
        "penalty_weight": "penalty/weight",
        "reward": "controller/reward",
        "baseline": "controller/baseline",
        "controller_entropy": "controller/entropy",
        "controller_learning_rate": "learning_rate/controller",
    }

    model: SearchModel

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._space = self.model.algorithm.space
        self._drawn_every = math.ceil(self._num_epochs / _DRAWINGS)
        table = self.model.config.read_latency_table()
        self._latency = None if table is None else latency_size(table, self._space)
        self.genotype: Genotype | None = None

    def tag(self, name: str) -> str:
        """See `Monitor.tag`."""
        first, _, rest = name.partition("_")
        groups = {"entropy": "entropy", "expected": "expected_cost"}
        groups |= dict.fromkeys(_COUNTED, f"edges_{rest}")
        if first not in groups:
            return super().tag(name)
        return f"{groups[first]}/{first if first in _COUNTED else rest}"

    def measure(self, means: dict[str, float]) -> dict[str, Any]:
        """See `Monitor.measure`; derives the genotype."""
        algorithm, plan = self.model.algorithm, self.model.network.network_plan
        held_out = [f"valid_{name}" for name in classification.MEASURES]
        names = (*algorithm.measures, *held_out)
        self.genotype = genotype = self.model.derive()
        probabilities = {kind: one.numpy() for kind, one in algorithm.probabilities().items()}
        space = self._space
        counts = {kind: count_operations(genotype.cell(kind), space) for kind in space.kinds}
        expected = expected_costs(plan, self.model.network.num_classes, probabilities)
        if self._latency is not None:
            expected["latency_ms"] = self._latency.expected(probabilities)
        return {
            **{name: means[name] for name in names},
            **{f"entropy_{kind}": mean_entropy(one) for kind, one in probabilities.items()},
            **{f"{name}_{kind}": counts[kind][name] for kind in counts for name in counts[kind]},
            **{f"expected_{name}": expected[name] for name in expected},
            **algorithm.report(),
        }

    def describe(self, row: dict[str, float]) -> str:
        """See `Monitor.describe`."""
        kinds = [name.partition("_")[2] for name in row if name.startswith("entropy_")]
        parts = [
            f"loss {row['loss']:.3f}",
            f"accuracy {row['accuracy']:.3f}",
            f"valid {row['valid_accuracy']:.3f}",
            "entropy " + " ".join(f"{row[f'entropy_{kind}']:.2f} {kind}" for kind in kinds),
            f"child {row['expected_parameters'] / 1e6:.3f} M parameters",
            *(f"{kind} {_list_counts(row, kind)}" for kind in kinds),
        ]
        if "penalty_share" in row:
            parts.append(f"penalty's share {row['penalty_share']:.2f}")
        return "  ".join(parts)

    def keep(self, epoch: int, row: dict[str, float]) -> None:
        """Keep the genotype, and draw the distributions and the cells from time to time."""
        genotype, before = self.genotype, self.genotype_after(epoch)
        assert genotype is not None  # `measure` comes first.
        text = to_json(genotype)
        self._run.genotypes.mkdir(exist_ok=True)
        for path in (self._genotype_path(epoch + 1), self._run.genotype):
            whole_files.write_text(path, text)
        self._warn_of_collapse(genotype, before)
        self._warn_of_indecision(epoch, row)
        if genotype != before:
            tf.summary.text("genotype", f"```\n{text}```")
        if epoch % self._drawn_every == 0 or epoch + 1 == self._num_epochs:
            self._draw(epoch, genotype)

    def _draw(self, epoch: int, genotype: Genotype) -> None:
        """Draw the distributions, and the cells that have changed since the last drawing."""
        algorithm = self.model.algorithm
        for kind, alpha in algorithm.probabilities().items():
            figure = plots.draw_alpha(alpha.numpy(), f"alpha, {kind} cell", algorithm.space)
            event_files.write_picture(f"alpha/{kind}", plots.to_png_bytes(figure))
        for kind, credit in algorithm.mean_credit().items():
            figure = plots.draw_credit(credit, f"credit, {kind} cell", algorithm.space)
            content = plots.save(figure, self._run.path / f"credit_{kind}.png")
            event_files.write_picture(f"credit/{kind}", content)
        last = (epoch - 1) // self._drawn_every * self._drawn_every
        before = self.genotype_after(last + 1) if epoch else None
        for kind in algorithm.space.kinds:
            cell = genotype.cell(kind)
            if before is None or cell != before.cell(kind):
                figure = plots.draw_cell(cell, f"{kind} cell")
                event_files.write_picture(f"cell/{kind}", plots.to_png_bytes(figure))

    def _genotype_path(self, epochs: int) -> pathlib.Path:
        return self._run.genotypes / f"epoch_{epochs:04d}.json"

    def genotype_after(self, epochs: int) -> Genotype | None:
        """Genotype after a number of epochs; None before the first, or if its file is lost."""
        try:
            return read_genotype(self._genotype_path(epochs))
        except UserError:
            return None

    def _warn_of_collapse(self, genotype: Genotype, before: Genotype | None) -> None:
        """Warn once, when a cell begins to collapse; stop where that is asked for."""
        for kind in genotype.space.kinds:
            problem = describe_collapse(genotype.cell(kind))
            known = before and describe_collapse(before.cell(kind))
            if problem and problem != known:
                logging.warning("the %s cell is collapsing: %s", kind, problem)
            if problem and self.model.config.stop_on_collapse:
                self.model.stop_training = True

    def _warn_of_indecision(self, epoch: int, row: dict[str, float]) -> None:
        """Warn once, after half of the epochs, if a distribution is still near uniform.

        With algorithms that have a rate of alpha of their own, such as DARTS, that is usual.
        """
        spec = algorithms.get(self.model.config.algorithm)
        decides = spec.has("alpha_learning_rate") and "alpha_learning_rate" not in spec.defaults
        if not decides or epoch + 1 != (self._num_epochs + 1) // 2:
            return
        largest = np.log(len(self.model.algorithm.space.operations))
        kinds = self.model.algorithm.space.kinds
        entropies = {kind: row[f"entropy_{kind}"] for kind in kinds}
        high = [kind for kind, entropy in entropies.items() if entropy > UNDECIDED * largest]
        if high:
            logging.warning(
                "half of the search is over and entropy has not begun to fall in the %s cell (%s "
                "of %.2f nats): as it goes on, the found cell will not be what was trained; in "
                "another `model_dir`, raise `alpha_learning_rate`, now %.2g and by default %.2g in "
                "so many steps%s; see docs/concepts/deciding.md",
                " and the ".join(high),
                ", ".join(f"{entropies[kind]:.2f}" for kind in high),
                largest,
                row["alpha_learning_rate"],
                schedules.alpha_rate(self.model.num_steps),
                ", and use `alpha_decay`=decoupled"
                if self.model.config.alpha_decay == "coupled"
                else "",
            )


def mean_entropy(probabilities: np.ndarray) -> float:
    """Mean entropy of the edges' distributions, in nats: ln 8 where nothing of 8 is decided.

    Args:
        probabilities: [edges, operations].
    """
    logs = np.log(probabilities, where=probabilities > 0, out=np.zeros_like(probabilities))
    return float(-(probabilities * logs).sum(axis=1).mean())


def _list_counts(row: Mapping[str, float], kind: str) -> str:
    return " ".join(f"{row[f'{name}_{kind}']:.0f} {label}" for name, label in _COUNTED.items())
