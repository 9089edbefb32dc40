import dataclasses
import pathlib

import pytest

from snas_tf.config import ChildConfig, Choices, DataConfig, RunConfig, TunerConfig, Tuning
from snas_tf.errors import UserError
from snas_tf.workflows import tuning_record

SWEEPS = {"rate": Choices("theta_learning_rate", {"1": 1.0, "2": 2.0, "3": 3.0})}
DIGITS = DataConfig("digits")
TUNING = Tuning(TunerConfig(trials=2), SWEEPS, {"epochs": 9}, ChildConfig(epochs=3))


def check(after, before=TUNING, data=DIGITS, seed=0):
    run_config = RunConfig(pathlib.Path("run"))
    old = tuning_record.make_record(before, DIGITS, run_config)
    new = tuning_record.make_record(after, data, dataclasses.replace(run_config, seed=seed))
    new.check_against(old, run_config.model_dir, tuning_record.MAY_GROW)


def test_the_number_of_trials_may_grow_and_the_patience_may_change():
    check(TUNING)
    check(dataclasses.replace(TUNING, tuner=TunerConfig(trials=3, worker_timeout=9)))


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"tuner": TunerConfig(trials=1)}, "`trials`=1: .*has `trials`=2"),
        ({"tuner": TunerConfig(tuner="bayesian", trials=2)}, "`tuner`=bayesian: "),
        ({"sweeps": {"rate": Choices("theta_learning_rate", {"1": 1, "2": 2})}}, "`sweep`="),
        ({"settings": {"epochs": 8}}, "`epochs`=8: .*has `epochs`=9"),
        ({"settings": {}}, "`epochs`=None: "),
        ({"child": None}, "`trial_epochs`=None: "),
    ],
)
def test_nothing_else_may_change(changed, message):
    with pytest.raises(UserError, match=message):
        check(dataclasses.replace(TUNING, **changed))


def test_images_and_seed_may_not_change():
    with pytest.raises(UserError, match="`validation_fraction`="):
        check(TUNING, data=DataConfig("digits", validation_fraction=0.2))
    with pytest.raises(UserError, match="`seed`=1"):
        check(TUNING, seed=1)
