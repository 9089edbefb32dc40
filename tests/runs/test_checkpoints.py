import math
import os
import pathlib
import shutil

import keras
import numpy as np
import pytest
import tensorflow as tf

from snas_tf.errors import UserError
from snas_tf.files import whole_files
from snas_tf.runs import checkpoint_files
from snas_tf.runs.checkpoint_files import CheckpointFiles
from snas_tf.runs.checkpoints import Checkpoints

NAMES = ["lr=[1,2]", "w?b", "all*", "back\\slash", "a [b]*?\\ é", "two\nlines"]


class Run:
    """Two variables, whose weight is the number of the step, and the checkpoints of them."""

    def __init__(self, directory, every_steps=0, epoch_steps=1000):
        self.step = keras.Variable(0, dtype="int64", trainable=False)
        self.weight = keras.Variable(np.full(1000, -1, np.float32))
        self.checkpoints = Checkpoints(directory, every_steps, epoch_steps)
        self.checkpoints.attach([self.step, self.weight], self.step)

    def end_step(self, number):
        self.step.assign(number)
        self.weight.assign(np.full(1000, number, np.float32))
        self.checkpoints.on_train_batch_end(0)


def run_to(directory, last, every_steps=1, epoch_steps=1000):
    run = Run(directory, every_steps, epoch_steps)
    for number in range(1, last + 1):
        run.end_step(number)


def data_of(directory, step):
    return directory / f"step-{step}.data-00000-of-00001"


def files_of(*steps):
    return {f"step-{step}{end}" for step in steps for end in (".index", ".data-00000-of-00001")}


def assert_resumes(directory, step):
    run = Run(directory)
    assert run.checkpoints.restore() == step
    assert run.step.numpy() == step
    np.testing.assert_array_equal(run.weight, np.full(1000, step))


# When, and how many.


def test_without_checkpoints_a_run_starts_at_step_zero(tmp_path):
    assert Run(tmp_path).checkpoints.restore() == 0
    assert Run(tmp_path / "missing").checkpoints.restore() == 0


def test_the_newest_checkpoint_is_restored_and_three_are_kept(tmp_path):
    run_to(tmp_path, 11)
    assert set(os.listdir(tmp_path)) == files_of(9, 10, 11)
    assert_resumes(tmp_path, 11)


def test_an_old_checkpoint_that_a_killed_run_left_is_removed_when_it_is_resumed(tmp_path):
    run_to(tmp_path, 4)
    for path in [*tmp_path.glob("step-2.*")]:
        shutil.copy(path, tmp_path / path.name.replace("step-2", "step-1"))
    assert set(os.listdir(tmp_path)) == files_of(1, 2, 3, 4)
    assert_resumes(tmp_path, 4)
    assert set(os.listdir(tmp_path)) == files_of(2, 3, 4)


@pytest.mark.parametrize(
    ("every_steps", "expected"), [(0, [5, 10]), (3, [3, 5, 6, 9, 10, 12]), (5, [5, 10])]
)
def test_saved_after_the_last_step_of_every_epoch_and_every_so_many_steps(
    tmp_path, monkeypatch, every_steps, expected
):
    saved = []
    monkeypatch.setattr(CheckpointFiles, "write", lambda self, _, number: saved.append(number))
    run_to(tmp_path, 12, every_steps, epoch_steps=5)
    assert saved == expected


def test_at_the_end_the_last_step_is_saved_once(tmp_path):
    run = Run(tmp_path)
    run.end_step(7)
    assert not os.listdir(tmp_path)
    run.checkpoints.save()
    written = data_of(tmp_path, 7).stat().st_mtime_ns
    run.checkpoints.save()
    assert data_of(tmp_path, 7).stat().st_mtime_ns == written
    again = Run(tmp_path)
    again.checkpoints.restore()
    again.checkpoints.save()
    assert data_of(tmp_path, 7).stat().st_mtime_ns == written


def test_rows_come_back_as_they_were(tmp_path):
    rows = [
        {"epoch": 1.0, "loss": 0.1, "valid_accuracy": math.nan, "images_per_second": math.nan},
        {"epoch": 2.0, "loss": math.inf, "valid_accuracy": 1 / 3, "images_per_second": 5e300},
    ]
    run = Run(tmp_path)
    run.checkpoints.rows.extend(rows)
    run.checkpoints.save()
    again = Run(tmp_path)
    assert again.checkpoints.rows == []
    again.checkpoints.restore()
    assert repr(again.checkpoints.rows) == repr(rows)
    again.checkpoints.rows.append({"epoch": 3.0})
    again.end_step(4)
    again.checkpoints.save()
    last = Run(tmp_path)
    last.checkpoints.restore()
    assert repr(last.checkpoints.rows) == repr([*rows, {"epoch": 3.0}])


# Whose files.


@pytest.mark.parametrize("name", NAMES)
def test_a_directory_of_any_name_is_written_read_and_kept_small(tmp_path, name):
    directory = tmp_path / name / "checkpoints"
    directory.parent.mkdir()
    run_to(directory, 5)
    assert set(os.listdir(directory)) == files_of(3, 4, 5)
    assert_resumes(directory, 5)


@pytest.mark.parametrize(("pattern", "other"), [("w?b", "w1b"), ("lr=[1,2]", "lr=1"), ("a*", "ab")])
def test_a_directory_that_another_ones_name_matches_as_a_pattern_keeps_its_files(
    tmp_path, pattern, other
):
    run_to(tmp_path / other, 3)
    before = {path.name: path.read_bytes() for path in (tmp_path / other).iterdir()}
    assert Run(tmp_path / pattern).checkpoints.restore() == 0
    run_to(tmp_path / pattern, 9)
    assert_resumes(tmp_path / pattern, 9)
    assert {path.name: path.read_bytes() for path in (tmp_path / other).iterdir()} == before


def test_files_that_are_not_named_as_ours_are_neither_read_nor_removed(tmp_path):
    foreign = {
        "checkpoint",
        "step-26-old.index",
        "step-x.index",
        "step-.index",
        "step-007.index",
        "step-٣.index",
        "step-9.index.bak",
        "mystep-9.index",
        "epoch-9.index",
        "epoch-9.data-00000-of-00001",
        "step-0.data-00000-of-00002",
        "STEP-9.index",
    }
    for name in foreign:
        (tmp_path / name).write_text("mine")
    (tmp_path / "step-8.index").mkdir()
    (tmp_path / "step-8.index" / "thesis.txt").write_text("mine")
    assert Run(tmp_path).checkpoints.restore() == 0
    run_to(tmp_path, 7)
    run = Run(tmp_path, 1)
    for number in (9, 10, 11, 12):
        run.end_step(number)
    assert set(os.listdir(tmp_path)) == {*foreign, "step-8.index", *files_of(10, 11, 12)}
    assert all((tmp_path / name).read_text() == "mine" for name in foreign)
    assert (tmp_path / "step-8.index" / "thesis.txt").read_text() == "mine"
    assert_resumes(tmp_path, 12)


def test_a_list_of_checkpoints_that_lie_elsewhere_is_not_believed(tmp_path):
    run_to(tmp_path / "elsewhere", 9)
    run_to(tmp_path / "run", 2)
    paths = "".join(
        f'all_model_checkpoint_paths: "{tmp_path}/elsewhere/step-{step}"\n' for step in (7, 8, 9)
    )
    state = f'model_checkpoint_path: "{tmp_path}/elsewhere/step-9"\n{paths}'
    (tmp_path / "run" / "checkpoint").write_text(state)
    assert_resumes(tmp_path / "run", 2)
    run_to(tmp_path / "run", 9)
    assert set(os.listdir(tmp_path / "elsewhere")) == files_of(7, 8, 9)
    assert (tmp_path / "run" / "checkpoint").read_text() == state


@pytest.mark.parametrize("content", ["gibberish", ""])
def test_a_damaged_list_of_checkpoints_does_not_matter(tmp_path, content):
    run_to(tmp_path, 3)
    (tmp_path / "checkpoint").write_text(content)
    assert_resumes(tmp_path, 3)


def test_checkpoints_of_two_names_lie_side_by_side(tmp_path):
    run_to(tmp_path, 2)
    weight = keras.Variable(np.zeros(3))
    best = CheckpointFiles(tmp_path, "epoch", kept=1)
    for number in (4, 9, 5):
        weight.assign(np.full(3, number))
        best.write(tf.train.Checkpoint(variables=[weight.value]), number)
    assert best.numbers() == [5, 9]  # the one just written stays, whatever its number
    best.read(tf.train.Checkpoint(variables=[weight.value]), 5)
    np.testing.assert_array_equal(weight, np.full(3, 5))
    assert_resumes(tmp_path, 2)


# Damage.

DAMAGES = ["truncated", "emptied", "flipped", "missing"]


def damage(directory, step, kind, suffix):
    path = data_of(directory, step) if suffix == "data" else directory / f"step-{step}.index"
    content = bytearray(path.read_bytes())
    if kind == "missing":
        path.unlink()
    elif kind == "flipped":
        content[len(content) // 2] ^= 1
        path.write_bytes(content)
    else:
        path.write_bytes(content[: 0 if kind == "emptied" else 100])


CASES = [
    (kind, suffix)
    for kind in DAMAGES
    for suffix in ("data", "index")
    if (kind, suffix) != ("missing", "index")  # such a checkpoint is none
]


@pytest.mark.parametrize(("kind", "suffix"), CASES)
def test_a_damaged_checkpoint_gives_way_to_the_one_before_it(tmp_path, kind, suffix, caplog):
    run_to(tmp_path, 3)
    damage(tmp_path, 3, kind, suffix)
    assert_resumes(tmp_path, 2)
    (message,) = [record.getMessage() for record in caplog.records]
    assert "step-3 can't be read, trying the one before it" in message
    assert len(message.splitlines()) == 1


@pytest.mark.parametrize(("kind", "suffix"), CASES)
def test_where_the_first_checkpoint_is_damaged_a_run_begins_again(tmp_path, kind, suffix, caplog):
    run = Run(tmp_path)
    run.checkpoints.rows.append({"epoch": 1.0})
    run.end_step(1)
    run.checkpoints.save()
    damage(tmp_path, 1, kind, suffix)
    again = Run(tmp_path)
    assert again.checkpoints.restore() == 0
    assert "step-1 can't be read, beginning again" in caplog.text
    assert again.step.numpy() == 0
    assert again.checkpoints.rows == []
    np.testing.assert_array_equal(again.weight, np.full(1000, -1))
    again.end_step(1)
    again.checkpoints.save()
    assert_resumes(tmp_path, 1)


def test_a_run_whose_checkpoints_are_all_damaged_is_refused(tmp_path):
    run_to(tmp_path, 2)
    for step in (1, 2):
        data_of(tmp_path, step).write_bytes(b"")
    with pytest.raises(UserError, match="none of its 2 checkpoints can be read") as error:
        Run(tmp_path).checkpoints.restore()
    assert len(str(error.value).splitlines()) == 1


# Interruptions.


class Kill(BaseException):
    """A process that ends here, for these tests."""


def kill_at(monkeypatch, owner, name, call):
    """End the process at a call of a function, counted from 1."""
    original, calls = getattr(owner, name), []

    def counted(*args, **kwargs):
        calls.append(args)
        if len(calls) == call:
            raise Kill
        return original(*args, **kwargs)

    monkeypatch.setattr(owner, name, counted)


STAGES = [
    (tf.train.Checkpoint, "write", 1),
    (pathlib.Path, "unlink", 1),
    (pathlib.Path, "rename", 1),
    (pathlib.Path, "rename", 2),
    (pathlib.Path, "unlink", 2),
    (pathlib.Path, "unlink", 3),
]
IDS = [f"{name} {call}" for _, name, call in STAGES]


def interrupt(directory, step, stage):
    """Interrupt the writing of a checkpoint; its temporary files stay."""
    with pytest.MonkeyPatch.context() as patch:
        kill_at(patch, *stage)
        patch.setattr("tempfile.TemporaryDirectory.__exit__", lambda *_: None)
        run = Run(directory, 1)
        with pytest.raises(Kill):
            run.end_step(step)
    directory.mkdir(exist_ok=True)
    whole_files.remove_leftovers(directory)


@pytest.mark.parametrize("stage", STAGES, ids=IDS)
def test_a_write_that_is_killed_leaves_a_checkpoint_that_can_be_read(tmp_path, stage):
    run_to(tmp_path, 4)
    interrupt(tmp_path, 5, stage)
    run = Run(tmp_path)
    step = run.checkpoints.restore()
    assert step in (4, 5)
    np.testing.assert_array_equal(run.weight, np.full(1000, step))


@pytest.mark.parametrize("stage", STAGES, ids=IDS)
def test_a_run_that_goes_on_after_a_kill_leaves_the_files_of_one_that_was_not_killed(
    tmp_path, stage
):
    run_to(tmp_path, 4)
    interrupt(tmp_path, 5, stage)
    run = Run(tmp_path, 1)
    for step in range(run.checkpoints.restore() + 1, 8):
        run.end_step(step)
    assert set(os.listdir(tmp_path)) == files_of(5, 6, 7)


@pytest.mark.parametrize("stage", STAGES[:4], ids=IDS[:4])
def test_a_first_write_that_is_killed_leaves_a_run_that_begins_again(tmp_path, stage):
    interrupt(tmp_path, 1, stage)
    assert Run(tmp_path).checkpoints.restore() == 0
    run_to(tmp_path, 1)
    assert_resumes(tmp_path, 1)


# Networks and digests.


class Network(keras.layers.Layer):
    """A layer with a variable or two."""

    def __init__(self, auxiliary=False):
        super().__init__()
        self.kernel = self.add_weight(shape=(3,), initializer="zeros")
        if auxiliary:
            self.auxiliary = self.add_weight(shape=(2,), initializer="zeros")
        self.built = True


@pytest.mark.parametrize("name", ["plain", *NAMES])
def test_a_network_alone_is_restored_from_a_whole_run(tmp_path, name):
    directory = tmp_path / name
    network, step = Network(auxiliary=True), keras.Variable(6, dtype="int64")
    network.kernel.assign([1, 2, 3])
    whole = Checkpoints(directory, 0, 1)
    whole.attach([*network.variables, step], step)
    whole.save()
    restored = Network()
    path = checkpoint_files.restore_network(restored, directory)
    assert path == data_of(directory, 6)
    assert restored.kernel.numpy().tolist() == [1, 2, 3]


def test_a_directory_without_a_checkpoint_has_no_network(tmp_path):
    with pytest.raises(UserError, match="has no checkpoint, accepted: a run that has been"):
        checkpoint_files.restore_network(Network(), tmp_path)
    with pytest.raises(UserError, match="has no checkpoint, accepted: a run that has been"):
        CheckpointFiles(tmp_path / "missing", "step").require_newest()


def test_no_older_network_is_taken_in_place_of_a_damaged_one(tmp_path):
    run_to(tmp_path, 4)
    damage(tmp_path, 4, "flipped", "data")
    refusal = pytest.raises(UserError, match=r"step-4: can't be read \(.*\), accepted: the check")
    with refusal:
        checkpoint_files.restore_network(Network(), tmp_path)
    with refusal:
        CheckpointFiles(tmp_path, "step").require_newest()


def newest(directory):
    """The number and the digest of the newest checkpoint."""
    files = CheckpointFiles(directory, "step")
    number = files.require_newest()
    return number, files.digest(number)


def test_a_digest_tells_checkpoints_apart_by_step_and_content(tmp_path):
    for name, last in [("one", 3), ("longer", 4)]:
        run_to(tmp_path / name, last)
    shutil.copytree(tmp_path / "one", tmp_path / "same")
    one, same, longer = (newest(tmp_path / name) for name in ("one", "same", "longer"))
    assert one == same
    assert one[0] == 3
    assert longer[0] == 4
    assert longer[1] != one[1]
    damage(tmp_path / "same", 3, "flipped", "data")
    assert CheckpointFiles(tmp_path / "same", "step").digest(3) != one[1]
