import numpy as np
import pytest
import tensorflow as tf

from snas_tf.layers.projections import Identity
from snas_tf.layers.residual_block import ResidualBlock
from tests.layers.test_registry import images, numpy_dense, numpy_normalize
from tests.random_genotypes import randomize

INPUTS, CHANNELS = 3, 4


def numpy_mean_of_blocks(x):
    """Mean of 2 x 2 blocks; at an odd side the last ones have fewer pixels."""
    rows, columns = -(-x.shape[1] // 2), -(-x.shape[2] // 2)
    means = [
        [
            x[:, 2 * row : 2 * row + 2, 2 * column : 2 * column + 2].mean((1, 2))
            for column in range(columns)
        ]
        for row in range(rows)
    ]
    return np.stack([np.stack(row, axis=1) for row in means], axis=1)


@pytest.mark.parametrize("size", [(8, 6), (7, 5)])
def test_a_residual_block_is_two_convolutions_and_a_pooled_projection(size):
    layer, x = ResidualBlock(1, CHANNELS, INPUTS), images(size, channels=INPUTS)
    randomize(layer)
    weights = {name: stack.numpy()[0] for name, stack in layer.stacks.items()}
    y = x
    for stage, (name, stride) in enumerate((("first", 2), ("second", 1))):
        y = numpy_normalize(numpy_dense(np.maximum(y, 0), weights[name], stride))
        y = y * weights["gamma"][stage] + weights["beta"][stage]
    expected = y + numpy_mean_of_blocks(x) @ weights["shortcut"]
    (result,) = layer([tf.constant(x)], training=True)
    np.testing.assert_allclose(result, expected, atol=1e-4)
    assert layer.compute_output_shape([x.shape]) == [tuple(result.shape)]


def test_a_folded_residual_block_gives_what_evaluation_gives():
    layer, x = ResidualBlock(1, CHANNELS, INPUTS), tf.constant(images((6, 6), channels=INPUTS))
    randomize(layer)
    folded = layer.fold(layer.unstack()[0])
    assert set(folded) == {"first", "second", "shortcut", "offset"}
    np.testing.assert_allclose(layer.apply(x, folded)[0], layer([x])[0], rtol=1e-5, atol=1e-5)


def test_its_normalizations_learn_in_the_parent_too():
    layer = ResidualBlock(1, CHANNELS, INPUTS, affine=False)
    assert {"gamma", "beta"} < set(layer.stacks)
    again = ResidualBlock.from_config(layer.get_config())
    assert [one.shape for one in again.variables] == [one.shape for one in layer.variables]


def test_other_strides_and_scales_are_refused():
    layer, x = ResidualBlock(1, CHANNELS, INPUTS), tf.zeros([1, 4, 4, INPUTS])
    for arguments in ({"stride": 1}, {"scale": tf.ones([CHANNELS])}):
        with pytest.raises(ValueError, match="received"):
            layer.apply(x, layer.unstack()[0], **arguments)


def test_an_identity_changes_nothing_and_has_no_weights():
    layer, x = Identity(1, CHANNELS), tf.constant(images((4, 4)))
    assert layer.variables == []
    for training in (False, True):
        np.testing.assert_array_equal(layer([x], training=training)[0], x)
    assert layer.fold({}) == {}
    assert layer.compute_output_shape([x.shape]) == [tuple(x.shape)]
    assert Identity.from_config(layer.get_config()).channels == CHANNELS
    with pytest.raises(ValueError, match="stride 1, received: 2"):
        layer.apply(x, {}, 2)
