"""A network of keras.applications in place of a child: trained, continued, exported, profiled."""

import csv
import json

import numpy as np
import pytest
import tensorflow as tf

import snas_tf
from snas_tf.errors import UserError
from snas_tf.workflows import profile
from tests.programs import run

CONFIG = snas_tf.ChildConfig(epochs=1)
DATA = snas_tf.DataConfig("arrays", batch_size=8, validation_fraction=0.25)
PARAMETERS = 3_206_976 + 4 * (1024 + 1)


@pytest.fixture(scope="module")
def images():
    pixels = np.random.default_rng(0).integers(0, 256, (32, 32, 32, 3), np.uint8)
    return pixels, np.arange(32) % 4


@pytest.fixture(scope="module")
def trained(images, tmp_path_factory):
    """The result of one epoch, in a directory with a space in its name."""
    model_dir = tmp_path_factory.mktemp("of keras") / "a run"
    return snas_tf.train("keras:MobileNet", *images, model_dir=model_dir, config=CONFIG, data=DATA)


def test_it_is_trained_and_counted_like_a_child_without_what_only_cells_have(trained):
    assert trained.figures["parameters"] == PARAMETERS
    assert trained.figures["steps"] == 3
    with (trained.model_dir / "metrics.csv").open() as file:
        (row,) = csv.DictReader(file)
    assert float(row["drop_path_probability"]) == 0
    names = {path.name for path in trained.model_dir.iterdir()}
    assert {"result.json", "curves.png", "export", "network.json"} <= names
    assert not {"normal.png", "reduce.png"} & names
    genotype = json.loads((trained.model_dir / "genotype.json").read_text())
    assert genotype == {"version": 1, "keras": "MobileNet"}


def test_the_same_call_reads_the_result_and_another_network_is_refused(trained, images):
    def again(name):
        return snas_tf.train(
            name, *images, model_dir=trained.model_dir, config=CONFIG, data=DATA
        ).figures

    assert again("keras:MobileNet") == trained.figures
    with pytest.raises(UserError, match="`genotype`: not the genotype of the run in"):
        again("keras:DenseNet121")


def test_what_is_exported_predicts_what_was_trained(trained, images):
    network = trained.load_child()
    expected = tf.nn.softmax(network(images[0])).numpy()
    saved = tf.saved_model.load(str(trained.model_dir / "export"))
    served = saved.signatures["serving_default"](image=tf.constant(images[0]))
    np.testing.assert_allclose(served["probabilities"], expected, atol=1e-5)


def test_its_profile_has_the_layers_by_kind():
    result = profile.profile("keras:MobileNet", num_classes=4)
    assert result["parameters"] == PARAMETERS
    assert (result["num_cells"], result["init_channels"]) == (0, 0)
    names = [part["name"] for part in result["parts"]]
    assert names == ["15 Conv2D", "27 BatchNormalization", "13 DepthwiseConv2D"]
    assert result["latency_ms"] > 0


def test_images_that_are_too_small_are_refused_and_leave_nothing(images, tmp_path):
    model_dir = tmp_path / "run"
    with pytest.raises(UserError, match="`image_size`=32: less than keras:InceptionV3 takes"):
        snas_tf.train("keras:InceptionV3", *images, model_dir=model_dir, config=CONFIG, data=DATA)
    assert not model_dir.exists()


def test_initial_weights_have_no_cells_to_go_to(tmp_path):
    with pytest.raises(
        UserError, match=r"`initial_weights`=.*: given with `genotype`=keras:Mobile"
    ):
        snas_tf.ChildConfig(genotype="keras:MobileNet", initial_weights=tmp_path)


@pytest.mark.parametrize("mode", ["evaluate", "imagenet", "profile"])
def test_an_unknown_network_is_refused_before_tensorflow_is_imported(mode, tmp_path):
    done = run(f"--mode={mode}", "--genotype=keras:Mobile", cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "--genotype=keras:Mobile: unknown; accepted: keras:DenseNet121" in done.stderr
    assert not list(tmp_path.iterdir())
