import pytest

from snas_tf.architecture import architectures, zoo
from snas_tf.architecture.application import Application
from snas_tf.errors import UserError

MOBILE = Application("MobileNet")


def test_a_name_with_the_prefix_is_that_of_a_network_and_any_other_that_of_cells():
    assert architectures.load("keras:MobileNet") == MOBILE
    assert architectures.load("pnas") == zoo.genotypes()["pnas"]
    with pytest.raises(UserError, match="`genotype`=MobileNet: unknown"):
        architectures.load("MobileNet")


@pytest.mark.parametrize("architecture", [MOBILE, zoo.genotypes()["enas"]], ids=["keras", "cells"])
def test_what_a_run_has_written_is_read(architecture, tmp_path):
    path = tmp_path / "genotype.json"
    path.write_text(architectures.to_json(architecture), encoding="utf-8")
    assert architectures.read(path) == architecture


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"version": 1, "keras": "VGG16"}', "`genotype`=keras:VGG16: unknown"),
        ('{"version": 1, "keras": ["MobileNet"]}', "genotype.json: received .* accepted: version"),
        ('{"version": 1}', "genotype.json: not a genotype"),
        ("[1, 2", "genotype.json: not a genotype"),
    ],
)
def test_a_damaged_file_is_refused(text, message, tmp_path):
    path = tmp_path / "genotype.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(UserError, match=message):
        architectures.read(path)


def test_the_name_of_a_run_is_without_the_prefix():
    assert architectures.short_name("keras:MobileNet") == "MobileNet"
    assert architectures.short_name("runs/a/genotype.json") == "genotype"
