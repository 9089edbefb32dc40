import numpy as np
import pytest
import tensorflow as tf

from snas_tf.architecture import latency_table
from snas_tf.errors import UserError
from snas_tf.models import runtimes

SIGNATURE = [tf.TensorSpec([1, 3, 2], tf.float32), tf.TensorSpec([1, 3, 2], tf.float32)]


def test_every_runtime_that_a_table_may_name_is_there():
    assert tuple(runtimes.RUNTIMES) == latency_table.RUNTIMES


@pytest.mark.parametrize("runtime", [runtimes.TensorFlowRuntime(), runtimes.LiteRTRuntime(1)])
def test_a_compiled_function_can_be_called_again_and_again(runtime):
    call = runtime.compile(lambda a, b: [a + 1.0, a * b], SIGNATURE)
    for _ in range(2):
        call()


def test_tensorflow_computes_what_the_function_says_of_zeros():
    call = runtimes.TensorFlowRuntime().compile(lambda a, b: a - b + 2.0, SIGNATURE)
    np.testing.assert_array_equal(call(), np.full([1, 3, 2], 2.0))


def test_threads_that_come_too_late_are_refused():
    tf.zeros([])  # starts TensorFlow
    with pytest.raises(UserError, match=r"^`threads`=77: TensorFlow has already started"):
        runtimes.TensorFlowRuntime(77)
