import dataclasses
import pathlib

import pytest

from snas_tf.config import ChildConfig, DataConfig, ImageNetConfig, RunConfig
from snas_tf.workflows import evaluate, imagenet, published

RUN = RunConfig(pathlib.Path("runs/x"))
FULL = DataConfig("cifar10", validation_fraction=0)
RESULT = {
    "test_error": 0.0311,
    "test_top_5_error": 0.01,
    "test_error_at_best_validation": 0.0322,
    "valid_accuracy": 0.95,
    "best_valid_accuracy": 0.96,
    "parameters": 2_900_000,
    "multiply_adds": 500_000_000,
    "seconds": 10.0,
    "epochs": 600,
    "exported_weights": "last",
}


@pytest.mark.parametrize("table", [published.CIFAR10, published.IMAGENET])
def test_our_row_stands_under_the_published_ones_and_is_told_from_them(table):
    ours = ("mine", *("1.25" for _ in table.head[1:]))
    lines = table.with_ours(ours).splitlines()
    assert lines[0] == table.title
    assert "published above" in lines[-2]
    assert lines[-1].split() == list(ours)
    assert len(lines) == len(table.rows) + 5
    assert {len(line) for line in lines[1:]} == {len(lines[1])}


def test_the_tables_have_the_papers_own_results():
    cifar10 = {row[0]: row[1:3] for row in published.CIFAR10.rows}
    assert cifar10["SNAS mild + cutout"] == ("2.98", "2.9")
    assert cifar10["SNAS moderate + cutout"] == ("2.85 +- 0.02", "2.8")
    assert cifar10["SNAS aggressive + cutout"] == ("3.10 +- 0.04", "2.3")
    assert published.IMAGENET.rows[-1] == ("SNAS mild", "27.3", "9.2", "4.3", "522")


def printed(capsys, config, data_config, module=evaluate, **result):
    module.report({**RESULT, **result}, config, data_config, RUN)
    return capsys.readouterr().out


@pytest.mark.parametrize(
    "different",
    [{"num_cells": 6}, {"init_channels": 16}, {"epochs": 12}, {"epochs": 0}],
    ids=str,
)
def test_a_network_or_training_of_another_size_is_not_beside_the_published(capsys, different):
    config = ChildConfig(genotype="snas_mild")
    assert "AmoebaNet-A" in printed(capsys, config, FULL)
    text = printed(capsys, dataclasses.replace(config, **different), FULL)
    ((name, value),) = different.items()
    assert "AmoebaNet-A" not in text
    assert f"`{name}`={value} (published: {getattr(config, name)})" in text
    assert "3.11 %" in text


@pytest.mark.parametrize(
    ("different", "line"),
    [
        ({"image_size": 16}, "`image_size`=16 (published: 32)"),
        ({"validation_fraction": 0.1}, "`validation_fraction`=0.1 (published: 0)"),
    ],
)
def test_other_images_are_not_beside_the_published(capsys, different, line):
    text = printed(capsys, ChildConfig(), dataclasses.replace(FULL, **different))
    assert "AmoebaNet-A" not in text
    assert line in text
    same = dataclasses.replace(FULL, image_size=32)
    assert "AmoebaNet-A" in printed(capsys, ChildConfig(), same)


def test_another_data_set_is_not_compared(capsys):
    assert "published" not in printed(capsys, ChildConfig(), DataConfig("digits"))


def test_imagenet_is_compared_at_its_own_settings(capsys):
    data_config = DataConfig("imagenet2012", image_size=224)
    assert "MobileNet" in printed(capsys, ImageNetConfig(), data_config, imagenet)
    text = printed(capsys, ImageNetConfig(epochs=2), data_config, imagenet)
    assert "MobileNet" not in text
    assert "`epochs`=2 (published: 250)" in text


@pytest.mark.parametrize(
    ("result", "reasons"),
    [
        (["test_error", "test_error_at_best_validation"], ["no test images"] * 2),
        (
            ["test_error_at_best_validation", "valid_accuracy", "best_valid_accuracy"],
            ["no validation images"] * 3,
        ),
        (
            ["test_error_at_best_validation", "best_valid_accuracy"],
            ["no epoch was trained"] * 2,
        ),
    ],
)
def test_what_was_not_measured_has_a_reason(capsys, result, reasons):
    text = printed(capsys, ChildConfig(), DataConfig("digits"), **dict.fromkeys(result))
    assert text.count(f"not measured: {reasons[0]}") == text.count("not measured") == len(reasons)
    assert "- %" not in text


def test_curves_that_were_not_drawn_are_not_named(capsys):
    assert "curves.png" in printed(capsys, ChildConfig(), DataConfig("digits"))
    assert "curves.png" not in printed(capsys, ChildConfig(), DataConfig("digits"), epochs=0)
