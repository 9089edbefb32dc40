"""Draws docs/pipeline.png and docs/pipeline.svg: the steps from images to an exported network.

python docs/pipeline.py
"""

import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

from snas_tf.plots.picture import AMBER, BLUE, INK, MUTED, ROSE, SKY, save

RUN_FILES = """run.json
network.json
metrics.csv, curves.png
tensorboard/, checkpoints/
result.json"""
STEPS = (
    ("images", MUTED, "TFDS name, folder, digits\nor arrays", ""),
    (
        "search",
        BLUE,
        "parent network: weights and\ndistributions trained together",
        RUN_FILES,
    ),
    (
        "genotype",
        AMBER,
        "the normal and the reduction\ncell, one operation per edge",
        "genotype.json, genotypes/\nnormal.png, normal.svg\nreduce.png, reduce.svg",
    ),
    (
        "training",
        SKY,
        "the child, at full size, from\nscratch; tested at the end",
        f"{RUN_FILES}, export/",
    ),
    (
        "export",
        ROSE,
        "a file for use elsewhere; all but\nKeras with folded normalizations",
        "export/: SavedModel\nmodel.keras\nmodel.tflite\nmodel.onnx",
    ),
)
COMMANDS = {1: "--mode=search", 3: "--mode=evaluate\n--mode=imagenet", 4: "--mode=export"}
WIDTH, GAP = 2.35, 0.45


def draw() -> Figure:
    """Draw a box for each step, with its command above it and the files it leaves below."""
    total = len(STEPS) * WIDTH + (len(STEPS) - 1) * GAP
    figure = Figure(figsize=(total + 0.3, 2.8))
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set(xlim=(-0.15, total + 0.15), ylim=(0.5, 3.3))
    axes.axis("off")
    for index, (name, color, meaning, files) in enumerate(STEPS):
        left = index * (WIDTH + GAP)
        middle = left + WIDTH / 2
        rounded = "round,pad=0,rounding_size=0.1"
        axes.add_patch(
            FancyBboxPatch((left, 1.6), WIDTH, 1.1, boxstyle=rounded, fc="white", ec=color, lw=2.2)
        )
        style = {"color": INK, "ha": "center"}
        axes.text(middle, 2.4, name, size=13, weight="bold", va="center", **style)
        axes.text(middle, 1.95, meaning, size=9, va="center", **style)
        command = COMMANDS.get(index, "")
        axes.text(middle, 2.82, command, size=9, va="bottom", family="monospace", **style)
        axes.text(middle, 1.45, files, size=9, va="top", family="monospace", **style)
        if index:
            arrow = FancyArrowPatch(
                (left - GAP, 2.15), (left, 2.15), arrowstyle="-|>", mutation_scale=16, color=INK
            )
            axes.add_patch(arrow)
    axes.text(WIDTH / 2, 1.45, "files of each step:", size=9, va="top", ha="center", color=MUTED)
    return figure


if __name__ == "__main__":
    for suffix in ("png", "svg"):
        save(draw(), ROOT / "docs" / f"pipeline.{suffix}")
