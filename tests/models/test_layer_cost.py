import keras
import numpy as np
import pytest

from snas_tf.architecture.cost import Cost, total
from snas_tf.models import layer_cost
from snas_tf.models.application_network import ApplicationNetwork

LAYERS = keras.layers


def counted(layer, shape=(8, 6, 4)):
    inputs = keras.Input(shape)
    model = keras.Model(inputs, layer(inputs))
    return layer_cost.count_layer(model.layers[-1])


@pytest.mark.parametrize(
    ("layer", "expected"),
    [
        (
            LAYERS.Conv2D(5, (3, 1), 2, "same"),
            # 4 x 3 outputs of 5 channels, each a sum over 3 x 4 products, and 5 biases.
            Cost(3 * 4 * 5 + 5, 4 * 3 * 5 * 3 * 4, 0, 4 * 3 * (4 + 5) + 3 * 4 * 5),
        ),
        (
            LAYERS.Conv2D(6, 3, padding="same", groups=2, use_bias=False),
            Cost(9 * 2 * 6, 8 * 6 * 6 * 9 * 2, 0, 8 * 6 * (4 + 6) + 9 * 2 * 6),
        ),
        (
            LAYERS.DepthwiseConv2D(3, padding="valid", use_bias=False),
            Cost(9 * 4, 6 * 4 * 4 * 9, 0, 6 * 4 * (4 + 4) + 9 * 4),
        ),
        (
            LAYERS.SeparableConv2D(7, 5, 2, "same", use_bias=False),
            Cost(
                25 * 4 + 4 * 7,
                4 * 3 * 4 * 25 + 4 * 3 * 7 * 4,
                0,
                4 * 3 * (4 + 4) + 25 * 4 + 4 * 3 * (4 + 7) + 4 * 7,
            ),
        ),
        (LAYERS.MaxPooling2D(3, 2, "same"), Cost(0, 0, 4 * 3 * 4 * 9, 2 * 4 * 3 * 4)),
        (LAYERS.BatchNormalization(scale=False), Cost(4)),
        (LAYERS.ReLU(), Cost()),
        (LAYERS.GlobalAveragePooling2D(), Cost()),
    ],
    ids=lambda value: getattr(value, "name", ""),
)
def test_a_layer_is_counted_by_its_loops(layer, expected):
    assert counted(layer) == expected


def test_a_dense_layer_multiplies_each_input_by_each_output():
    assert counted(LAYERS.Dense(3), (10,)) == Cost(33, 30, 0, 43)


def test_mobilenet_has_the_multiply_adds_of_table_1_of_its_paper():
    # Howard et al., 2017: the stride and the output channels of each depthwise separable block.
    blocks = [(1, 64), (2, 128), (1, 128), (2, 256), (1, 256), (2, 512)]
    blocks += [(1, 512)] * 5 + [(2, 1024), (1, 1024)]
    side, channels = 224 // 2, 32
    multiply_adds, parameters = side**2 * 27 * 32, 27 * 32 + 2 * 32
    for stride, outputs in blocks:
        side //= stride
        weights = 9 * channels + channels * outputs
        multiply_adds += side**2 * weights
        parameters += weights + 2 * (channels + outputs)
        channels = outputs
    multiply_adds += channels * 1000
    parameters += (channels + 1) * 1000
    network = ApplicationNetwork("MobileNet", (224, 224), 1000, (0,) * 3, (1,) * 3)
    whole = total([part for _, part in network.count_parts()])
    assert (whole.parameters, whole.multiply_adds) == (parameters, multiply_adds)
    assert parameters == sum(int(np.prod(one.shape)) for one in network.trainable_variables)
    assert (round(parameters / 1e5), round(multiply_adds / 1e6)) == (42, 569)  # as published
