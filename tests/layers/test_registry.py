import dataclasses
import gc
import weakref

import keras
import numpy as np
import pytest
import tensorflow as tf

from snas_tf.architecture import genotype
from snas_tf.architecture.cost import Cost
from snas_tf.architecture.operations import OPERATIONS, OperationSpec
from snas_tf.architecture.spaces import DARTS, NASBENCH201
from snas_tf.layers import convolutions, dense_convolutions, pooling, projections, registry
from snas_tf.layers.base_operation import BaseOperation
from snas_tf.models.child import ChildNetwork
from snas_tf.models.folded import FoldedChild
from snas_tf.models.inheritance import inherit
from snas_tf.models.parent import ParentNetwork
from tests.random_genotypes import OF_PUBLISHED_CELLS, randomize


def create(name, count, channels, affine=False):
    return registry.create_layer(OPERATIONS[name], count, channels, affine)


CHANNELS = 4
SEARCHED = [name for name in DARTS.operations if name not in ("none", "skip_connect")]
NAMES = [*SEARCHED, *OF_PUBLISHED_CELLS, "nor_conv_3x3"]


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


def numpy_small_maximum(x, stride):
    """Of 2 x 2 pixels that begin at every `stride`-th; x [height, width, channels]."""
    size = [-(-length // stride) for length in x.shape[:2]]
    y = np.zeros((*size, x.shape[2]))
    for row, column in np.ndindex(*size):
        top, left = row * stride, column * stride
        y[row, column] = x[top : top + 2, left : left + 2].max(axis=(0, 1))
    return y


def numpy_dense(x, kernel, stride):
    """Over all channels, padded symmetrically; kernel [k, k, inputs, outputs]."""
    size, reach = x.shape[1:3], len(kernel) // 2
    padded = np.pad(x, [(0, 0), (reach, reach), (reach, reach), (0, 0)])
    total = 0
    for row, column in np.ndindex(*kernel.shape[:2]):
        tap = padded[:, row : row + size[0] : stride, column : column + size[1] : stride]
        total = total + tap @ kernel[row, column]
    return total


def numpy_bottleneck(layer, x, edge, stride):
    """1 x 1, 3 x 3 and 1 x 1 in turn; x [batch, height, width, channels]."""
    reduce, kernel, expand = (
        layer.stacks[name].numpy()[edge] for name in ("reduce", "kernel", "expand")
    )
    x = numpy_normalize(np.maximum(x, 0) @ reduce)
    x = numpy_normalize(numpy_dense(np.maximum(x, 0), kernel, stride))
    return numpy_normalize(np.maximum(x, 0) @ expand)


def numpy_normalize(batch):
    mean, variance = batch.mean(axis=(0, 1, 2)), batch.var(axis=(0, 1, 2))
    return (batch - mean) / np.sqrt(variance + 1e-5)


def numpy_operation(name, layer, x, edge, stride):
    """The operation in NumPy, in training mode: [batch, height, width, channels]."""
    if name == "max_pool_2x2":
        return numpy_normalize(np.stack([numpy_small_maximum(one, stride) for one in x]))
    if "pool" in name:
        reduce = np.max if name.startswith("max") else np.mean
        return numpy_normalize(np.stack([numpy_pool(one, stride, reduce) for one in x]))
    if name == "bottleneck_conv_3x3":
        return numpy_bottleneck(layer, x, edge, stride)
    if name.startswith("nor_conv"):
        kernel = layer.stacks["kernel"].numpy()[edge]
        return numpy_normalize(numpy_dense(np.maximum(x, 0), kernel, stride))
    dilation = 2 if name.startswith("dil") else 1
    for stage in range(1 if name.startswith("dil_conv") else 2):
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
@pytest.mark.parametrize("name", [name for name in NAMES if name != "conv_7x1_1x7"])
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
        lambda: dense_convolutions.DenseConvolution(1, 4, 2),
        lambda: projections.FactorizedReduction(1, 3),
        lambda: projections.Identity(1, 4, 6),
    ],
)
def test_impossible_arguments_are_refused(make):
    with pytest.raises(ValueError, match="received"):
        make()


def test_another_number_of_inputs_is_refused():
    with pytest.raises(ValueError, match="expected 2 inputs, received: 1"):
        create("max_pool_3x3", 2, CHANNELS)([tf.zeros([1, 4, 4, CHANNELS])])


class Half(BaseOperation):
    """All that an operation without weights needs."""

    @classmethod
    def apply(cls, x, weights, stride, scale=None, training=False):
        y = x[:, ::stride, ::stride] / 2
        return (y if scale is None else y * scale), {}


class Scale(Half):
    """With a kernel, without a normalization."""

    def __init__(self, count, channels, affine=False, **kwargs):
        super().__init__(count, channels, affine, **kwargs)
        self.add_kernel("kernel", (channels,), fan_in=1)

    @classmethod
    def apply(cls, x, weights, stride, scale=None, training=False):
        return super().apply(x * weights["kernel"], weights, stride, scale)


@pytest.mark.parametrize("layer", [Half, Scale])
def test_an_operation_of_ones_own_needs_apply_and_a_cost_only(layer):
    """In the parent, in the child, which inherits its weights, and folded."""
    own = OperationSpec("own", "other", "own", lambda *_: Cost(), layer)
    space = dataclasses.replace(
        DARTS, name="own", operations=("own", "none"), own_operations=(own,), num_intermediate=1
    )
    size, of_images = (3, 4, (8, 8)), (2, [0, 0, 0], [1, 1, 1])
    parent = ParentNetwork(space.plan_network(*size), *of_images)
    found = genotype.derive({kind: np.eye(2)[[0, 0]] for kind in space.kinds}, space)
    child = ChildNetwork(found, space.plan_network(*size), *of_images)
    inherit(child, parent)
    images = tf.constant(np.random.default_rng(0).integers(0, 256, (2, 8, 8, 3), np.uint8))
    z = {kind: tf.constant(one) for kind, one in found.one_hot().items()}
    expected = parent(images, z, training=False)
    np.testing.assert_allclose(child(images), expected, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(FoldedChild(child)(images), expected, rtol=1e-4, atol=1e-5)
    parent(images, z, training=True)


def test_a_layer_that_is_no_operation_is_refused():
    wrong = OperationSpec("own", "other", "own", lambda *_: Cost(), dict)
    with pytest.raises(TypeError, match="'own': received the layer <class 'dict'>, accepted: a cl"):
        registry.create_layer(wrong, 1, 4)


@pytest.mark.parametrize(
    ("name", "stride", "precision"),
    [*((name, 1, "float32") for name in NAMES), ("sep_conv_3x3", 2, "bfloat16")],
)
def test_the_graph_of_a_training_step_is_freed_with_it(name, stride, precision):
    layer = create(name, 1, CHANNELS)

    @tf.function(autograph=False)
    def train(x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            y, _ = layer.apply(x, layer.unstack(precision)[0], stride, training=True)
        return tape.gradient(y, x)

    x = tf.zeros([2, 8, 8, CHANNELS], precision)
    graph = weakref.ref(train.get_concrete_function(x).graph)
    del train
    gc.collect()
    assert graph() is None
