import numpy as np
import pytest
import tensorflow as tf

from snas_tf.layers import depthwise, placement
from snas_tf.layers.depthwise import depthwise_convolution

CHANNELS = 3
SIZES = pytest.mark.parametrize("size", [(8, 6), (7, 5)], ids=["even", "odd"])
STRIDES = pytest.mark.parametrize("stride", [1, 2])
DILATIONS = pytest.mark.parametrize("dilation", [1, 2])
KERNELS = pytest.mark.parametrize("kernel_size", [3, 5, 7])


def numbers(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def tapped(x, tap, kernel_size, stride, dilation):
    """The input of one tap (row, column) of a kernel, for every pixel of the output."""
    reach = (kernel_size - 1) * dilation // 2
    padded = np.pad(x, [(0, 0), (reach, reach), (reach, reach), (0, 0)])
    top, left = (dilation * one for one in tap)
    height, width = x.shape[1:3]
    return padded[:, top : top + height : stride, left : left + width : stride]


@SIZES
@STRIDES
@DILATIONS
@KERNELS
@pytest.mark.parametrize("gpu", [False, True], ids=["detours", "plain"])
def test_value_and_gradients_are_those_of_the_sum_over_taps(
    monkeypatch, gpu, kernel_size, dilation, stride, size
):
    monkeypatch.setattr(placement, "has_gpu", lambda: gpu)
    x, direction = (numbers(2, *size, CHANNELS, seed=seed) for seed in (0, 1))
    kernel = numbers(kernel_size, kernel_size, CHANNELS, 1, seed=2)
    with tf.GradientTape() as tape:
        watched = tf.constant(x), tf.constant(kernel)
        tape.watch(watched)
        y = depthwise_convolution(*watched, stride, dilation)
        upstream = numbers(*y.shape, seed=3)
        loss = tf.reduce_sum(y * upstream)
    of_x, of_kernel = tape.gradient(loss, watched)
    taps = list(np.ndindex(kernel_size, kernel_size))
    reads = {tap: tapped(x, tap, kernel_size, stride, dilation) for tap in taps}
    expected = sum(reads[tap] * kernel[tap][:, 0] for tap in taps)
    np.testing.assert_allclose(y, expected, atol=1e-4)
    for tap in taps:
        np.testing.assert_allclose(
            of_kernel[tap][:, 0], np.sum(reads[tap] * upstream, axis=(0, 1, 2)), atol=1e-4
        )
    # The loss is linear in x: along any direction its gradient tells the whole difference.
    moved = sum(
        tapped(direction, tap, kernel_size, stride, dilation) * kernel[tap][:, 0] for tap in taps
    )
    assert np.sum(of_x * direction) == pytest.approx(np.sum(moved * upstream), abs=1e-2)


def test_gradients_reach_through_a_condition_in_a_traced_function():
    """As in the parent, where a kernel that is not drawn must not run."""
    x, kernel = tf.constant(numbers(2, 8, 8, CHANNELS)), tf.constant(numbers(5, 5, CHANNELS, 1))

    @tf.function(autograph=False)
    def gradients(live):
        with tf.GradientTape() as tape:
            tape.watch((x, kernel))
            y = tf.cond(live, lambda: depthwise_convolution(x, kernel, 1), lambda: x)
            loss = tf.reduce_sum(y * y)
        return tape.gradient(loss, (x, kernel))

    with tf.GradientTape() as tape:
        tape.watch((x, kernel))
        y = depthwise_convolution(x, kernel, 1)
        loss = tf.reduce_sum(y * y)
    for found, expected in zip(
        gradients(tf.constant(True)), tape.gradient(loss, (x, kernel)), strict=True
    ):
        np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-3)
    of_x, of_kernel = gradients(tf.constant(False))
    np.testing.assert_array_equal(of_x, 2 * x)
    np.testing.assert_array_equal(of_kernel, np.zeros_like(kernel))


@pytest.mark.parametrize("kernel_size", [5, 7])
@pytest.mark.parametrize("height", [2, 4, 8])
def test_gradient_of_a_kernel_reads_at_least_as_many_rows_as_the_kernel_has(height, kernel_size):
    """oneDNN has no fast kernel for fewer."""
    with tf.Graph().as_default() as graph:
        x = tf.zeros([2, height, 4, CHANNELS], tf.bfloat16)
        depthwise._kernel_gradient(x, x, kernel_size)
    of_strips = "DepthwiseConv2dNativeBackpropFilter"
    strips = [one for one in graph.get_operations() if one.type == of_strips]
    assert len(strips) == kernel_size // 2
    for strip in strips:
        assert strip.inputs[0].shape[1] == strip.inputs[2].shape[1] >= strip.outputs[0].shape[0]


@SIZES
@STRIDES
@DILATIONS
def test_a_wide_kernel_has_a_custom_gradient(monkeypatch, dilation, stride, size):
    found = []

    def replace(name, step):
        def function(x, kernel):
            found.append(name)
            return x[:, ::step, ::step]

        monkeypatch.setattr(depthwise, name, function)

    replace("_with_gradient", 1)
    replace("_strided", 2)
    x, kernel = tf.zeros([1, *size, CHANNELS]), tf.zeros([5, 5, CHANNELS, 1])
    y = depthwise_convolution(x, kernel, stride, dilation)
    assert y.shape == x[:, ::stride, ::stride].shape
    assert found == ["_strided" if (stride, dilation) == (2, 1) else "_with_gradient"]
