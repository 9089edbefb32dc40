"""Which training images are held out for validation."""

import numpy as np


def held_out_counts(class_counts: np.ndarray, fraction: float) -> np.ndarray:
    """Compute how many images of each class are held out.

    A share of each class is held out, rounded so that the total is right, but at least one image
    and not the last one. A class of a single image keeps it for training.

    Args:
        class_counts: images of each class, int [classes].
        fraction: the share to hold out, 0 to less than 1; 0 holds none out.

    Returns:
        int64 [classes].
    """
    if fraction == 0:
        return np.zeros(len(class_counts), np.int64)
    quotas = fraction * class_counts
    held_out = np.floor(quotas).astype(np.int64)
    missing = max(round(fraction * class_counts.sum()) - held_out.sum(), 0)
    held_out[np.argsort(held_out - quotas, kind="stable")[:missing]] += 1
    most = np.maximum(class_counts - 1, 0)
    return np.clip(held_out, np.minimum(most, 1), most)


def split(labels: np.ndarray, held_out: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Draw the images that are held out; a seed always draws the same ones.

    Args:
        labels: int [examples], 0 to classes - 1.
        held_out: how many of each class, int [classes].
        seed: at least 0.

    Returns:
        Positions of the training and of the validation images, int64, each in a random order.
    """
    order = np.random.default_rng(seed).permutation(len(labels))
    drawn = labels[order]
    is_held_out = np.zeros(len(labels), bool)
    for label, count in enumerate(held_out):
        is_held_out[np.flatnonzero(drawn == label)[:count]] = True
    return order[~is_held_out], order[is_held_out]
