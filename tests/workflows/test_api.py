"""The package as a Keras user's program uses it: arrays in, Keras models out."""

import random
import re
import subprocess
import sys

import keras
import numpy as np
import pytest
import sklearn.datasets
import tensorflow as tf

import snas_tf
from snas_tf.architecture.genotype import CellGenotype, Edge
from snas_tf.architecture.spaces import DARTS, SPACES
from tests.programs import ROOT
from tests.small_space import TINY

DIGITS = sklearn.datasets.load_digits()
IMAGES = np.rint(DIGITS.images * (255 / 16)).astype(np.uint8)[:400, ..., np.newaxis]
LABELS = DIGITS.target[:400]
COLOR = np.repeat(IMAGES, 3, axis=-1)
CONFIG = snas_tf.SearchConfig(
    space=TINY.name, num_cells=3, init_channels=2, epochs=1, skip_threshold=0
)
CHILD = snas_tf.ChildConfig(num_cells=3, init_channels=2, epochs=0, auxiliary_weight=0)
DATA = snas_tf.DataConfig(batch_size=90)
LOSS = keras.losses.SparseCategoricalCrossentropy(from_logits=True)


@pytest.fixture(scope="module")
def model_dir(tmp_path_factory):
    return tmp_path_factory.mktemp("search") / "run"


@pytest.fixture(scope="module")
def left(model_dir):
    """A search, and what its process draws afterwards, with its settings of TensorFlow."""
    options = tf.config.optimizer.get_experimental_options()
    tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": False})
    random.seed(7)
    np.random.seed(7)
    found = snas_tf.search(IMAGES, LABELS, model_dir=str(model_dir), config=CONFIG, data=DATA)
    after = (random.random(), np.random.uniform(), tf.config.optimizer.get_experimental_options())
    tf.config.optimizer.set_experimental_options(options)
    return found, after


@pytest.fixture(scope="module")
def found(left):
    return left[0]


def test_a_search_leaves_the_process_as_it_was(left):
    _, (drawn, drawn_by_numpy, options) = left
    assert drawn == random.Random(7).random()
    assert drawn_by_numpy == np.random.RandomState(7).uniform()
    assert not options["disable_meta_optimizer"]


def test_the_same_call_reads_a_finished_search(found, model_dir, capsys):
    again = snas_tf.search(IMAGES, LABELS, model_dir=model_dir, config=CONFIG, data=DATA)
    assert again == found
    assert "nothing to do" in capsys.readouterr().out
    assert snas_tf.load_genotype(model_dir / "genotype.json") == found.genotype


def test_other_images_in_the_directory_of_a_search_are_refused(found, model_dir):
    others = 255 - IMAGES
    with pytest.raises(snas_tf.UserError, match=r"not the images .*another `model_dir`"):
        snas_tf.search(others, LABELS, model_dir=model_dir, config=CONFIG, data=DATA)


@pytest.mark.parametrize(
    ("images", "labels", "message"),
    [
        (IMAGES / 255, LABELS, "accepted: uint8, 0 to 255"),
        (IMAGES, None, "`labels`: None, accepted: both images and labels"),
        (None, LABELS, "`images`: None, accepted: both images and labels"),
        (IMAGES, LABELS[:-1], r"accepted: integers \[400\], one for each image"),
    ],
)
def test_arrays_that_are_no_images_with_labels_are_refused(images, labels, message, tmp_path):
    with pytest.raises(snas_tf.UserError, match=message):
        snas_tf.search(images, labels, model_dir=tmp_path / "run", config=CONFIG)
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("name", "value", "accepted"),
    [
        ("config", CHILD, "SearchConfig"),
        ("config", {"num_cells": 3}, "SearchConfig"),
        ("data", "arrays", "DataConfig"),
    ],
)
def test_a_setting_of_another_kind_is_refused(name, value, accepted, tmp_path):
    with pytest.raises(snas_tf.UserError, match=f"`{name}`: received .*a snas_tf.{accepted}"):
        snas_tf.search(IMAGES, LABELS, model_dir=tmp_path / "run", **{name: value})
    assert not (tmp_path / "run").exists()


def test_an_unknown_algorithm_is_refused():
    with pytest.raises(snas_tf.UserError, match="`algorithm`=magic: unknown, accepted: snas"):
        snas_tf.SearchConfig(algorithm="magic")


@pytest.mark.slow
def test_the_child_of_several_searches_is_that_of_the_best(tmp_path, monkeypatch):
    space = snas_tf.SearchSpace("tiny", ("none", "skip_connect"), num_intermediate=1)
    monkeypatch.setitem(SPACES, "tiny", space)
    config = snas_tf.SearchConfig(space="tiny", num_cells=3, init_channels=2, epochs=1, num_seeds=2)
    found = snas_tf.search(IMAGES, LABELS, model_dir=tmp_path, config=config, data=DATA)
    accuracies = [one["search_valid_accuracy"] for one in found.figures["seeds"]]
    assert found.figures["best_seed"] == int(np.argmax(accuracies))
    child = found.make_child(num_cells=4, init_channels=2)
    assert child.genotype == found.genotype
    assert child(COLOR[:5]).shape == (5, 10)


FRESH = """
import sys
import keras
import numpy as np
from snas_tf import ChildNetwork
import tests.small_space
network = keras.models.load_model(f"{sys.argv[1]}/child.keras")
assert isinstance(network, ChildNetwork)
np.save(f"{sys.argv[1]}/child.npy", network(np.load(f"{sys.argv[1]}/images.npy")))
"""


def test_a_child_is_an_ordinary_keras_model(found, tmp_path):
    child = found.make_child(num_cells=3, init_channels=2)
    child.compile(optimizer="adam", loss=LOSS, metrics=["accuracy"])
    history = child.fit(
        COLOR[:256],
        LABELS[:256],
        epochs=5,
        batch_size=64,
        validation_split=0.25,
        verbose=0,
        callbacks=[
            keras.callbacks.EarlyStopping("val_loss", patience=0, min_delta=1e6),
            keras.callbacks.ModelCheckpoint(tmp_path / "best.keras"),
            keras.callbacks.CSVLogger(tmp_path / "log.csv"),
        ],
    )
    assert len(history.history["val_accuracy"]) == 2
    assert len((tmp_path / "log.csv").read_text().splitlines()) == 1 + 2
    child.save(tmp_path / "child.keras")
    np.save(tmp_path / "images.npy", COLOR[300:])
    expected = child.predict(COLOR[300:], verbose=0)
    subprocess.run([sys.executable, "-c", FRESH, str(tmp_path)], cwd=ROOT, check=True)
    best = keras.models.load_model(tmp_path / "best.keras")(COLOR[300:])
    for loaded in (np.load(tmp_path / "child.npy"), best):
        np.testing.assert_allclose(loaded, expected, rtol=1e-4, atol=1e-5)


def make_small(**settings):
    """A compiled child whose cells have one edge, so that it is traced soon."""
    cell = CellGenotype((Edge(1, 2, "sep_conv_3x3"),), concat=(2,))
    genotype = snas_tf.Genotype((cell, cell))
    plan = DARTS.plan_network(3, 2, (8, 8), genotype.output_nodes)
    keras.utils.set_random_seed(0)
    child = snas_tf.ChildNetwork(genotype, plan, 10, (128, 128, 128), (64, 64, 64))
    child.compile(**{"optimizer": "sgd", "loss": LOSS, **settings})
    return child


def fit(child, **settings):
    arguments = {"batch_size": 64, "shuffle": False, "verbose": 0, **settings}
    return child.fit(COLOR[:256], LABELS[:256], **arguments).history["loss"]


def test_the_summary_shows_the_shape_of_every_output():
    lines = []
    make_small().summary(print_fn=lambda text, **_: lines.append(text), line_length=120)
    text = "\n".join(lines)
    assert "?" not in text
    for shape in ("(None, 8, 8, 2)", "(None, 4, 4, 4)", "(None, 2, 2, 8)", "(None, 8)"):
        assert shape in text


def test_run_eagerly_is_honored():
    seen = []

    def loss(labels, logits):
        seen.append(tf.executing_eagerly())
        return LOSS(labels, logits)

    fit(make_small(loss=loss, run_eagerly=True))
    assert seen == [True] * 4
    seen.clear()
    fit(make_small(loss=loss))
    assert True not in seen


class CountCalls(keras.callbacks.Callback):
    def __init__(self):
        super().__init__()
        self.ends = []

    def on_train_batch_end(self, batch, logs=None):
        self.ends.append(batch)


def test_steps_per_execution_is_honored():
    calls = CountCalls()
    fit(make_small(steps_per_execution=2), callbacks=[calls])
    assert calls.ends == [1, 3]


def test_a_child_is_a_layer_of_another_model(tmp_path):
    child = make_small()
    child.trainable = False
    before = child.get_weights()
    image = keras.Input((8, 8, 3))
    model = keras.Model(image, keras.layers.Dense(10)(child(image)))
    model.compile(optimizer="adam", loss=LOSS)
    model.fit(COLOR[:64], LABELS[:64], verbose=0)
    for weight, expected in zip(child.get_weights(), before, strict=True):
        np.testing.assert_array_equal(weight, expected)
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    assert [one.shape for one in again.trainable_weights] == [(10, 10), (10,)]
    np.testing.assert_allclose(again(COLOR[:9]), model(COLOR[:9]), rtol=1e-4, atol=1e-5)


def test_a_child_is_trained_tested_and_exported(found, tmp_path):
    trained = snas_tf.train(
        found.genotype,
        IMAGES[:300],
        LABELS[:300],
        model_dir=str(tmp_path / "run"),
        config=CHILD,
        data=DATA,
        test_data=(IMAGES[300:], LABELS[300:]),
    )
    logits = trained.load_child().predict(COLOR[300:], verbose=0)
    error = np.mean(logits.argmax(axis=1) != LABELS[300:])
    assert trained.figures["test_error"] == pytest.approx(error, abs=1e-6)
    exported = snas_tf.export(str(tmp_path / "run"))
    serve = tf.saved_model.load(exported["path"]).signatures["serving_default"]
    served = serve(image=tf.constant(COLOR[300:]))["probabilities"]
    np.testing.assert_allclose(served, tf.nn.softmax(logits), atol=1e-5)


@pytest.mark.slow
def test_of_several_seeds_the_first_ones_child_is_loaded(found, tmp_path):
    config = snas_tf.ChildConfig(
        num_cells=3, init_channels=2, epochs=0, auxiliary_weight=0, num_seeds=2
    )
    trained = snas_tf.train(
        found.genotype, IMAGES, LABELS, model_dir=tmp_path, config=config, data=DATA, seed=9
    )
    assert len(trained.figures["seeds"]) == 2
    alone = snas_tf.train(
        str(tmp_path / "seed_9" / "genotype.json"),
        IMAGES,
        LABELS,
        model_dir=tmp_path / "alone",
        config=CHILD,
        data=DATA,
        seed=9,
    )
    for weight, expected in zip(
        trained.load_child().get_weights(), alone.load_child().get_weights(), strict=True
    ):
        np.testing.assert_array_equal(weight, expected)


def test_arrays_are_not_for_the_training_of_images_on_disk(tmp_path):
    with pytest.raises(snas_tf.UserError, match="`images`: given with an ImageNetConfig"):
        snas_tf.train(
            "snas_mild",
            IMAGES,
            LABELS,
            model_dir=tmp_path / "run",
            config=snas_tf.ImageNetConfig(num_cells=3, init_channels=2),
        )
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("source", ["name", "path", "genotype"])
def test_a_profile_counts_the_parameters_of_the_network(source, tmp_path):
    genotype = snas_tf.load_genotype("snas_aggressive")
    path = ROOT / "docs" / "results" / "cifar10_small" / "genotype.json"
    if source == "path":
        genotype = snas_tf.load_genotype(path)
    given = {"name": "snas_aggressive", "path": path, "genotype": genotype}[source]
    result = snas_tf.profile(given, num_cells=3, init_channels=2, image_size=8)
    plan = DARTS.plan_network(3, 2, (8, 8), genotype.output_nodes)
    child = snas_tf.ChildNetwork(genotype, plan, 10, np.zeros(3), np.ones(3))
    assert result["parameters"] == sum(int(np.prod(one.shape)) for one in child.trainable_weights)
    shown = {"name": "snas_aggressive", "path": str(path)}.get(source)
    assert shown is None or result["genotype"] == shown


def test_a_cell_is_drawn_into_a_file(tmp_path):
    cell = snas_tf.load_genotype("snas_mild").cell("normal")
    snas_tf.plot_cell(cell, tmp_path / "cell.svg", "a cell")
    assert re.findall(r"node-\d", (tmp_path / "cell.svg").read_text())
