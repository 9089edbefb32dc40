"""The width of a network under a budget."""

from snas_tf.architecture.genotype import Genotype
from snas_tf.architecture.network_cost import child_cost
from snas_tf.errors import UserError


def widest_channels(
    genotype: Genotype,
    num_cells: int,
    image_size: tuple[int, int],
    num_classes: int,
    max_multiply_adds: float,
    stem: str = "imagenet",
) -> int:
    """Find the largest even number of channels whose network stays within a budget.

    Args:
        genotype: the cells.
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
        network_plan = genotype.space.plan_network(
            num_cells, channels + 2, image_size, genotype.output_nodes, stem
        )
        multiply_adds = child_cost(genotype, network_plan, num_classes).multiply_adds
        if multiply_adds > max_multiply_adds:
            break
        channels += 2
    if not channels:
        raise UserError(
            f"`max_multiply_adds`={max_multiply_adds:g}: less than a network of 2 channels has, "
            f"accepted: {multiply_adds} or more"
        )
    return channels
