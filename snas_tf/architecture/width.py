"""How wide a network may be under a budget."""

from snas_tf.architecture import cost, space
from snas_tf.architecture.genotype import Genotype
from snas_tf.errors import UserError


def widest(
    found: Genotype,
    num_cells: int,
    image_size: tuple[int, int],
    num_classes: int,
    max_multiply_adds: float,
    stem: str = "imagenet",
) -> int:
    """The widest even number of channels whose network stays within a budget.

    Args:
        found: the genotype.
        num_cells: cells of the network.
        image_size: (height, width) of the images.
        num_classes: classes of the images.
        max_multiply_adds: the budget, for one image.
        stem: one of `stems.NAMES`.

    Raises:
        UserError: even the narrowest network is too large.
    """
    channels = 0
    while True:
        plans = space.plan_network(num_cells, channels + 2, image_size, found.output_nodes, stem)
        multiply_adds = cost.child(found, plans, num_classes).multiply_adds
        if multiply_adds > max_multiply_adds:
            break
        channels += 2
    if not channels:
        raise UserError(
            f"--max_multiply_adds={max_multiply_adds:g}: less than a network of 2 channels has, "
            f"accepted: {multiply_adds} or more"
        )
    return channels
