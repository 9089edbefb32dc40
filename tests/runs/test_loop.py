"""A training of one weight, killed wherever it touches a file."""

import itertools
import os
import pathlib
import tempfile
import types

import keras
import numpy as np
import pytest
import tensorflow as tf

from snas_tf.data.batches import BatchConfig
from snas_tf.runs import loop, monitor
from snas_tf.runs.checkpoints import Checkpoints, collect_variables
from snas_tf.runs.run_directory import RunDirectory
from snas_tf.runs.run_record import RunRecord
from snas_tf.training.child_monitor import ChildMonitor
from snas_tf.training.means import sums
from snas_tf.training.traced_model import TracedModel
from tests.runs import events
from tests.slow import slow

EPOCHS, STEPS, BATCH = 2, 3, 4
HELD_OUT = {
    "x": np.linspace(-1, 1, 6, dtype=np.float32),
    "y": np.linspace(-2, 2, 6, dtype=np.float32),
    "weight": np.float32([1, 1, 1, 1, 0, 0]),
}


class Slope(keras.layers.Layer):
    """y = slope x."""

    def __init__(self):
        super().__init__()
        self.slope = self.add_weight(shape=(), initializer="zeros")
        self.built = True

    def call(self, x):
        return self.slope.value * x


class Model(TracedModel):
    """Minimal model for the training loop."""

    measures = ("cross_entropy", "accuracy")

    def __init__(self):
        super().__init__(("loss", *self.measures), self.measures, name="tiny")
        self.config = types.SimpleNamespace(epochs=EPOCHS)
        self.network = Slope()
        self.theta_optimizer = keras.optimizers.SGD(0.1, momentum=0.9)
        self.theta_optimizer.build(self.network.trainable_variables)
        self.built = True
        self.compile(optimizer=self.theta_optimizer, jit_compile=False)

    @property
    def step(self):
        return self.theta_optimizer.iterations

    def drop_probability(self):
        return 0.0

    def state(self):
        return collect_variables(self, self.theta_optimizer)

    def measured(self, batch):
        errors = (self.network(batch["x"]) - batch["y"]) ** 2
        return {"cross_entropy": errors, "accuracy": errors < 1}

    def train_step(self, batch):
        with tf.GradientTape() as tape:
            measured = self.measured(batch)
            loss = tf.reduce_mean(measured["cross_entropy"])
        slope = self.network.slope
        self.theta_optimizer.apply([tape.gradient(loss, slope.value)], [slope])
        return sums({"loss": measured["cross_entropy"], **measured})

    def test_step(self, batch):
        return sums(self.measured(batch), batch["weight"])


class Points:
    """Minimal data set for the training loop."""

    def __init__(self, validates):
        self.validates = validates

    def steps_per_epoch(self, batch_size):
        return STEPS

    def training_batches(self, config, first_step, num_steps):
        """Make the batches; those of a step are always the same."""
        x = np.stack(
            [
                np.random.default_rng(step).normal(size=config.batch_size).astype(np.float32)
                for step in range(first_step, first_step + num_steps)
            ]
        )
        return tf.data.Dataset.from_tensor_slices({"x": x, "y": 2 * x})

    def evaluation_batches(self, part, batch_size):
        return tf.data.Dataset.from_tensor_slices(HELD_OUT).batch(3) if self.validates else None


def train(path, every_steps=0, validates=True, last_epoch=None):
    """Train, or continue the run in the directory; return the model and its rows."""
    run, model = RunDirectory(path), Model()
    with run.owned():
        run.write_record(RunRecord("evaluate", {}, {"images": 0}), {})
        dataset, batch_config = Points(validates), BatchConfig(BATCH)
        monitored = loop.train(
            model, ChildMonitor, dataset, batch_config, run, every_steps, last_epoch
        )
    return model, monitored.rows


def values(prefix):
    reader = tf.train.load_checkpoint(str(prefix))
    names = [name for name in reader.get_variable_to_shape_map() if name.startswith("variables/")]
    return {name: reader.get_tensor(name).tolist() for name in names}


def contents(path):
    """The files of a run, with their content."""
    files = sorted(
        str(one.relative_to(path)) for one in path.rglob("*") if "tfevents" not in one.name
    )
    prefixes = [path / one.removesuffix(".index") for one in files if one.endswith(".index")]
    return {
        "files": files,
        "rows": (path / "metrics.csv").read_text(),
        "events": events.points(path / "tensorboard"),
        "checkpoints": {prefix.name: values(prefix) for prefix in prefixes},
    }


@pytest.fixture(autouse=True)
def no_time(monkeypatch):
    """Rates and seconds are 0 or unknown, so that runs can be compared."""
    monkeypatch.setattr(monitor.time, "monotonic", lambda: 0.0)
    monkeypatch.setattr("snas_tf.runs.progress.Progress.images_per_second", lambda _: 100.0)


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory):
    """The files of uninterrupted runs, by way of saving."""
    known = {}

    def make(**settings):
        key = tuple(settings.items())
        if key not in known:
            path = tmp_path_factory.mktemp("run") / "run"
            train(path, **settings)
            known[key] = contents(path)
        return known[key]

    return make


class Kill(BaseException):
    """A process that ends here."""


def kill_at(patch, call):
    """Raise at a call, counted from 1, that writes, renames, removes or validates."""
    counter = itertools.count(1)

    def counted(original):
        def function(*args, **kwargs):
            if next(counter) == call:
                raise Kill
            return original(*args, **kwargs)

        return function

    for owner, name in [
        (tf.train.Checkpoint, "write"),
        (pathlib.Path, "rename"),
        (pathlib.Path, "unlink"),
        (os, "replace"),
        (TracedModel, "measure"),
        (Checkpoints, "save"),
    ]:
        patch.setattr(owner, name, counted(getattr(owner, name)))
    for name in ("__exit__", "cleanup"):  # Its temporary files stay.
        patch.setattr(tempfile.TemporaryDirectory, name, lambda *_: None)
    return counter


def calls_of_a_run(path):
    with pytest.MonkeyPatch.context() as patch:
        counter = kill_at(patch, call=None)
        train(path)
        return next(counter) - 1


def test_a_run_that_pauses_goes_on_as_one_that_did_not(tmp_path, uninterrupted):
    for _ in range(2):  # The second time there is nothing to do.
        model, rows = train(tmp_path / "run", last_epoch=1)
        assert (len(rows), int(model.step.numpy())) == (1, STEPS)
    train(tmp_path / "run", last_epoch=EPOCHS)
    assert contents(tmp_path / "run") == uninterrupted()


def test_a_row_is_the_mean_over_the_examples_of_its_epoch(tmp_path):
    model, rows = train(tmp_path / "run")
    assert [row["epoch"] for row in rows] == [1, 2]
    assert [row["step"] for row in rows] == [STEPS, 2 * STEPS]
    slope = velocity = 0.0
    for epoch, row in enumerate(rows):
        errors = []
        batches = Points(True).training_batches(BatchConfig(BATCH), epoch * STEPS, STEPS)
        for batch in batches.as_numpy_iterator():
            errors.append((slope * batch["x"] - batch["y"]) ** 2)
            gradient = np.mean(2 * (slope * batch["x"] - batch["y"]) * batch["x"])
            velocity = 0.9 * velocity - 0.1 * gradient
            slope += velocity
        assert row["loss"] == pytest.approx(np.mean(errors), rel=1e-4)
        held_out = (slope * HELD_OUT["x"][:4] - HELD_OUT["y"][:4]) ** 2
        assert row["valid_cross_entropy"] == pytest.approx(held_out.mean(), rel=1e-3, abs=1e-6)
    assert float(model.network.slope) == pytest.approx(slope, rel=1e-4)


def test_a_run_that_is_killed_anywhere_leaves_in_the_end_what_another_does(tmp_path, uninterrupted):
    """Before each of its calls that write, rename or remove a file, or validate."""
    expected = uninterrupted()
    count = calls_of_a_run(tmp_path / "counted")
    assert count >= 15
    for call in range(1, count + 1):
        path = tmp_path / str(call) / "run"
        with pytest.MonkeyPatch.context() as patch:
            kill_at(patch, call)
            with pytest.raises(Kill):
                train(path)
        train(path)
        received = contents(path)
        for name, content in expected.items():
            assert received[name] == content, (call, name)


SAVES = [(1, 1), (1, 3), (1, 5), (2, 1), (2, 2), (3, 1), (3, 2)]
"""Steps from one checkpoint to the next, and the number of the last before the kill."""


def cases(values, validates):
    quick = values if validates else [(1, 1), (3, 1)]
    return [(*one, validates) if one in quick else slow(*one, validates) for one in values]


@pytest.mark.parametrize(
    ("every_steps", "saves", "validates"), [*cases(SAVES, True), *cases(SAVES, False)]
)
def test_a_run_that_is_killed_after_a_checkpoint_continues_bit_for_bit(
    tmp_path, uninterrupted, every_steps, saves, validates
):
    """Within an epoch and at its end, with validation images and without."""
    settings = {"every_steps": every_steps, "validates": validates}
    counter, original = itertools.count(1), Checkpoints.save

    def save(self):
        original(self)
        if next(counter) == saves:
            raise Kill

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Checkpoints, "save", save)
        with pytest.raises(Kill):
            train(tmp_path / "run", **settings)
    train(tmp_path / "run", **settings)
    assert contents(tmp_path / "run") == uninterrupted(**settings)


def test_a_finished_run_reports_its_last_epoch_again_and_trains_nothing(tmp_path, uninterrupted):
    train(tmp_path / "run")
    _, rows = train(tmp_path / "run")
    assert [row["epoch"] for row in rows] == [1, 2]
    assert contents(tmp_path / "run") == uninterrupted()


def test_without_epochs_there_is_a_checkpoint_and_no_row(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(f"{__name__}.EPOCHS", 0)
    _, rows = train(tmp_path / "run")
    assert rows == []
    assert (tmp_path / "run" / "checkpoints" / "step-0.index").exists()
    assert "compiling" not in capsys.readouterr().out


def test_what_a_run_continues_from_is_said(tmp_path, capsys):
    train(tmp_path / "run")
    assert "compiling the network" in capsys.readouterr().out
    train(tmp_path / "run")
    output = capsys.readouterr().out
    assert f"resuming {tmp_path / 'run'} after step 6 of 6" in output
