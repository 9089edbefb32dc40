import threading

import pytest

from snas_tf.data import parallel


def test_results_come_in_the_order_of_the_items():
    with parallel.parallel_map(lambda item: item**2, range(50), "squaring") as results:
        assert list(results) == [item**2 for item in range(50)]


def test_what_has_not_begun_is_given_up_when_one_fails():
    begun, gate = [], threading.Event()

    def work(item):
        begun.append(item)
        if item == 0:
            raise KeyError
        gate.wait(5)

    def run():
        with parallel.parallel_map(work, range(1000), "working") as results:
            try:
                next(results)
            finally:
                gate.set()

    with pytest.raises(KeyError):
        run()
    assert len(begun) < 1000


def clock(monkeypatch, seconds):
    """Advance the clock by `seconds` at every reading."""
    times = iter(range(0, 10**6, seconds))
    monkeypatch.setattr(parallel.time, "monotonic", lambda: float(next(times)))


def test_work_of_under_two_seconds_prints_nothing(capsys):
    assert list(parallel.show_progress(range(100), 100, "reading")) == list(range(100))
    assert capsys.readouterr().out == ""


def test_longer_work_prints_a_line_now_and_then(capsys, monkeypatch):
    clock(monkeypatch, seconds=1)
    list(parallel.show_progress(range(2000), 2000, "reading"))
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "reading  3/2,000"
    assert 20 < len(lines) < 40


def test_on_a_terminal_a_bar_is_shown(capsys, monkeypatch):
    monkeypatch.setattr(parallel.sys.stdout, "isatty", lambda: True)
    monkeypatch.setattr(parallel, "_QUIET_SECONDS", 0.0)
    assert list(parallel.show_progress(range(10), 10, "reading")) == list(range(10))
    assert "reading" in capsys.readouterr().out
