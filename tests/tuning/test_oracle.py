"""What an oracle knows outlives its process, whenever that is killed."""

import errno
import json
import shutil
import threading

import pytest
from keras_tuner.engine.trial import TrialStatus

from snas_tf.config.tuning import TUNERS
from snas_tf.errors import UserError
from snas_tf.files import whole_files
from tests.tuning.scored_trials import end, make_oracle, run, values

SETTINGS = {"random": {"trials": 7}, "bayesian": {"trials": 8}, "hyperband": {"epochs": 3}}


@pytest.mark.parametrize("tuner", TUNERS)
def test_a_restart_after_any_trial_changes_nothing(tmp_path, tuner):
    whole = make_oracle(tmp_path / "whole", tuner, **SETTINGS[tuner])
    run(whole)
    for _ in whole.trials:
        (ran,) = run(make_oracle(tmp_path / "parts", tuner, **SETTINGS[tuner]), most=1)
    assert ran.trial_id == max(whole.trials, key=int)
    parts = make_oracle(tmp_path / "parts", tuner, **SETTINGS[tuner])
    assert values(parts) == values(whole)
    assert [one.score for one in parts.trials.values()] == [
        whole.trials[name].score for name in parts.trials
    ]
    assert run(parts) == []


class KilledError(BaseException):
    """In place of SIGKILL, between two files."""


@pytest.mark.parametrize("tuner", TUNERS)
def test_a_kill_before_any_file_is_written_loses_and_repeats_nothing(tmp_path, tuner, monkeypatch):
    whole, write = make_oracle(tmp_path / "whole", tuner, **SETTINGS[tuner]), whole_files.write_text
    run(whole)
    left, ended = [0], []

    def write_some(path, text):
        if not left[0]:
            raise KilledError
        left[0] -= 1
        write(path, text)

    monkeypatch.setattr(whole_files, "write_text", write_some)
    writes = 0
    while True:  # Each process writes one file more than the last one, and is killed.
        writes += 1
        oracle, left[0] = make_oracle(tmp_path / "parts", tuner, **SETTINGS[tuner]), writes
        finished = {n for n, one in oracle.trials.items() if one.status == TrialStatus.COMPLETED}
        try:
            ended = run(oracle)
        except KilledError:
            if oracle.stopped:
                break
            continue
        break
    assert not finished & {one.trial_id for one in ended}
    left[0] = 100
    parts = make_oracle(tmp_path / "parts", tuner, **SETTINGS[tuner])
    assert values(parts) == values(whole)
    assert {one.status for one in parts.trials.values()} == {TrialStatus.COMPLETED}


def test_a_sweep_that_has_ended_goes_on_with_more_trials(tmp_path):
    run(make_oracle(tmp_path, trials=3))
    more = make_oracle(tmp_path, trials=12)
    assert not more.stopped
    assert len(run(more)) == 9
    assert more.stopped
    whole = make_oracle(tmp_path / "whole", trials=12)
    run(whole)
    assert values(more) == values(whole)


def test_a_lost_tuners_trial_goes_to_the_next_and_fails_when_it_loses_a_second(tmp_path):
    oracle = make_oracle(tmp_path, trials=2)
    trial = oracle.create_trial("a")
    assert oracle.busy() == {"a"}
    assert oracle.release("a") == trial.trial_id
    assert oracle.busy() == set()
    assert oracle.create_trial("b").trial_id == trial.trial_id
    oracle.release("b")
    other = oracle.create_trial("c")
    assert other.trial_id != trial.trial_id
    end(oracle, other)
    assert oracle.create_trial("c").status == TrialStatus.STOPPED
    assert make_oracle(tmp_path, trials=2).trials[trial.trial_id].status == TrialStatus.FAILED
    assert oracle.stopped


def test_a_tuner_that_was_taken_for_lost_may_still_end_its_trial(tmp_path):
    oracle = make_oracle(tmp_path, trials=1)
    trial = oracle.create_trial("slow")
    oracle.release("slow")
    end(oracle, trial)
    assert oracle.trials[trial.trial_id].status == TrialStatus.COMPLETED


def test_a_tuner_waits_while_another_one_works_and_may_get_its_trial(tmp_path):
    oracle = make_oracle(tmp_path, trials=1)
    trial = oracle.create_trial("a")
    assert oracle.create_trial("b").status == TrialStatus.IDLE
    assert oracle.busy() == {"a", "b"}
    oracle.release("a")
    assert oracle.create_trial("b").trial_id == trial.trial_id
    end(oracle, trial)
    assert not oracle.stopped
    assert oracle.create_trial("b").status == TrialStatus.STOPPED
    assert (oracle.stopped, oracle.busy()) == (True, set())


def test_a_damaged_file_is_named(tmp_path):
    run(make_oracle(tmp_path, trials=2))
    shutil.copytree(tmp_path / "tuner", tmp_path / "other" / "tuner")
    for place, file in ((tmp_path, "oracle.json"), (tmp_path / "other", "trial_1/trial.json")):
        (place / "tuner" / file).write_text('{"half')
        with pytest.raises(UserError, match=f"{file}: damaged .*another `model_dir`"):
            make_oracle(place, trials=2)


def test_a_full_disk_ends_a_tuner_and_does_not_lock_the_threads_of_a_chief(tmp_path, monkeypatch):
    def fail(path, text):
        raise OSError(errno.ENOSPC, "No space left on device")

    oracle = make_oracle(tmp_path, trials=3)
    monkeypatch.setattr(whole_files, "write_text", fail)
    thread = threading.Thread(target=oracle.create_trial, args=("a",))
    thread.start()
    thread.join()
    assert oracle.failure.errno == errno.ENOSPC
    assert oracle.busy() == {"a"}  # It would wait for ever here.
    with pytest.raises(OSError, match="No space left"):
        make_oracle(tmp_path / "alone", trials=3).create_trial("a")


def test_what_a_kill_left_half_written_is_removed(tmp_path):
    run(make_oracle(tmp_path, trials=1))
    for place in (tmp_path / "tuner", tmp_path / "tuner" / "trial_0"):
        (place / f"{whole_files.PREFIX}x").mkdir()
    make_oracle(tmp_path, trials=1)
    assert not list(tmp_path.rglob(f"{whole_files.PREFIX}*"))


def test_the_files_are_those_of_keras_tuner(tmp_path):
    run(make_oracle(tmp_path, trials=2))
    state = json.loads((tmp_path / "tuner" / "oracle.json").read_text())
    assert state["start_order"] == ["0", "1"]
    trial = json.loads((tmp_path / "tuner" / "trial_1" / "trial.json").read_text())
    assert trial["status"] == "COMPLETED"
