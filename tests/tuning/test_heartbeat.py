import multiprocessing
import os
import signal
import time

import pytest

from snas_tf.errors import UserError
from snas_tf.tuning import heartbeat


def wait_until(condition):
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def live(directory):
    with heartbeat.beating(directory, "a"):
        time.sleep(60)


def test_who_lives_is_heard_and_who_ends_leaves_no_name(tmp_path, monkeypatch):
    monkeypatch.setattr(heartbeat, "_INTERVAL", 0.02)
    pulse = heartbeat.Pulse(tmp_path / "workers")
    assert pulse.names() == []
    with heartbeat.beating(tmp_path / "workers", "a"):
        assert pulse.names() == ["a"]
        time.sleep(0.3)
        pulse.silence("a")
        time.sleep(0.3)
        assert pulse.silence("a") < 0.3
    assert pulse.names() == []


def test_two_processes_of_one_name_are_refused(tmp_path):
    with (
        heartbeat.beating(tmp_path, "a"),
        pytest.raises(UserError, match="KERASTUNER_TUNER_ID='a': another process"),
        heartbeat.beating(tmp_path, "a"),
    ):
        pass


def test_who_is_killed_falls_silent_and_may_come_back(tmp_path):
    process = multiprocessing.get_context("fork").Process(target=live, args=(tmp_path,))
    process.start()
    pulse = heartbeat.Pulse(tmp_path)
    wait_until(lambda: pulse.names() == ["a"])
    os.kill(process.pid, signal.SIGKILL)
    process.join()
    pulse.silence("a")
    time.sleep(0.2)
    assert pulse.silence("a") > 0.1
    assert pulse.names() == ["a"]
    with heartbeat.beating(tmp_path, "a"):
        pass


def test_the_silence_of_who_never_was_begins_with_the_first_question(tmp_path):
    pulse = heartbeat.Pulse(tmp_path)
    assert pulse.silence("nobody") < 0.1
    time.sleep(0.15)
    assert pulse.silence("nobody") > 0.1
