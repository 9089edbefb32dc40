"""What a child that starts from a search's weights may be validated on."""

import dataclasses
import json
import shutil

import numpy as np
import pytest

from snas_tf.architecture import genotype_source
from snas_tf.config import ChildConfig, DataConfig, RunConfig, SearchConfig
from snas_tf.data import memory_collection
from snas_tf.data.arrays import from_arrays
from snas_tf.errors import UserError
from snas_tf.models import description
from snas_tf.runs.run_directory import RunDirectory
from snas_tf.workflows.child_training import ChildTraining
from snas_tf.workflows.evaluate import evaluate
from snas_tf.workflows.initial_weights import InitialWeights
from snas_tf.workflows.search import search
from tests.data.images_on_disk import picture, save
from tests.small_space import TINY

SEED = 5


def make_images(root, first_seed=0):
    for label, name in enumerate("ab"):
        for number in range(10):
            save(root / name / f"{number}.png", picture(first_seed + 50 * label + number, 8, 8))
    return root


@pytest.fixture(scope="module")
def searched(tmp_path_factory):
    """The run directory of a search of one step, and its images."""
    root = tmp_path_factory.mktemp("searched")
    images = make_images(root / "images")
    config = SearchConfig(3, 2, epochs=1, skip_threshold=0, space=TINY.name)
    search(config, data(images), RunConfig(root / "run", SEED))
    return root / "run", images


def data(images, validation_fraction=0.3):
    return DataConfig("folder", images, batch_size=14, validation_fraction=validation_fraction)


def child(searched, model_dir, data_config, seed=SEED, **settings):
    settings = {"init_channels": 2, "genotype": str(searched / "genotype.json"), **settings}
    config = ChildConfig(
        num_cells=3, epochs=0, auxiliary_weight=0, initial_weights=searched, **settings
    )
    return ChildTraining(config, data_config, RunConfig(model_dir, seed))


def held_out(workflow):
    images = workflow.read_images(RunDirectory(workflow.run_config.model_dir))
    return images.split(workflow.split_seed()).validation.images


@pytest.mark.parametrize("seed", [SEED, SEED + 1])
def test_whatever_the_seed_is_the_search_decides_what_is_held_out(searched, tmp_path, seed):
    run, images = searched
    expected = memory_collection.read(data(images)).split(SEED).validation.images
    found = held_out(child(run, tmp_path, data(images), seed))
    np.testing.assert_array_equal(found, expected)


def test_every_seed_reports_the_accuracy_of_the_search(searched, tmp_path):
    run, images = searched
    workflow = child(run, tmp_path / "run", data(images), SEED + 1, num_seeds=2)
    result = workflow.run()
    expected = json.loads((run / "result.json").read_text())["child_valid_accuracy"]
    assert [seed["valid_accuracy"] for seed in result["seeds"]] == [expected] * 2


def test_moved_images_are_the_same(searched, tmp_path):
    run, _ = searched
    assert len(held_out(child(run, tmp_path / "run", data(make_images(tmp_path / "images"))))) == 6


def test_arrays_that_a_program_gives_are_compared_as_well(searched, tmp_path):
    pixels = np.stack([picture(number, 8, 8) for number in range(20)])
    workflow = child(searched[0], tmp_path / "run", data(None))
    workflow.images = from_arrays(workflow.data_config, (pixels, np.arange(20) % 2))
    with pytest.raises(UserError, match="has seen other train images"):
        workflow.run()


def test_other_images_are_refused_in_one_line(searched, tmp_path):
    other = data(make_images(tmp_path / "images", first_seed=7))
    with pytest.raises(
        UserError, match=r"`initial_weights`=.*has seen other train images"
    ) as error:
        child(searched[0], tmp_path / "run", other).run()
    assert "\n" not in str(error.value)
    assert not (tmp_path / "run").exists()


def test_validation_images_of_a_part_of_their_own_must_be_the_searchs(searched):
    digests = json.loads((searched[0] / "run.json").read_text())["inputs"]["images"]["digest"]
    weights = InitialWeights(searched[0])
    weights.check_images({"digest": digests}, 0.3)
    with pytest.raises(UserError, match="has seen other validation images"):
        weights.check_images({"digest": {**digests, "validation": "0a1b"}}, 0.3)


def test_another_share_of_held_out_images_is_refused(searched, tmp_path):
    run, images = searched
    with pytest.raises(UserError, match=r"`validation_fraction`=0\.2: .*accepted: 0\.3, or 0"):
        child(run, tmp_path / "run", data(images, 0.2)).run()
    assert len(held_out(child(run, tmp_path / "run", data(images, 0)))) == 0


def test_a_run_that_is_no_search_is_refused(searched, tmp_path):
    _, images = searched
    evaluate(
        ChildConfig(3, 2, 0, genotype="snas_aggressive", auxiliary_weight=0),
        data(images),
        RunConfig(tmp_path / "child"),
    )
    with pytest.raises(UserError, match="holds a run of kind 'evaluate', accepted: that of a sea"):
        child(tmp_path / "child", tmp_path / "run", data(images)).run()


def test_weights_of_another_network_are_refused(searched, tmp_path):
    run, images = searched
    other = shutil.copytree(run, tmp_path / "other")
    text = (run / "network.json").read_text()
    (other / "network.json").write_text(text.replace('"init_channels": 2', '"init_channels": 4'))
    with pytest.raises(UserError, match="its weights are not of the network in"):
        child(other, tmp_path / "run", data(images), init_channels=4).run()


def test_a_child_of_a_variant_has_the_accuracy_of_its_search(tmp_path):
    """Its genotype does not name the variant: the record of the search does."""
    images = data(make_images(tmp_path / "images"))
    variant = {"operations": ("max_pool_3x3", "nor_conv_1x1"), "num_nodes": 1}
    config = SearchConfig(3, 2, epochs=1, skip_threshold=0, **variant)
    found = search(config, images, RunConfig(tmp_path / "run", SEED))
    workflow = child(tmp_path / "run", tmp_path / "child", images)
    assert workflow.run()["valid_accuracy"] == found["child_valid_accuracy"]
    with pytest.raises(UserError, match=r"`operations`=None: the run in .* has `operations`=max_p"):
        search(
            dataclasses.replace(config, operations=None), images, RunConfig(tmp_path / "run", SEED)
        )
    weights = InitialWeights(tmp_path / "run")
    found = genotype_source.load_genotype("|none~0|+|none~0|none~1|+|none~0|none~1|none~2|")
    described = dataclasses.replace(
        description.read(tmp_path / "run" / "network.json"), num_cells=1
    )
    with pytest.raises(UserError, match="was searched in darts, received: a genotype of nasbench"):
        weights.assign_to(described.make_child(found), described)


def test_operations_of_another_plugin_are_refused(searched, tmp_path):
    run = shutil.copytree(searched[0], tmp_path / "run")
    record = json.loads((run / "run.json").read_text())
    record["inputs"]["plugins"] = {"mine.py": "01"}
    (run / "run.json").write_text(json.dumps(record))
    InitialWeights(run).check_plugins({"mine.py": "01"})
    with pytest.raises(UserError, match=r"was searched with another mine.py, accepted: the `plug"):
        InitialWeights(run).check_plugins({"mine.py": "02"})
