import keras
import numpy as np
import pytest
import tensorflow as tf

from snas_tf.architecture.operations import OPERATIONS
from snas_tf.architecture.spaces import DARTS, NASBENCH201
from snas_tf.layers import convolutions, pooling, projections, registry
from tests.random_genotypes import randomize


def create(name, count, channels, affine=False):
    return registry.create_layer(OPERATIONS[name], count, channels, affine)


CHANNELS = 4
SEARCHED = [name for name in DARTS.operations if name not in ("none", "skip_connect")]
DENSE = ["nor_conv_1x1", "nor_conv_3x3"]
NAMES = [*SEARCHED, "sep_conv_7x7", "conv_7x1_1x7", *DENSE]


def numpy_convolution(x, kernel, stride, dilation=1):
    """Depthwise, padded symmetrically; x [height, width, channels], kernel [k, k, channels]."""
    reach = (kernel.shape[0] - 1) * dilation // 2
    padded = np.pad(x, [(reach, reach), (reach, reach), (0, 0)])
    size = [-(-length // stride) for length in x.shape[:2]]
    y = np.zeros((*size, x.shape[2]))
    for row, column in np.ndindex(*size):
        for u, v in np.ndindex(*kernel.shape[:2]):
            pixel = padded[row * stride + u * dilation, column * stride + v * dilation]
            y[row, column] += pixel * kernel[u, v]
    return y


def numpy_pool(x, stride, reduce):
    size = [-(-length // stride) for length in x.shape[:2]]
    y = np.zeros((*size, x.shape[2]))
    for row, column in np.ndindex(*size):
        top, left = row * stride, column * stride
        window = x[max(top - 1, 0) : top + 2, max(left - 1, 0) : left + 2]
        y[row, column] = reduce(window, axis=(0, 1))
    return y


def numpy_normalize(batch):
    mean, variance = batch.mean(axis=(0, 1, 2)), batch.var(axis=(0, 1, 2))
    return (batch - mean) / np.sqrt(variance + 1e-5)


def numpy_operation(name, layer, x, edge, stride):
    """The operation in NumPy, in training mode: [batch, height, width, channels]."""
    if "pool" in name:
        reduce = np.max if name.startswith("max") else np.mean
        return numpy_normalize(np.stack([numpy_pool(one, stride, reduce) for one in x]))
    dilation = 2 if name.startswith("dil") else 1
    for stage in range(1 if dilation == 2 else 2):
        depthwise = layer.stacks["depthwise"].numpy()[edge, stage, ..., 0]
        pointwise = layer.stacks["pointwise"].numpy()[edge, stage]
        x = np.maximum(x, 0)
        step = 1 if stage else stride
        x = np.stack([numpy_convolution(one, depthwise, step, dilation) for one in x])
        x = numpy_normalize(x @ pointwise)
    return x


def numpy_line_convolution(x, kernel, stride):
    """Along x [..., length, channels], padded symmetrically; kernel [k, inputs, outputs]."""
    length, reach = x.shape[-2], len(kernel) // 2
    pads = [(0, 0)] * (x.ndim - 2) + [(reach, reach), (0, 0)]
    padded = np.pad(x, pads)
    return np.stack(
        [
            sum(padded[..., start + tap, :] @ kernel[tap] for tap in range(len(kernel)))
            for start in range(0, length, stride)
        ],
        axis=-2,
    )


def images(size, seed=0, channels=CHANNELS):
    return np.random.default_rng(seed).normal(size=(2, *size, channels)).astype(np.float32)


@pytest.mark.parametrize("size", [(8, 8), (7, 5)], ids=["even", "odd"])
@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("name", [*SEARCHED, "sep_conv_7x7"])
def test_an_operation_is_its_numpy_statement_on_every_edge(name, stride, size):
    keras.utils.set_random_seed(1)
    layer = create(name, 2, CHANNELS)
    inputs = [images(size, seed) for seed in (0, 1)]
    outputs = layer([tf.constant(x) for x in inputs], stride=stride, training=True)
    for edge, (x, y) in enumerate(zip(inputs, outputs, strict=True)):
        expected = numpy_operation(name, layer, x, edge, stride)
        np.testing.assert_allclose(y, expected, atol=2e-4)


@pytest.mark.parametrize("size", [(8, 8), (7, 5)], ids=["even", "odd"])
@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("training", [True, False], ids=["training", "evaluation"])
def test_the_maximum_is_that_of_the_pixels_that_exist(stride, size, training):
    x = images(size) - 10  # All are negative, so that a zero would be greater.
    expected = np.stack([numpy_pool(one, stride, np.max) for one in x])
    np.testing.assert_array_equal(
        pooling.MaxPooling.pool(tf.constant(x), stride, training), expected
    )


@pytest.mark.parametrize("size", [(8, 8), (7, 5)], ids=["even", "odd"])
@pytest.mark.parametrize("stride", [1, 2])
def test_the_largest_pixel_of_a_window_gets_its_gradient(stride, size):
    x = tf.constant(images(size))
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = pooling.MaxPooling.pool(x, stride)
        upstream = images(y.shape[1:3], seed=1)
        loss = tf.reduce_sum(y * upstream)
    expected = np.zeros_like(x)
    for image, row, column, channel in np.ndindex(*y.shape):
        top, left = max(row * stride - 1, 0), max(column * stride - 1, 0)
        window = x[image, top : row * stride + 2, left : column * stride + 2, channel].numpy()
        below, right = np.unravel_index(np.argmax(window), window.shape)
        expected[image, top + below, left + right, channel] += upstream[image, row, column, channel]
    np.testing.assert_allclose(tape.gradient(loss, x), expected, atol=1e-5)


@pytest.mark.parametrize("size", [(8, 8), (7, 5)], ids=["even", "odd"])
def test_a_factorized_reduction_looks_at_even_and_at_odd_pixels(size):
    layer = projections.FactorizedReduction(1, 6, input_channels=CHANNELS)
    x = images(size)
    first, second = layer.stacks["kernels"].numpy()[0]
    rectified = np.maximum(np.pad(x, [(0, 0), (0, 1), (0, 1), (0, 0)]), 0)
    even = rectified[:, : size[0] : 2, : size[1] : 2]
    odd = rectified[:, 1 : size[0] + 1 : 2, 1 : size[1] + 1 : 2]
    expected = numpy_normalize(np.concatenate([even @ first, odd @ second], axis=-1))
    np.testing.assert_allclose(layer([tf.constant(x)], training=True)[0], expected, atol=2e-4)


def test_a_pointwise_convolution_is_a_product_of_channels():
    layer = projections.PointwiseConvolution(1, 3, input_channels=CHANNELS)
    x = images((4, 4))
    expected = numpy_normalize(np.maximum(x, 0) @ layer.stacks["kernel"].numpy()[0])
    np.testing.assert_allclose(layer([tf.constant(x)], training=True)[0], expected, atol=2e-4)


@pytest.mark.parametrize("size", [(8, 6), (7, 5)], ids=["even", "odd"])
@pytest.mark.parametrize("stride", [1, 2])
def test_a_wide_then_tall_convolution_strides_along_its_rows_then_its_columns(stride, size):
    keras.utils.set_random_seed(1)
    layer = create("conv_7x1_1x7", 1, CHANNELS)
    x = images(size)
    wide, tall = (layer.stacks[name].numpy()[0] for name in ("wide", "tall"))
    y = numpy_line_convolution(np.maximum(x, 0), wide[0], stride)
    y = numpy_line_convolution(y.swapaxes(1, 2), tall[:, 0], stride).swapaxes(1, 2)
    output = layer([tf.constant(x)], stride=stride, training=True)[0]
    np.testing.assert_allclose(output, numpy_normalize(y), atol=2e-4)


def test_moving_statistics_follow_the_batch_with_momentum_one_tenth():
    layer = create("max_pool_3x3", 1, CHANNELS)
    x = images((8, 8))
    pooled = np.stack([numpy_pool(one, 1, np.max) for one in x])
    layer([tf.constant(x)], training=True)
    np.testing.assert_allclose(
        layer.stacks["mean"].numpy()[0], 0.1 * pooled.mean(axis=(0, 1, 2)), rtol=1e-4
    )
    np.testing.assert_allclose(
        layer.stacks["variance"].numpy()[0],
        0.9 + 0.1 * pooled.var(axis=(0, 1, 2), ddof=1),
        rtol=1e-4,
    )


@pytest.mark.parametrize("name", NAMES)
def test_evaluation_uses_the_moving_statistics_and_leaves_them(name):
    layer = create(name, 1, CHANNELS)
    layer.stacks["mean"].assign(tf.fill(layer.stacks["mean"].shape, 0.5))
    before = [variable.numpy() for variable in layer.variables]
    x = tf.constant(images((6, 6)))
    together = layer([x])[0]
    alone = tf.concat([layer([x[:1]])[0], layer([x[1:]])[0]], axis=0)
    np.testing.assert_allclose(together, alone, atol=1e-5)
    for variable, value in zip(layer.variables, before, strict=True):
        np.testing.assert_array_equal(variable, value)


@pytest.mark.parametrize("name", [*NAMES, "skip_connect"])
def test_a_scale_multiplies_the_result_and_learns_from_it(name):
    layer = create(name, 1, CHANNELS)
    x, weights = tf.constant(images((6, 6))), layer.unstack()[0]
    scale = tf.constant([0.3] * CHANNELS)
    with tf.GradientTape() as tape:
        tape.watch(scale)
        scaled, _ = layer.apply(x, weights, 2, scale, training=True)
        loss = tf.reduce_sum(scaled * scaled)
    plain, _ = layer.apply(x, weights, 2, training=True)
    np.testing.assert_allclose(scaled, 0.3 * plain, atol=1e-5)
    expected = 2 * 0.3 * np.sum(plain.numpy() ** 2, axis=(0, 1, 2))
    np.testing.assert_allclose(tape.gradient(loss, scale), expected, rtol=1e-4)


@pytest.mark.parametrize("name", [*NAMES, "skip_connect"])
def test_affine_normalizations_have_scale_and_offset(name):
    plain, affine = (create(name, 1, CHANNELS, affine=one) for one in (False, True))
    added = set(affine.stacks) - set(plain.stacks)
    assert added == {"gamma", "beta"}
    affine.stacks["beta"].assign(tf.fill(affine.stacks["beta"].shape, 7.0))
    x = tf.constant(images((6, 6)))
    stride = affine.default_stride
    mean = tf.reduce_mean(affine([x], stride=stride, training=True)[0], axis=[0, 1, 2])
    np.testing.assert_allclose(mean, 7, atol=1e-4)


@pytest.mark.parametrize("affine", [False, True])
@pytest.mark.parametrize("name", [*NAMES, "skip_connect", "pointwise"])
def test_folded_weights_give_what_evaluation_gives(name, affine):
    if name == "pointwise":
        layer = projections.PointwiseConvolution(2, 6, CHANNELS, affine)
    else:
        layer = create(name, 2, CHANNELS, affine)
    randomize(layer)
    x = tf.constant(images((7, 5)))
    rectified = tf.nn.relu(x) if layer.rectified else x
    for stride in {layer.default_stride, 1 if name == "pointwise" else 2}:
        expected = layer([x, x], stride=stride)
        for weights, evaluated in zip(layer.unstack(), expected, strict=True):
            folded = layer.fold(weights)
            assert not {"mean", "variance", "gamma", "beta"} & set(folded)
            y, statistics = layer.apply(rectified, folded, stride)
            np.testing.assert_allclose(y, evaluated, rtol=1e-5, atol=1e-5)
            assert statistics == {}


@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("name", NAMES)
def test_output_shape_and_config_tell_the_truth(name, stride):
    layer = create(name, 2, CHANNELS)
    x = tf.constant(images((7, 5)))
    outputs = layer([x, x], stride=stride)
    assert layer.compute_output_shape([x.shape] * 2, stride) == [tuple(y.shape) for y in outputs]
    again = type(layer).from_config(layer.get_config())
    assert [v.shape for v in again.variables] == [v.shape for v in layer.variables]


@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("size", [(8, 6), (7, 5)])
@pytest.mark.parametrize("name", DENSE)
def test_a_dense_convolution_is_relu_convolution_normalization(name, size, stride):
    layer, x = create(name, 2, CHANNELS), images(size)
    kernel = layer.stacks["kernel"].numpy()[1]
    y = numpy_dense(np.maximum(x, 0), kernel, stride)
    results = layer([tf.constant(x)] * 2, stride=stride, training=True)
    np.testing.assert_allclose(results[1], numpy_normalize(y), atol=1e-4)


def numpy_dense(x, kernel, stride):
    """Padded symmetrically; x [batch, height, width, channels], kernel [k, k, inputs, outputs]."""
    size, reach = x.shape[1:3], len(kernel) // 2
    padded = np.pad(x, [(0, 0), (reach, reach), (reach, reach), (0, 0)])
    return sum(
        padded[:, row : row + size[0] : stride, column : column + size[1] : stride]
        @ kernel[row, column]
        for row, column in np.ndindex(*kernel.shape[:2])
    )


@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("size", [(8, 6), (7, 5)])
def test_the_pooling_of_nasbench201_is_the_mean_of_the_pixels_that_exist(size, stride):
    layer = registry.create_layer(NASBENCH201.operation("avg_pool_3x3"), 1, CHANNELS)
    assert layer.variables == []
    x = images(size)
    expected = np.stack([numpy_pool(one, stride, np.mean) for one in x])
    for training in (False, True):
        (y,) = layer([tf.constant(x)], stride=stride, training=training)
        np.testing.assert_allclose(y, expected, atol=1e-6)
    scaled, statistics = layer.apply(tf.constant(x), {}, stride, tf.fill([CHANNELS], 0.5))
    np.testing.assert_allclose(scaled, 0.5 * expected, atol=1e-6)
    assert statistics == {} == layer.fold({})


@pytest.mark.parametrize(
    "make",
    [
        lambda: create("max_pool_3x3", 0, 4),
        lambda: create("sep_conv_3x3", 1, 0),
        lambda: convolutions.SeparableConvolution(1, 4, 2),
        lambda: projections.FactorizedReduction(1, 3),
        lambda: projections.Identity(1, 4, 6),
        lambda: convolutions.DenseConvolution(1, 4, 2),
    ],
)
def test_impossible_arguments_are_refused(make):
    with pytest.raises(ValueError, match="received"):
        make()


def test_another_number_of_inputs_is_refused():
    with pytest.raises(ValueError, match="expected 2 inputs, received: 1"):
        create("max_pool_3x3", 2, CHANNELS)([tf.zeros([1, 4, 4, CHANNELS])])
