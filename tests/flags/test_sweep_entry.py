"""--sweep and the other flags of a tuning become its config, or one line of refusal."""

import pytest
from absl import flags

from flags import command_line, tune
from snas_tf.config import ChildConfig, Choices, Interval, SearchConfig, TunerConfig
from tests.flags import refusals


def read(*arguments):
    values = flags.FlagValues()
    command_line.parse(["main.py", "--mode=tune", *arguments], values)
    return tune.config(values)


def refusal(capsys, *arguments):
    return refusals.refusal(capsys, lambda: read(*arguments))


def test_an_interval_or_values_of_any_flag_of_a_search():
    tuning = read(
        "--sweep=constraint_weight:0.01:1:log",
        "--sweep=num_cells:3:5",
        "--sweep=relaxation:concrete,one_hot",
        "--sweep=batch_size: 32, 64",
        "--sweep=stop_on_collapse:true,false",
    )
    assert tuning.tuner == TunerConfig()
    assert tuning.sweeps == {
        "constraint_weight": Interval("constraint_weight", 0.01, 1, log=True),
        "num_cells": Interval("num_cells", 3, 5),
        "relaxation": Choices("relaxation", {"concrete": "concrete", "one_hot": "one_hot"}),
        "batch_size": Choices("batch_size", {"32": 32, "64": 64}),
        "stop_on_collapse": Choices("stop_on_collapse", {"true": True, "false": False}),
    }


def test_a_level_of_the_constraint_is_its_weight_under_its_name():
    tuning = read("--sweep=constraint:none,mild,aggressive", "--constraint_weight=7")
    assert tuning.make_search({"constraint": "mild"}) == SearchConfig(constraint_weight=0.03)
    assert tuning.describe({"constraint": "mild"}) == {"constraint": "mild"}


def test_a_flag_is_for_all_trials_and_a_sweep_takes_the_place_of_one():
    tuning = read("--sweep=epochs:3,5", "--epochs=9", "--constraint=mild", "--num_cells=4")
    assert tuning.make_search({"epochs": "5"}) == SearchConfig(
        epochs=5, num_cells=4, constraint_weight=0.03
    )


def test_the_algorithm_may_vary_and_each_has_its_own_defaults():
    tuning = read("--sweep=algorithm:snas,gdas", "--sweep=constraint_weight:0.1,1", "--draws=2")
    assert tuning.make_search({"algorithm": "gdas"}) == SearchConfig(algorithm="gdas")
    assert tuning.make_search({"algorithm": "snas", "constraint_weight": "1"}) == SearchConfig(
        constraint_weight=1, draws=2
    )


def test_an_algorithm_that_does_not_vary_has_its_own_defaults():
    tuning = read("--sweep=theta_momentum:0.5:0.9", "--algorithm=gdas")
    assert tuning.make_search({"theta_momentum": 0.5}) == SearchConfig(
        algorithm="gdas", theta_momentum=0.5
    )


def test_children_are_trained_for_the_epochs_of_the_flag():
    tuning = read("--sweep=epochs:3:5", "--trial_epochs=2", "--child_cells=9", "--num_cells=4")
    assert tuning.child == ChildConfig(
        num_cells=9,
        init_channels=16,
        epochs=2,
        cutout_length=0,
        drop_path_probability=0,
        auxiliary_weight=0,
    )


@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        ([], ["--sweep: not given", "such as --sweep=constraint_weight:0.01:1:log"]),
        (["--sweep=wight:0:1"], ["--sweep=wight:0:1: no flag of a search is called 'wight'"]),
        (["--sweep="], ["no flag of a search is called ''"]),
        (["--sweep=epochs"], ["--sweep=epochs: accepted: epochs:LOW:HIGH"]),
        (["--sweep=epochs:"], ["received ''"]),
        (["--sweep=epochs:1,,3"], ["received ''"]),
        (["--sweep=epochs:3:3"], ["--sweep=epochs:3:3: empty"]),
        (["--sweep=epochs:5:3"], ["empty"]),
        (["--sweep=epochs:1:9:exp"], ["accepted: epochs:LOW:HIGH, epochs:LOW:HIGH:log or"]),
        (["--sweep=epochs:1.5:3"], ["received '1.5'", "an integer"]),
        (["--sweep=epochs:0,3"], ["--sweep: with epochs=0: --epochs=0: nothing to search with"]),
        (["--sweep=constraint_weight:0:1:log"], ["no logarithm, accepted: more than 0"]),
        (["--sweep=constraint_weight:-1:1"], ["received '-1'", ">= 0"]),
        (["--sweep=constraint_weight:nan:1"], ["received 'nan'"]),
        (["--sweep=constraint:mild,hard"], ["received 'hard'", "none|mild"]),
        (["--sweep=dataset:cifar10,digits"], ["--sweep=dataset: may not vary from trial to"]),
        (["--sweep=model_dir:a,b"], ["may not vary"]),
        (["--sweep=validation_fraction:0.1:0.2"], ["may not vary"]),
        (["--sweep=seed:1:3"], ["may not vary"]),
        (["--sweep=num_seeds:1,2"], ["may not vary"]),
        (["--sweep=epochs:1,2", "--sweep=epochs:3:5"], ["--sweep=epochs:3:5: epochs twice"]),
        (["--sweep=constraint:none,mild", "--sweep=constraint_weight:1,2"], ["given twice"]),
        (["--sweep=darts_order:1,2"], ["not a setting of --algorithm=snas"]),
        (["--sweep=epochs:1,2", "--darts_order=2"], ["not a flag of --algorithm=snas"]),
        (
            ["--sweep=algorithm:snas,gdas", "--darts_order=2"],
            ["--darts_order=2: not a flag of --sweep=algorithm:snas,gdas, accepted: with darts"],
        ),
        (["--sweep=algorithm:snas,magic"], ["--algorithm=magic: unknown"]),
        (["--sweep=epochs:1,2", "--trials=0"], ["--trials=0"]),
        (["--sweep=epochs:1,2", "--trials=9"], ["--trials=9: more than the 2 combinations"]),
        (["--sweep=epochs:1,2", "--tuner=grid"], ["--tuner=grid", "random|hyperband|bayesian"]),
        (["--sweep=epochs:1,2", "--objective=test_error"], ["--objective=test_error", "child_v"]),
        (["--sweep=epochs:1,2", "--child_cells=4"], ["with --trial_epochs"]),
        (["--pick=parameters"], ["--pick=parameters: accepted: such as parameters<1e6"]),
        (["--pick=size<3"], ["accepted: such as parameters<1e6, with one of parameters, mult"]),
        (["--pick=latency_ms<nan"], ["accepted: such as"]),
    ],
    ids=lambda value: " ".join(value),
)
def test_what_is_wrong_is_one_line(capsys, arguments, parts):
    line = refusal(capsys, *arguments)
    assert "\n" not in line
    assert all(part in line for part in parts), line
