"""Trainings of one weight that get signals; see test_loop."""

import os
import signal
import threading

import pytest

from snas_tf.errors import Interrupted
from snas_tf.runs.interruption import StopAtSignal
from snas_tf.runs.progress import Progress
from tests.runs.test_loop import STEPS, contents, no_time, train  # noqa: F401

NUMBERS = (signal.SIGINT, signal.SIGTERM)


def signal_within(patch, *steps):
    """Send SIGTERM to this process while a step of these runs, counted from 1."""

    def on_train_batch_end(progress, batch, logs):
        for _ in range(steps.count(int(progress.model.step.numpy()))):
            os.kill(os.getpid(), signal.SIGTERM)

    patch.setattr(Progress, "on_train_batch_end", on_train_batch_end)


def steps_saved(path):
    return sorted(int(one.stem.split("-")[1]) for one in (path / "checkpoints").glob("*.index"))


@pytest.mark.parametrize("step", [2, 3, 5, 6])
def test_a_training_ends_after_the_step_and_continues_to_the_same_end(tmp_path, step):
    train(tmp_path / "whole")
    before = [signal.getsignal(number) for number in NUMBERS]
    with pytest.MonkeyPatch.context() as patch:
        signal_within(patch, step)
        with pytest.raises(Interrupted) as raised:
            train(tmp_path / "run")
    assert raised.value.signal_number == signal.SIGTERM
    assert steps_saved(tmp_path / "run")[-1] == step
    assert [signal.getsignal(number) for number in NUMBERS] == before
    train(tmp_path / "run")
    whole, continued = contents(tmp_path / "whole"), contents(tmp_path / "run")
    for name in ("rows", "events"):
        assert continued[name] == whole[name]
    last = f"step-{2 * STEPS}"
    assert continued["checkpoints"][last] == whole["checkpoints"][last]


@pytest.mark.parametrize("steps", [(1,), (2, 2)])
def test_it_ends_at_once_while_it_compiles_and_at_a_second_signal(tmp_path, monkeypatch, steps):
    signal_within(monkeypatch, *steps)
    with pytest.raises(Interrupted):
        train(tmp_path / "run")
    assert steps_saved(tmp_path / "run") == []


def test_an_ignored_signal_stays_ignored():
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with StopAtSignal(checkpoints=None).listening():
            assert signal.getsignal(signal.SIGINT) == signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)


def test_a_training_in_another_thread_leaves_signals_alone(tmp_path):
    def work():
        rows.append(train(tmp_path / "run")[1])

    rows = []
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert len(rows[0]) * STEPS == steps_saved(tmp_path / "run")[-1]


def listen_while(work):
    with StopAtSignal(checkpoints=None).listening():
        work()


def test_an_error_that_a_signal_has_caused_is_an_interruption():
    def be_called_by_a_graph():
        try:
            os.kill(os.getpid(), signal.SIGTERM)
        except Interrupted:
            raise RuntimeError("of TensorFlow") from None

    def fail():
        raise RuntimeError("a bug")

    with pytest.raises(Interrupted) as raised:
        listen_while(be_called_by_a_graph)
    assert raised.value.signal_number == signal.SIGTERM
    with pytest.raises(RuntimeError, match="a bug"):
        listen_while(fail)
