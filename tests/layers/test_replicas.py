import gc
import weakref

import numpy as np
import pytest
import tensorflow as tf

from snas_tf.layers import replicas


@pytest.mark.parametrize("combine", [replicas.add_up, replicas.average])
def test_one_replica_has_its_own_values(combine):
    received = combine([tf.constant([1.0, -2.0]), tf.constant(3.0)])
    np.testing.assert_array_equal(received[0], [1.0, -2.0])
    np.testing.assert_array_equal(received[1], 3.0)


@pytest.mark.parametrize("combine", [replicas.add_up, replicas.average])
def test_the_graph_of_a_step_is_freed_with_it(combine):
    step = tf.function(lambda x: combine([x]), autograph=False)
    graph = weakref.ref(step.get_concrete_function(tf.constant(1.0)).graph)
    del step
    gc.collect()
    assert graph() is None
