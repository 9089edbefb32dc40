"""A search on images that stay on disk, with the stem of ImageNet, and what takes its cells."""

import json
import shutil

import numpy as np
import pytest
import tensorflow as tf

from snas_tf.config import ChildConfig, DataConfig, ImageNetConfig, RunConfig, SearchConfig
from snas_tf.errors import UserError
from snas_tf.workflows.evaluate import evaluate
from snas_tf.workflows.export import export
from snas_tf.workflows.imagenet import transfer
from snas_tf.workflows.profile import profile
from snas_tf.workflows.search import search
from tests.data.images_on_disk import picture, save
from tests.small_space import TINY

SEED = 5


@pytest.fixture(scope="module")
def images(tmp_path_factory):
    """Four classes of eight photos to learn from and two in val/, in a place of an odd name."""
    root = tmp_path_factory.mktemp("images") / "my photos [é] 'x'"
    for part, count in (("train", 8), ("val", 2)):
        for label, name in enumerate(("ant", "bee", "cat", "dog")):
            for number in range(count):
                pixels = picture(10 * label + number, 40 + number, 50)
                save(root / part / name / f"{number}.jpg", pixels)
    return root


def data(images, **settings):
    settings = {"image_storage": "disk", "classes": 3, "examples_per_class": 7, **settings}
    return DataConfig(
        "folder", images, image_size=32, batch_size=4, validation_fraction=0.3, **settings
    )


CONFIG = SearchConfig(3, 2, stem="imagenet", epochs=2, skip_threshold=0, space=TINY.name)


@pytest.fixture(scope="module")
def searched(images, tmp_path_factory):
    """The run directory of a search of two epochs of three steps."""
    run = tmp_path_factory.mktemp("searched") / "run #1"
    search(CONFIG, data(images), RunConfig(run, SEED))
    return run


def read_json(path):
    return json.loads(path.read_text())


def variables(run, step):
    reader = tf.train.load_checkpoint(str(run / "checkpoints" / f"step-{step}"))
    names = reader.get_variable_to_shape_map()
    return {name: reader.get_tensor(name) for name in names if name.startswith("variables/")}


def test_the_network_and_the_record_are_those_of_the_proxy(searched):
    network, record = (read_json(searched / f"{name}.json") for name in ("network", "run"))
    assert len(network["class_names"]) == 3
    assert (network["stem"], network["preprocessing"]) == ("imagenet", "center_crop")
    recorded = record["inputs"]["images"]
    assert recorded["class_names"] == network["class_names"]
    assert recorded["images"] == {"train": 21}
    assert recorded["storage"] == "disk"
    assert recorded["proxy"]["seed"] == SEED
    assert read_json(searched / "result.json")["steps"] == 6  # 15 images, 6 held out


@pytest.mark.slow  # test_search.py has one of images in memory.
def test_a_search_that_lost_its_end_continues_to_the_same_weights(images, searched, tmp_path):
    run = tmp_path / "run"
    shutil.copytree(searched, run)
    (run / "result.json").unlink()
    for path in run.glob("checkpoints/step-6.*"):
        path.unlink()
    search(CONFIG, data(images), RunConfig(run, SEED))
    np.testing.assert_equal(variables(run, 6), variables(searched, 6))
    assert (run / "genotype.json").read_text() == (searched / "genotype.json").read_text()


def test_one_of_several_seeds_goes_on_alone_with_the_proxy_of_all(
    images, searched, tmp_path, capsys
):
    run = tmp_path / f"seed_{SEED + 1}"
    shutil.copytree(searched, run)
    record = read_json(run / "run.json")
    record["settings"]["seed"] = SEED + 1  # as of the second seed, with the proxy of the first
    (run / "run.json").write_text(json.dumps(record))
    search(CONFIG, data(images), RunConfig(run, SEED + 1))
    assert "nothing to do" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"classes": 4}, r"`classes`=4: .* has `classes`=3"),
        ({"image_storage": None}, r"`image_storage`=None: .* has `image_storage`=disk"),
    ],
)
def test_another_proxy_is_another_run(images, searched, settings, message):
    with pytest.raises(UserError, match=message):
        search(CONFIG, data(images, **settings), RunConfig(searched, SEED))


def child(searched, **settings):
    size = {"num_cells": 3, "init_channels": 2, "epochs": 0}
    return {"genotype": str(searched / "genotype.json"), **size, **settings}


@pytest.mark.slow  # test_initial_weights.py has one of images in memory.
def test_a_child_is_evaluated_with_the_weights_of_the_search_whatever_the_seed(
    images, searched, tmp_path
):
    config = ChildConfig(
        **child(searched, initial_weights=searched, auxiliary_weight=0, stem="imagenet")
    )
    result = evaluate(config, data(images), RunConfig(tmp_path / "run", SEED + 1))
    expected = read_json(searched / "result.json")["child_valid_accuracy"]
    assert result["valid_accuracy"] == expected
    assert result["test_error"] is not None  # of val/
    with pytest.raises(UserError, match=r"has seen another draw of the images|has seen other"):
        evaluate(config, data(images, classes=2), RunConfig(tmp_path / "other", SEED))


@pytest.mark.slow  # test_imagenet.py and test_evaluate.py have others.
def test_its_cells_are_trained_exported_and_profiled(images, searched, tmp_path):
    config = ImageNetConfig(**child(searched, epochs=1, stem="imagenet"))
    on_all = DataConfig("folder", images, image_size=32, batch_size=16)
    result = transfer(config, on_all, RunConfig(tmp_path / "run", SEED))
    assert result["steps"] == 2
    assert read_json(tmp_path / "run" / "network.json")["stem"] == "imagenet"
    export(tmp_path / "run", "keras")
    counted = profile(searched / "genotype.json", 3, 2, 32, 4, stem="imagenet")
    assert counted["parameters"] == result["parameters"]
