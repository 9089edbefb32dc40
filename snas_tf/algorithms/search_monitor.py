"""What a search reports at the end of every epoch."""

import math
import pathlib
from typing import Any, ClassVar

import numpy as np
import tensorflow as tf
from absl import logging

from snas_tf import plots
from snas_tf.algorithms.search_model import SearchModel
from snas_tf.architecture import cost, genotype, lookup, space
from snas_tf.errors import UserError
from snas_tf.files import whole_files
from snas_tf.runs.monitor import Monitor
from snas_tf.training import schedules

_DRAWINGS = 30
"""Of the distributions over a whole search, at most about so many: one takes half a second."""

UNDECIDED = 0.9
"""Share of the largest entropy, ln 8, that is as good as all of it half-way through a search."""


class SearchMonitor(Monitor):
    """Adds the genotype so far, the distributions, and warnings of what makes a search useless."""

    tags: ClassVar = {
        "loss": "losses/total",
        "cross_entropy": "losses/cross_entropy",
        "penalty": "losses/penalty",
        "valid_cross_entropy": "losses/valid_cross_entropy",
        "accuracy": "accuracy/train",
        "valid_accuracy": "accuracy/valid",
        "entropy_normal": "entropy/normal",
        "entropy_reduce": "entropy/reduce",
        "theta_learning_rate": "learning_rate/theta",
        "alpha_learning_rate": "learning_rate/alpha",
        "penalty_share": "penalty/share_of_alpha_gradient",
        "penalty_weight": "penalty/weight",
        "dropped_normal": "dropped_edges/normal",
        "dropped_reduce": "dropped_edges/reduce",
        "expected_parameters": "expected_cost/parameters",
        "expected_operations": "expected_cost/operations",
        "expected_memory_access": "expected_cost/memory_access",
    }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._drawn_every = math.ceil(self._num_epochs / _DRAWINGS)

    def measure(self, means: dict[str, float]) -> dict[str, Any]:
        """See `Monitor.measure`."""
        model: SearchModel = self.model
        return {
            "loss": means["loss"],
            "cross_entropy": means["cross_entropy"],
            "penalty": means["penalty"],
            "penalty_share": means["penalty_share"],
            "penalty_weight": model.weight(),
            "accuracy": means["accuracy"],
            "valid_cross_entropy": means["valid_cross_entropy"],
            "valid_accuracy": means["valid_accuracy"],
            **{f"entropy_{kind}": model.edges[kind].entropy() for kind in space.KINDS},
            **{f"dropped_{kind}": model.edges[kind].dropped() for kind in space.KINDS},
            "temperature": model.temperature(),
            "theta_learning_rate": model.theta_optimizer.learning_rate,
            "alpha_learning_rate": model.alpha_optimizer.learning_rate,
            **{f"expected_{name}": value for name, value in _expected_costs(model).items()},
        }

    def describe(self, row: dict[str, float]) -> str:
        """See `Monitor.describe`."""
        return (
            f"loss {row['loss']:.3f}  "
            f"accuracy {row['accuracy']:.3f}  valid {row['valid_accuracy']:.3f}  "
            f"entropy {row['entropy_normal']:.2f} normal {row['entropy_reduce']:.2f} reduce  "
            f"child {row['expected_parameters'] / 1e6:.3f} M parameters  "
            f"dropped {row['dropped_normal']:.0f} + {row['dropped_reduce']:.0f}  "
            f"penalty's share {row['penalty_share']:.2f}"
        )

    def keep(self, epoch: int, row: dict[str, float]) -> None:
        """Keeps the genotype, and draws the distributions, and the cells where they changed."""
        found = genotype.derive(self.model.log_alpha())
        text = genotype.to_json(found)
        before = self._genotype_after(epoch)
        self._run.genotypes.mkdir(exist_ok=True)
        for path in (self._genotype_path(epoch + 1), self._run.genotype):
            whole_files.write_text(path, text)
        self._warn_of_collapse(found, before)
        self._warn_of_indecision(epoch, row)
        if epoch % self._drawn_every == 0 or epoch + 1 == self._num_epochs:
            for kind in space.KINDS:
                alpha = self.model.edges[kind].probabilities().numpy()
                _write_figure(f"alpha/{kind}", plots.draw_alpha(alpha, f"alpha, {kind} cell"))
        if found != before:
            tf.summary.text("genotype", f"```\n{text}```")
        for kind in space.KINDS:
            if before is None or found.cell(kind) != before.cell(kind):
                _write_figure(f"cell/{kind}", plots.draw_cell(found.cell(kind), f"{kind} cell"))

    def _genotype_path(self, epochs: int) -> pathlib.Path:
        return self._run.genotypes / f"epoch_{epochs:04d}.json"

    def _genotype_after(self, epochs: int) -> genotype.Genotype | None:
        """The genotype after so many epochs; None before the first, or where it is lost."""
        try:
            return lookup.read(self._genotype_path(epochs))
        except UserError:
            return None

    def _warn_of_collapse(self, found: genotype.Genotype, before: genotype.Genotype | None) -> None:
        """Once, when it begins: the cells of a young search come and go."""
        for kind in space.KINDS:
            problem = genotype.collapse(found.cell(kind))
            known = before and genotype.collapse(before.cell(kind))
            if problem and problem != known:
                logging.warning("the %s cell is collapsing: %s", kind, problem)

    def _warn_of_indecision(self, epoch: int, row: dict[str, float]) -> None:
        """Once, when half of the epochs are over and a distribution is still near uniform."""
        if epoch + 1 != (self._num_epochs + 1) // 2:
            return
        largest = np.log(len(space.OPERATIONS))
        entropies = {kind: row[f"entropy_{kind}"] for kind in space.KINDS}
        high = [kind for kind, entropy in entropies.items() if entropy > UNDECIDED * largest]
        if high:
            logging.warning(
                "half of the search is over and entropy has not begun to fall in the %s cell (%s "
                "of %.2f nats): as it goes on, the found cell will not be what was trained; in "
                "another --model_dir, raise --alpha_learning_rate, now %.2g and by default %.2g in "
                "so many steps%s; see docs/deciding.md",
                " and the ".join(high),
                ", ".join(f"{entropies[kind]:.2f}" for kind in high),
                largest,
                row["alpha_learning_rate"],
                schedules.alpha_rate(self.model.num_steps),
                ", and use --alpha_decay=decoupled"
                if self.model.config.alpha_decay == "coupled"
                else "",
            )


def _expected_costs(model: SearchModel) -> dict[str, float]:
    """By criterion, what a child of this network costs on average, and what is around its edges."""
    around = cost.surroundings(model.network.plans, model.network.num_classes)
    probabilities = {kind: model.edges[kind].probabilities().numpy() for kind in space.KINDS}
    return {
        name: getattr(around, name)
        + sum(np.sum(probabilities[kind] * model.costs[kind][name]) for kind in space.KINDS)
        for name in cost.CRITERIA
    }


def _write_figure(tag: str, figure: Any) -> None:
    image = tf.io.decode_png(plots.to_png_bytes(figure), channels=4)
    tf.summary.image(tag, np.asarray(image)[np.newaxis])
