"""Small runs of the program, one for each mode, algorithm, space and kind of data."""

import pathlib

import numpy as np

from snas_tf.config import algorithms

MAIN = pathlib.Path(__file__).resolve().parent.parent.parent / "main.py"
_SMALL = ("--num_cells=3", "--init_channels=2", "--epochs=2")
# Two or three devices can share a batch; that of digits fits into the part on which ENAS judges.
_DIGITS = ("--dataset=digits", "--batch_size=120", *_SMALL)
_CELLS = (*_DIGITS, "--num_nodes=2", "--skip_threshold=0")
_SEARCH = ("--mode=search", *_CELLS)
RUNS = {
    "search": _SEARCH,
    "one_hot": (*_SEARCH, "--relaxation=one_hot"),
    "float16": (*_SEARCH, "--precision=float16"),
    "nasbench201": (
        *("--mode=search", *_DIGITS, "--space=nasbench201", "--num_cells=1"),
        "--skip_threshold=0",
    ),
    "target": (*_SEARCH, "--target_parameters=2e6"),
    **{name: (*_SEARCH, f"--algorithm={name}") for name in algorithms.ALGORITHMS if name != "snas"},
    "darts_2": (*_SEARCH, "--algorithm=darts", "--darts_order=2"),
    "evaluate": (
        *("--mode=evaluate", *_DIGITS, "--genotype=snas_aggressive"),
        *("--cutout_length=2", "--num_seeds=2"),
    ),
    "on_disk": (
        *("--mode=search", "--dataset=folder", "--image_storage=disk", "--stem=imagenet", *_SMALL),
        *("--batch_size=2", "--image_size=32", "--examples_per_class=4", "--skip_threshold=0"),
        *("--num_nodes=2", "--algorithm=darts"),
    ),
    "imagenet": (
        *("--mode=imagenet", "--dataset=folder", "--genotype=snas_aggressive", *_SMALL),
        *("--batch_size=6", "--image_size=64", "--init_channels=4"),
    ),
    "compare": (
        *("--mode=compare", *_CELLS, "--algorithms=snas,gdas", "--seeds=0", "--epochs=1"),
        "--train_children=1",
    ),
    "tune": (
        *("--mode=tune", *_CELLS, "--epochs=1", "--sweep=constraint_weight:0.1:1", "--trials=2"),
        *("--tuner=random", "--trial_epochs=1"),
    ),
}


def flags(kind, model_dir, images):
    """The flags of a run of a kind that saves its state every three steps.

    Args:
        kind: a key of `RUNS`.
        model_dir: the run directory.
        images: a folder of images as of `make_images`, for the kinds that read one.
    """
    folder = (f"--data_dir={images}",) if "--dataset=folder" in RUNS[kind] else ()
    return (*RUNS[kind], *folder, "--checkpoint_every_steps=3", f"--model_dir={model_dir}")


def make_images(root):
    """Make a folder of small photos for the runs that read images from disk."""
    import PIL.Image

    generator = np.random.default_rng(0)
    for part, count in (("train", 6), ("val", 2)):
        for name in ("ant", "bee"):
            (root / part / name).mkdir(parents=True, exist_ok=True)
            for number in range(count):
                pixels = generator.integers(0, 256, (70, 80, 3), np.uint8)
                PIL.Image.fromarray(pixels).save(root / part / name / f"{number}.jpg")
