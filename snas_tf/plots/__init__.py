"""Pictures: the graph of a cell, the probabilities of operations, the curves of a run.

Pictures are Figures and do not use pyplot. The functions that draw import matplotlib, which takes a
second.
"""

from snas_tf.plots.cell import draw_cell, plot_cell, save_cells
from snas_tf.plots.charts import draw_alpha, draw_credit, draw_curves, draw_training_curves
from snas_tf.plots.comparison import (
    draw_accuracy,
    draw_children,
    draw_entropy,
    draw_test_error,
)
from snas_tf.plots.latency import draw_accuracies, draw_predictions
from snas_tf.plots.pareto import draw_pareto
from snas_tf.plots.picture import save, to_png_bytes
from snas_tf.plots.regret import draw_regret

__all__ = [
    "draw_accuracies",
    "draw_accuracy",
    "draw_alpha",
    "draw_cell",
    "draw_children",
    "draw_credit",
    "draw_curves",
    "draw_entropy",
    "draw_pareto",
    "draw_predictions",
    "draw_regret",
    "draw_test_error",
    "draw_training_curves",
    "plot_cell",
    "save",
    "save_cells",
    "to_png_bytes",
]
