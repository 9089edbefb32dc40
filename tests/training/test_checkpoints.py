import keras
import numpy as np
import pytest

from snas_tf.errors import UserError
from snas_tf.training.checkpoints import Checkpoints


def make(directory, every_steps=0):
    step = keras.Variable(0, dtype="int64", trainable=False)
    weight = keras.Variable(np.zeros(1000, np.float32))
    checkpoints = Checkpoints(directory, every_steps)
    checkpoints.attach([step, weight], step)
    return checkpoints, step, weight


def run_to(directory, last, every_steps=1):
    checkpoints, step, weight = make(directory, every_steps)
    for number in range(1, last + 1):
        step.assign(number)
        weight.assign(np.full(1000, number, np.float32))
        checkpoints.on_train_batch_end(number)


def data_of(directory, step):
    return directory / f"step-{step}.data-00000-of-00001"


def test_without_checkpoints_a_run_starts_at_step_zero(tmp_path):
    assert make(tmp_path)[0].restore([]) == 0


def test_the_newest_checkpoint_is_restored_and_three_are_kept(tmp_path):
    run_to(tmp_path, 11)
    assert sorted(path.stem for path in tmp_path.glob("*.index")) == [
        "step-10",
        "step-11",
        "step-9",
    ]
    checkpoints, step, weight = make(tmp_path)
    assert checkpoints.restore([]) == 11
    assert step.numpy() == 11
    np.testing.assert_array_equal(weight, np.full(1000, 11))


def test_checkpoints_are_written_every_so_many_steps_only(tmp_path):
    run_to(tmp_path, 7, every_steps=3)
    assert sorted(path.stem for path in tmp_path.glob("*.index")) == ["step-3", "step-6"]


@pytest.mark.parametrize("damage", ["truncated", "emptied", "index truncated", "missing"])
def test_a_damaged_checkpoint_gives_way_to_the_one_before_it(tmp_path, damage, caplog):
    run_to(tmp_path, 3)
    data, index = data_of(tmp_path, 3), tmp_path / "step-3.index"
    if damage == "missing":
        data.unlink()
    else:
        file = index if damage.startswith("index") else data
        file.write_bytes(file.read_bytes()[: 0 if damage == "emptied" else 100])
    checkpoints, step, weight = make(tmp_path)
    assert checkpoints.restore([]) == 2
    assert step.numpy() == 2
    np.testing.assert_array_equal(weight, np.full(1000, 2))
    assert "step-3 can't be read, trying the one before it" in caplog.text


def test_a_lost_list_of_checkpoints_does_not_lose_the_run(tmp_path):
    run_to(tmp_path, 3)
    (tmp_path / "checkpoint").write_text("gibberish")
    assert make(tmp_path)[0].restore([]) == 3


def test_a_run_whose_checkpoints_are_all_damaged_is_refused(tmp_path):
    run_to(tmp_path, 2)
    for step in (1, 2):
        data_of(tmp_path, step).write_bytes(b"")
    with pytest.raises(UserError, match="none of its 2 checkpoints can be read"):
        make(tmp_path)[0].restore([])
