import keras
import pytest
import tensorflow as tf

from snas_tf.algorithms.search_model import SearchModel
from tests.algorithms.small_models import (
    divide_sums,
    make_algorithm,
    make_batch,
    make_divided_batch,
    make_model,
)
from tests.slow import slow
from tests.small_space import SMALL, TINY


@pytest.fixture(scope="module")
def model():
    return make_model(space=SMALL)


def test_a_child_is_evaluated_in_place_of_draws(model):
    genotype = model.derive()
    drawn = divide_sums(model.test_step(make_batch()))["cross_entropy"]
    logits = model.network(make_batch()["image"], genotype.one_hot())
    labels = make_batch()["label"].numpy()
    batches = tf.data.Dataset.from_tensors(make_batch())
    accuracy = model.evaluate_child(genotype, batches)
    assert accuracy == pytest.approx((logits.numpy().argmax(axis=1) == labels).mean())
    loss = keras.losses.sparse_categorical_crossentropy(labels, logits, from_logits=True)
    assert model.test_means.result()["cross_entropy"] == pytest.approx(
        float(tf.reduce_mean(loss)), rel=1e-4
    )
    again = divide_sums(model.test_step(make_batch()))["cross_entropy"]
    assert drawn == again != pytest.approx(float(tf.reduce_mean(loss)), rel=1e-3)


def test_padding_of_the_last_batch_does_not_count(model):
    full, padded = make_batch(6), make_batch(6)
    padded["weight"] = tf.constant([1.0, 1, 1, 0, 0, 0])
    model.evaluates_child.assign(True)
    part = divide_sums(model.test_step({key: value[:3] for key, value in full.items()}))
    whole = divide_sums(model.test_step(padded))
    model.evaluates_child.assign(False)
    assert whole == pytest.approx(part, rel=1e-5)


def test_state_holds_every_variable_of_the_run(model):
    held = {id(variable) for variable in model.state()}
    for part in (model, *model.algorithm.optimizers):
        assert {id(variable) for variable in part.variables} <= held
    assert id(model.training_means.totals) in held


def test_a_step_of_a_search_runs_eagerly_where_that_is_asked_for():
    model, seen = make_model(space=SMALL), []
    model.compile(optimizer=model.algorithm.theta_optimizer, run_eagerly=True)
    draw = model.algorithm.draw
    model.algorithm.draw = lambda *args: seen.append(tf.executing_eagerly()) or draw(*args)
    model.fit(tf.data.Dataset.from_tensors(make_batch()), shuffle=False, verbose=0)
    assert seen == [True]
    assert model.step.numpy() == 1


@pytest.mark.parametrize("name", ["snas", slow("darts"), slow("enas")])
def test_a_step_for_xla_calls_no_function(name):
    """Else every step is compiled anew: XLA takes what enters the function for constants."""
    model = SearchModel(make_algorithm(name, space=TINY))
    model.compile(optimizer=model.algorithm.theta_optimizer, jit_compile=True)
    batches = iter(tf.data.Dataset.from_tensors(make_divided_batch()))
    graph = model.make_train_function().get_concrete_function(batches).graph.as_graph_def()
    compiled = [one for one in graph.library.function if one.attr["_XlaMustCompile"].b]
    called = {node.op for one in compiled for node in one.node_def}
    assert "DepthwiseConv2dNativeBackpropFilter" in called  # It is the step.
    assert not called & {"PartitionedCall", "StatefulPartitionedCall"}
