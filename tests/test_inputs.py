"""A run continues with the same inputs only, wherever they are."""

import dataclasses
import shutil

import numpy as np
import PIL.Image
import pytest

from snas_tf.architecture import genotype_json, zoo
from snas_tf.config import ChildConfig, DataConfig, RunConfig
from snas_tf.errors import UserError
from snas_tf.workflows import evaluate

CELLS = zoo.genotypes()


def save_images(root, seed, classes=("cat", "dog"), count=6):
    generator = np.random.default_rng(seed)
    for name in classes:
        (root / name).mkdir(parents=True)
        for number in range(count):
            pixels = generator.integers(0, 256, (8, 8, 3), np.uint8)
            PIL.Image.fromarray(pixels).save(root / name / f"{number}.png")
    return root


class Run:
    """An evaluation without epochs on a folder of images, in its own directory."""

    def __init__(self, root):
        self.images = save_images(root / "a", seed=1)
        self.genotype = root / "cell.json"
        self.genotype.write_text(genotype_json.to_json(CELLS["snas_aggressive"]))
        config = ChildConfig(3, 2, epochs=0, genotype=str(self.genotype), auxiliary_weight=0)
        self.configs = (
            config,
            DataConfig("folder", self.images, batch_size=2),
            RunConfig(root / "r"),
        )

    def __call__(self, data_dir=None):
        config, data_config, run_config = self.configs
        data_config = dataclasses.replace(data_config, data_dir=data_dir or self.images)
        return evaluate.evaluate(config, data_config, run_config)


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    run = Run(tmp_path_factory.mktemp("inputs"))
    run()
    return run


def test_other_images_are_refused(finished, tmp_path):
    other = save_images(tmp_path / "b", seed=2)
    with pytest.raises(UserError, match="`data_dir`: not the images of the run in `model_dir`="):
        finished(other)


def test_images_that_are_gone_are_refused(finished, tmp_path):
    with pytest.raises(UserError, match=r"`data_dir`=.*gone"):
        finished(tmp_path / "gone")


@pytest.mark.parametrize("change", ["an image more", "a class more", "a class renamed"])
def test_images_that_have_changed_are_refused(finished, tmp_path, change):
    changed = tmp_path / "changed"
    shutil.copytree(finished.images, changed)
    if change == "an image more":
        shutil.copy(changed / "cat" / "0.png", changed / "cat" / "9.png")
    elif change == "a class more":
        shutil.copytree(changed / "cat", changed / "eel")
    else:
        (changed / "dog").rename(changed / "eel")
    with pytest.raises(UserError, match="`data_dir`: not the images"):
        finished(changed)


def test_the_same_images_elsewhere_are_the_same(finished, tmp_path, capsys):
    shutil.copytree(finished.images, tmp_path / "moved")
    assert finished(tmp_path / "moved") == finished()
    assert capsys.readouterr().out.count("finished on") == 2


def test_the_best_epoch_is_not_exported_where_there_is_none(tmp_path):
    run = Run(tmp_path)
    config, data_config, run_config = run.configs
    config = dataclasses.replace(config, export_weights="best")
    with pytest.raises(UserError, match="`export_weights`=best: there are no epochs"):
        evaluate.evaluate(config, data_config, run_config)
    assert not run_config.model_dir.exists()


def test_a_plugin_is_recorded_by_its_content_wherever_it_is(tmp_path):
    run, plugin, moved = Run(tmp_path), tmp_path / "my op.py", tmp_path / "b" / "my op.py"
    plugin.write_text("x = 1")
    config, data_config, run_config = run.configs
    run.configs = config, data_config, dataclasses.replace(run_config, plugin=(str(plugin),))
    result = run()
    moved.parent.mkdir()
    plugin.rename(moved)
    run.configs = config, data_config, dataclasses.replace(run_config, plugin=(str(moved),))
    assert run() == result
    moved.write_text("x = 2")
    with pytest.raises(UserError, match=r"`plugin`: not the plugins of the run in .*my op.py: '"):
        run()


def test_a_genotype_file_that_has_changed_is_refused(finished):
    before = finished.genotype.read_text()
    finished.genotype.write_text(genotype_json.to_json(CELLS["darts_v1"]))
    try:
        with pytest.raises(UserError, match="`genotype`: not the genotype of the run in"):
            finished()
    finally:
        finished.genotype.write_text(before)
