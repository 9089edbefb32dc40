"""The published cells, by name."""

from typing import Any

from snas_tf.architecture.genotype import CellGenotype, Edge, Genotype

_OPERATIONS = {
    "skip": "skip_connect",
    "max": "max_pool_3x3",
    "avg": "avg_pool_3x3",
    "sep3": "sep_conv_3x3",
    "sep5": "sep_conv_5x5",
    "sep7": "sep_conv_7x7",
    "dil3": "dil_conv_3x3",
    "dil5": "dil_conv_5x5",
    "1x7": "conv_7x1_1x7",
    "1x1": "nor_conv_1x1",
    "narrow3": "bottleneck_conv_3x3",
    "dilsep5": "dil_sep_conv_5x5",
    "max2": "max_pool_2x2",
}


def genotypes() -> dict[str, Genotype]:
    """Each published cell by its name.

    The three of SNAS are those of Xie et al., 2019: snas_mild of Figure 2, snas_moderate of
    Figure 7, snas_aggressive of Figure 5. darts_v1 and darts_v2 are the first and second order ones
    of Liu et al., 2019. nasnet_a (Zoph et al., 2018) and amoebanet_a (Real et al., 2019) are as the
    code of DARTS has them.

    The others are from their authors' code: amoebanet_b and amoebanet_c (Real et al., 2019) from
    `models/official/amoeba_net/model_specs.py` of tensorflow/tpu, pnas (PNASNet-5 of Liu et al.,
    2018) from `research/slim/nets/nasnet/pnasnet.py` of tensorflow/models, enas (Pham et al., 2018)
    from `scripts/cifar10_micro_final.sh` of melodyguan/enas. The first three number the two inputs
    the other way round there. docs/results/zoo.md holds them all against what is published; it
    says where they differ, and why NASNet-B and NASNet-C are not here.
    """
    return {
        name: Genotype(tuple(_read_cell(*kind) for kind in kinds))
        for name, kinds in _PUBLISHED.items()
    }


def _read_cell(text: str, concat: tuple[int, ...] = (2, 3, 4, 5)) -> CellGenotype:
    """Read `TARGET: OPERATION SOURCE, OPERATION SOURCE; TARGET: ...`."""
    edges = []
    for node in text.split(";"):
        target, inputs = node.split(":")
        for pair in inputs.split(","):
            operation, source = pair.split()
            edges.append(Edge(int(source), int(target), _OPERATIONS[operation]))
    return CellGenotype(tuple(edges), concat)


# A reduction cell of PNAS is a normal one with stride 2.
_PNAS = (
    "2: sep5 0, max 0; 3: sep7 1, max 1; 4: sep5 1, sep3 1; 5: sep3 4, max 1; 6: sep3 0, skip 1",
    (2, 3, 4, 5, 6),
)

_PUBLISHED: dict[str, tuple[tuple[Any, ...], ...]] = {
    "snas_mild": (
        ("2: sep3 0, sep3 1; 3: skip 0, dil3 1; 4: skip 0, skip 1; 5: skip 0, sep3 1",),
        ("2: max 0, max 1; 3: max 1, skip 2; 4: max 1, skip 2; 5: max 0, dil5 2",),
    ),
    "snas_moderate": (
        ("2: dil5 0, skip 1; 3: sep3 0, skip 1; 4: skip 0, skip 1; 5: sep3 0, dil5 1",),
        ("2: max 0, max 1; 3: sep5 0, dil5 1; 4: sep5 0, sep5 1; 5: sep5 0, sep5 1",),
    ),
    # Nodes 4 and 5 of its reduction cell have no input.
    "snas_aggressive": (
        ("2: sep5 0, skip 1; 3: skip 0, skip 1; 4: dil5 1, skip 0; 5: skip 0, dil5 1",),
        ("2: sep5 0; 3: sep5 0",),
    ),
    "darts_v1": (
        ("2: sep3 1, sep3 0; 3: skip 0, sep3 1; 4: skip 0, sep3 1; 5: sep3 0, skip 2",),
        ("2: max 0, max 1; 3: skip 2, max 0; 4: max 0, skip 2; 5: skip 2, avg 0",),
    ),
    "darts_v2": (
        ("2: sep3 0, sep3 1; 3: sep3 0, sep3 1; 4: sep3 1, skip 0; 5: skip 0, dil3 2",),
        ("2: max 0, max 1; 3: skip 2, max 1; 4: max 0, skip 2; 5: skip 2, max 1",),
    ),
    "nasnet_a": (
        (
            "2: sep5 1, sep3 0; 3: sep5 0, sep3 0; 4: avg 1, skip 0; 5: avg 0, avg 0; "
            "6: sep3 1, skip 1",
            (2, 3, 4, 5, 6),
        ),
        (
            "2: sep5 1, sep7 0; 3: max 1, sep7 0; 4: avg 1, sep5 0; 5: skip 3, avg 2; "
            "6: sep3 2, max 1",
            (4, 5, 6),
        ),
    ),
    "amoebanet_a": (
        (
            "2: avg 0, max 1; 3: sep3 0, sep5 2; 4: sep3 0, avg 3; 5: sep3 1, skip 1; "
            "6: skip 0, avg 1",
            (4, 5, 6),
        ),
        (
            "2: avg 0, sep3 1; 3: max 0, sep7 2; 4: sep7 0, avg 1; 5: max 0, max 1; "
            "6: 1x7 0, sep3 5",
            (3, 4, 6),
        ),
    ),
    # The output of the normal cell also concatenates an input, as node 7.
    "amoebanet_b": (
        (
            "2: 1x1 0, max 0; 3: skip 0, sep3 1; 4: 1x1 0, sep3 1; 5: 1x1 2, skip 2; "
            "6: avg 0, 1x1 5; 7: skip 1",
            (3, 4, 6, 7),
        ),
        (
            "2: max2 1, max 1; 3: skip 2, narrow3 0; 4: dilsep5 2, max 2; 5: skip 3, sep3 0; "
            "6: avg 4, 1x1 3",
            (5, 6),
        ),
    ),
    # The outputs of its cells also concatenate an input, as node 7.
    "amoebanet_c": (
        (
            "2: avg 1, sep3 1; 3: skip 1, sep3 1; 4: avg 2, sep3 0; 5: skip 1, sep3 0; "
            "6: avg 3, sep3 1; 7: skip 0",
            (2, 4, 5, 6, 7),
        ),
        (
            "2: max 1, max 1; 3: sep7 2, sep3 1; 4: sep7 1, max 0; 5: sep5 4, sep5 4; "
            "6: max 0, sep3 0; 7: skip 1",
            (2, 3, 4, 5, 6, 7),
        ),
    ),
    "pnas": (_PNAS, _PNAS),
    "enas": (
        (
            "2: avg 0, sep3 0; 3: skip 0, sep5 0; 4: skip 0, sep5 1; 5: sep3 1, sep5 0; "
            "6: avg 0, sep5 1",
            (2, 3, 4, 5, 6),
        ),
        (
            "2: sep3 1, sep3 1; 3: max 0, avg 0; 4: sep5 1, sep5 3; 5: sep3 1, skip 0; "
            "6: max 0, sep5 1",
            (2, 4, 5, 6),
        ),
    ),
}
