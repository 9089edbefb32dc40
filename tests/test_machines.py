"""Whole programs in two processes that train together, as on two machines."""

import signal
import time

import numpy as np
import pytest

from tests import machines
from tests.test_devices import EVALUATE, ODD, evaluated, result_of, rows_of, variables_of

__all__ = ["evaluated"]


def one_line(error):
    """The line on standard error, without the program's name."""
    assert len(error.splitlines()) == 1, error
    return error.strip().partition(": ")[2]


def test_two_machines_end_at_a_kill_and_continue_to_what_two_devices_give(evaluated, tmp_path):
    killed = tmp_path / ODD
    flags = (*EVALUATE, f"--model_dir={killed}", "--checkpoint_every_steps=3")
    processes = machines.start(*flags)
    deadline = time.monotonic() + 200
    while not (killed / "checkpoints" / "step-3.index").exists():
        assert time.monotonic() < deadline
        assert all(process.poll() is None for process in processes)
        time.sleep(0.01)
    processes[1].send_signal(signal.SIGKILL)
    before = time.monotonic()
    (status, _, error), _ = machines.finish(processes)
    assert time.monotonic() - before < 30
    assert status == 3
    assert "start all again to continue from the last checkpoint" in one_line(error)
    ended = machines.finish(machines.start(*flags))
    assert [status for status, *_ in ended] == [0, 0], ended
    assert "resuming" in ended[0][1]
    assert "resuming" not in ended[1][1]  # The first one alone reports.
    assert result_of(killed) == pytest.approx(result_of(evaluated), abs=1e-6)
    for received, expected in zip(rows_of(killed), rows_of(evaluated), strict=True):
        for name, value in expected.items():
            assert float(received[name]) == pytest.approx(float(value), abs=1e-6), name
    expected, received = variables_of(evaluated), variables_of(killed)
    for name, value in expected.items():
        np.testing.assert_allclose(received[name], value, atol=1e-6, err_msg=name)
    kept = {path.name.split(".")[0] for path in (killed / "checkpoints").iterdir()}
    assert kept == {"step-24", "step-27", "step-30"}


def test_other_flags_on_a_machine_are_refused_by_all(tmp_path):
    path = tmp_path / ODD
    each = [(f"--model_dir={path}", f"--epochs={epochs}") for epochs in (2, 3)]
    ended = machines.finish(machines.start(*EVALUATE, of_each=each))
    assert [status for status, *_ in ended] == [2, 2]
    for _, _, error in ended:
        assert one_line(error).startswith("--epochs=3: not as on 127.0.0.1:")
        assert "which has --epochs=2" in error
    assert not path.exists()
