"""The command for the cell of a trial is one that the program takes."""

import pathlib
import shlex

import pytest
from absl import flags

from flags import command_line, training_command
from snas_tf.config import DataConfig
from tests.workflows.test_picking import SUMMARY

IMAGES = {"dataset": "folder", "data_dir": "my images", "image_size": 16, "mirror": False}


def summary(**changed):
    images = {**vars(DataConfig()), **IMAGES}
    trials = [
        {**one, "genotype": "trials/x/genotype.json", "num_cells": 5, "init_channels": 6}
        for one in SUMMARY["trials"]
    ]
    return {**SUMMARY, "images": images, "trials": trials, **changed}


@pytest.fixture
def program(monkeypatch):
    monkeypatch.setattr("sys.argv", ["somewhere/main.py"])


@pytest.mark.usefixtures("program")
def test_it_trains_the_network_that_was_judged_on_the_same_images():
    one = summary()
    line = training_command.make(one["trials"][0], one, pathlib.Path("runs/a sweep"))
    python, main, *arguments = shlex.split(line)
    assert (python, main) == ("python", "main.py")
    values = flags.FlagValues()
    command_line.parse(["main.py", *arguments], values)
    assert (values.mode, values.num_cells, values.init_channels) == ("evaluate", 5, 6)
    assert values.genotype == "runs/a sweep/trials/x/genotype.json"
    assert {name: values[name].value for name in IMAGES} == IMAGES
    assert values.model_dir == "runs/a sweep_trial_1"


@pytest.mark.usefixtures("program")
def test_a_cell_that_is_recommended_twice_is_named_once(capsys):
    recommended = {"smallest": 4, "knee": 1, "best": 1}
    training_command.print_recommended(summary(recommended=recommended), pathlib.Path("run"))
    printed = capsys.readouterr().out
    assert "\nsmallest: trial 4, train its cell with\n" in printed
    assert "\nknee and best: trial 1, train its cell with\n" in printed
    assert printed.count("--mode=evaluate") == 2
