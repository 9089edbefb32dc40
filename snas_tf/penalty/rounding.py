"""Rounding of log alpha to a target size."""

from collections.abc import Mapping

import numpy as np

from snas_tf.architecture.child_size import ChildSize

TOLERANCE = 0.05
"""Accepted deviation from the target, as a share of it."""


def round_to_target(
    log_alpha: Mapping[str, np.ndarray], size: ChildSize, target: float
) -> dict[str, np.ndarray]:
    """Round log alpha so that its most probable child is within 5 % of a target.

    Where no child has exactly the target size, a search keeps an edge undecided. If the most
    probable child is outside the tolerance, one or two edges take other operations: of all such
    changes that reach the tolerance, the one that loses least probability. The logits of an edge's
    old and new operation are exchanged.

    Args:
        log_alpha: logits [edges, operations] of each kind.
        size: size of children.
        target: the target size, in the same unit.

    Returns:
        The logits; as given if the child is within the tolerance, or no such change leads there.
    """
    logits = np.concatenate(list(log_alpha.values()))
    sizes = np.concatenate([size.edges[kind] for kind in log_alpha])
    edges, chosen = np.arange(len(logits)), logits.argmax(axis=1)
    total = size.fixed + sizes[edges, chosen].sum()
    # For each change [edges x operations]. Keeping the operation of an edge is a change without
    # cost, so pairs of changes include single ones and none.
    added = (sizes - sizes[edges, chosen][:, np.newaxis]).ravel()
    lost = (logits.max(axis=1, keepdims=True) - logits).ravel()
    edge, operation = np.divmod(np.arange(logits.size), logits.shape[1])
    reached = total + added[:, np.newaxis] + added
    fits = np.abs(reached / target - 1) <= TOLERANCE
    fits &= edge[:, np.newaxis] != edge
    costs = np.where(fits, lost[:, np.newaxis] + lost, np.inf)
    if np.isfinite(costs.min()):
        for change in np.unravel_index(costs.argmin(), costs.shape):
            row, new = edge[change], operation[change]
            logits[row, [chosen[row], new]] = logits[row, [new, chosen[row]]]
    return dict(zip(log_alpha, np.split(logits, len(log_alpha)), strict=True))
