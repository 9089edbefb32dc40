import keras
import pytest

from snas_tf.runs import progress
from snas_tf.runs.progress import Progress, duration


class Model:
    """Minimal model for the callback."""

    def __init__(self, step):
        self.step = keras.Variable(step, dtype="int64")


class Clock:
    """Clock that advances on request."""

    def __init__(self, monkeypatch):
        self.now = 1000.0
        monkeypatch.setattr(progress.time, "monotonic", lambda: self.now)


def run_epoch(callback, clock, steps, seconds):
    callback.on_epoch_begin(0)
    for step in range(steps):
        clock.now += seconds
        callback.on_train_batch_end(step, {"loss": 1.5, "accuracy": 0.25})
    callback.on_test_begin()


@pytest.fixture
def clock(monkeypatch):
    return Clock(monkeypatch)


def make(step=0):
    callback = Progress(num_epochs=2, steps_per_epoch=10, batch_size=8)
    callback.set_model(Model(step))
    return callback


def test_the_rate_leaves_the_first_step_out(clock):
    callback = make()
    callback.on_epoch_begin(0)
    clock.now += 100  # compiling
    callback.on_train_batch_end(0, {"loss": 1, "accuracy": 0})
    for step in range(1, 10):
        clock.now += 2
        callback.on_train_batch_end(step, {"loss": 1, "accuracy": 0})
    assert callback.images_per_second() == pytest.approx(4)
    assert callback.epoch_seconds() == pytest.approx(20)


def test_elsewhere_than_on_a_terminal_there_is_a_line_a_minute(clock, capsys):
    run_epoch(make(), clock, steps=10, seconds=15)
    lines = capsys.readouterr().out.splitlines()
    assert lines == [
        "epoch 1/2  step 5/10  loss 1.500  accuracy 0.250",
        "epoch 1/2  step 10/10  loss 1.500  accuracy 0.250",
    ]


def test_a_resumed_epoch_counts_from_where_it_stopped(clock, capsys):
    run_epoch(make(step=7), clock, steps=3, seconds=61)
    assert [line.split()[3] for line in capsys.readouterr().out.splitlines()] == [
        "8/10",
        "9/10",
        "10/10",
    ]


def test_a_terminal_gets_a_bar(clock, capsys, monkeypatch):
    monkeypatch.setattr(progress.sys.stdout, "isatty", lambda: True, raising=False)
    run_epoch(make(), clock, steps=10, seconds=15)
    output = capsys.readouterr().out
    assert "epoch 1/2:" in output
    assert "\r" in output


def test_durations_read_as_hours_minutes_seconds():
    assert duration(3725.4) == "1:02:05"
    assert duration(59.6) == "0:01:00"
    assert duration(float("nan")) == "?"
