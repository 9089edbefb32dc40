"""Pictures: the graph of a cell, the probabilities of operations, the curves of a run.

Every picture is a Figure of its own, pyplot is left alone. matplotlib takes a second to import, so
the functions that draw import it.
"""

from snas_tf.plots.cell import draw_cell, plot_cell, save_cells
from snas_tf.plots.charts import draw_alpha, draw_curves, draw_training_curves
from snas_tf.plots.picture import save, to_png_bytes

__all__ = [
    "draw_alpha",
    "draw_cell",
    "draw_curves",
    "draw_training_curves",
    "plot_cell",
    "save",
    "save_cells",
    "to_png_bytes",
]
