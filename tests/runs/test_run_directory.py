import csv
import dataclasses
import math
import multiprocessing
import os
import pathlib
import shutil
import signal

import pytest

from snas_tf.errors import UserError
from snas_tf.files import whole_files
from snas_tf.runs import run_record
from snas_tf.runs.run_directory import RunDirectory
from snas_tf.runs.run_record import RunRecord

RECORD = RunRecord("search", {"epochs": 3, "seed": 7}, {"images": {"digest": "0"}})
OTHER = RunRecord("search", {"epochs": 4, "seed": 7}, {"images": {"digest": "0"}})
NAMES = ["a [b]*?\\ é", "two\nlines", "-flag", "~", "x" * 255]


@pytest.fixture
def run(tmp_path):
    """A run that has been recorded and has not trained."""
    run = RunDirectory(tmp_path / "run")
    with run.owned():
        run.write_record(RECORD, {"tensorflow": "2"})
    return run


def train(run):
    run.checkpoints.mkdir(parents=True)
    (run.checkpoints / "step-1.index").write_text("")


def tree(directory):
    """Every path below a directory, with the content of files."""
    paths = sorted(directory.rglob("*"))
    return {
        path.relative_to(directory): path.read_bytes() if path.is_file() else None for path in paths
    }


def enter(run):
    with run.owned():
        pass


def refuse_in(run):
    """Start a run whose images can't be read; return what it leaves."""
    with run.owned():
        run.write_record(RECORD.with_inputs(), {})
        run.images.mkdir()
        (run.images / "cache").write_text("decoded")
        raise UserError("`data_dir`: no images")


# What may be in a directory.


@pytest.mark.parametrize(
    "files",
    [
        ["export/thesis.txt"],
        ["checkpoints/step-5.index", "checkpoints/step-5.data-00000-of-00001"],
        ["result.json"],
        ["seed_0/run.json"],
        [".git/HEAD"],
    ],
    ids=lambda files: files[0],
)
def test_a_directory_that_holds_anything_but_a_run_is_refused_and_untouched(tmp_path, files):
    for name in files:
        path = tmp_path / "user" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("mine")
    before = tree(tmp_path)
    with pytest.raises(UserError, match=r"`model_dir`=.*is not empty \(.*\) and holds no run"):
        enter(RunDirectory(tmp_path / "user"))
    assert tree(tmp_path) == before


def test_a_run_of_an_earlier_version_is_refused_with_its_own_reason(tmp_path):
    (tmp_path / "flags.json").write_text("{}")
    with pytest.raises(UserError, match="a run of an earlier version"):
        enter(RunDirectory(tmp_path))
    assert tree(tmp_path) == {pathlib.Path("flags.json"): b"{}"}


def test_a_refusal_is_one_line_whatever_the_files_are_called(tmp_path):
    (tmp_path / "a\nb").write_text("")
    with pytest.raises(UserError) as error:
        enter(RunDirectory(tmp_path))
    assert len(str(error.value).splitlines()) == 1


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("state", ["empty", "new", "new within new"])
def test_a_directory_that_is_empty_or_new_becomes_a_run(tmp_path, name, state):
    path = tmp_path / "above" / name / "run" if state == "new within new" else tmp_path / name
    if state == "empty":
        path.mkdir()
    run = RunDirectory(path)
    for _ in range(2):
        with run.owned():
            run.write_record(RECORD, {})
    assert os.listdir(path) == ["run.json"]
    assert run_record.read(run.record) == RECORD


def test_a_linked_directory_is_the_run(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    with RunDirectory(tmp_path / "link").owned():
        RunDirectory(tmp_path / "link").write_record(RECORD, {})
        with pytest.raises(UserError, match="another process"):
            enter(RunDirectory(tmp_path / "real"))
    assert os.listdir(tmp_path / "real") == ["run.json"]
    assert (tmp_path / "link").is_symlink()


@pytest.mark.parametrize("place", ["file", "file/run", "dangling", "x" * 256, "x" * 256 + "/run"])
def test_a_place_where_no_directory_can_be_is_refused_in_one_line(tmp_path, place):
    (tmp_path / "file").write_text("")
    (tmp_path / "dangling").symlink_to(tmp_path / "missing")
    before = tree(tmp_path)
    with pytest.raises(UserError, match=r"`model_dir`=.*can't be written") as error:
        enter(RunDirectory(tmp_path / place))
    assert len(str(error.value).splitlines()) == 1
    assert tree(tmp_path) == before


def test_of_a_place_that_can_be_made_in_part_nothing_is_left(tmp_path):
    with pytest.raises(UserError, match="can't be written"):
        enter(RunDirectory(tmp_path / "new" / ("x" * 256)))
    assert not os.listdir(tmp_path)


def test_a_parent_that_cant_be_entered_is_refused_in_one_line(tmp_path, monkeypatch):
    def refuse(*_, **__):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(pathlib.Path, "stat", refuse)
    monkeypatch.setattr(pathlib.Path, "mkdir", refuse)
    with pytest.raises(UserError, match=r"can't be written \(Permission denied\)"):
        enter(RunDirectory(tmp_path / "closed" / "run"))


# Who may write into it.


def hold(path, ready, go_on):
    with RunDirectory(path).owned():
        ready.set()
        go_on.wait()


@pytest.fixture
def owner(tmp_path):
    """Another process that owns a run, and a way to end it."""
    context = multiprocessing.get_context("spawn")
    ready, go_on = context.Event(), context.Event()
    process = context.Process(target=hold, args=(tmp_path / "run", ready, go_on))
    process.start()
    assert ready.wait(60)
    yield process, go_on
    process.kill()
    process.join()


def test_a_directory_has_one_owner_and_another_is_refused(run, owner):
    process, go_on = owner
    with pytest.raises(UserError, match=r"`model_dir`=.*another process is working in it"):
        enter(run)
    go_on.set()
    process.join(60)
    enter(run)


def test_a_record_is_written_again_where_the_images_have_moved(tmp_path):
    run = RunDirectory(tmp_path)
    for place in ("here", "there"):
        run.write_record(dataclasses.replace(RECORD, sources={"data_dir": place}), {})
        assert run_record.read(run.record).sources == {"data_dir": place}


def test_an_owner_that_was_killed_owns_no_longer(run, owner):
    process, _ = owner
    os.kill(process.pid, signal.SIGKILL)
    process.join(60)
    enter(run)


def test_within_a_process_too_a_directory_has_one_owner(run):
    with run.owned(), pytest.raises(UserError, match="another process"):
        enter(run)


def test_a_refused_second_owner_removes_nothing_of_the_first(tmp_path):
    run = RunDirectory(tmp_path / "run")
    with run.owned():
        with pytest.raises(UserError, match="another process"):
            enter(RunDirectory(run.path))
        run.write_record(RECORD, {})
    assert os.listdir(run.path) == ["run.json"]


# What is left in it.


def test_what_killed_processes_left_is_removed_and_nothing_else(run):
    foreign = {".hidden", ".nfs0001", "notes.txt"}
    for directory in (run.path, run.checkpoints, run.best, run.genotypes):
        directory.mkdir(exist_ok=True)
        (directory / f"{whole_files.PREFIX}ab").mkdir()
        (directory / f"{whole_files.PREFIX}ab" / "half").write_text("")
        (directory / f"{whole_files.PREFIX}cd").write_text("")
        for name in foreign:
            (directory / name).write_text("mine")
    enter(run)
    assert set(os.listdir(run.path)) == {*foreign, "run.json", "checkpoints", "best", "genotypes"}
    for directory in (run.checkpoints, run.best, run.genotypes):
        assert set(os.listdir(directory)) == foreign


def test_a_directory_with_leftovers_alone_is_an_empty_one(tmp_path):
    (tmp_path / f"{whole_files.PREFIX}ab").mkdir()
    with RunDirectory(tmp_path).owned():
        assert not os.listdir(tmp_path)


@pytest.mark.parametrize("existed", [[], ["above"], ["above", "above/run"]])
def test_of_a_new_run_that_was_refused_nothing_is_left(tmp_path, existed):
    for name in existed:
        (tmp_path / name).mkdir()
    before = tree(tmp_path)
    with pytest.raises(UserError, match="no images"):
        refuse_in(RunDirectory(tmp_path / "above" / "run"))
    assert tree(tmp_path) == before


@pytest.mark.parametrize("name", ["checkpoints", "tensorboard", "export", "normal.png"])
def test_an_entry_of_another_kind_is_refused_and_stays(tmp_path, name):
    run = RunDirectory(tmp_path)
    with run.owned():
        run.write_record(RECORD, {})
    entry = tmp_path / name
    entry.mkdir() if "." in name else entry.write_text("mine")
    with pytest.raises(UserError, match=rf"{name}: is no"), run.owned():
        pass
    assert entry.exists()


def test_of_a_new_run_that_was_refused_a_relative_path_is_removed_too(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError, match="no images"):
        refuse_in(RunDirectory(pathlib.Path("above", "run")))
    assert not os.listdir(tmp_path)


def test_a_new_run_that_is_refused_late_leaves_nothing_that_it_wrote(tmp_path):
    def refuse_late(run):
        with run.owned():
            run.write_record(RECORD, {})
            for path in (
                run.network,
                run.genotype,
                run.path / "normal.png",
                run.path / "curves.png",
            ):
                path.write_text("")
            for path in (run.tensorboard, run.images, run.export, run.path / "seed_0"):
                path.mkdir()
                (path / "file").write_text("")
            raise UserError("`theta_learning_rate`: diverged")

    with pytest.raises(UserError, match="diverged"):
        refuse_late(RunDirectory(tmp_path / "above" / "run"))
    assert not os.listdir(tmp_path)


def test_a_file_that_a_user_put_into_a_run_that_was_refused_stays(tmp_path):
    def refuse(run):
        with run.owned():
            run.write_record(RECORD, {})
            (run.path / "notes.txt").write_text("mine")
            raise UserError("`data_dir`: no images")

    with pytest.raises(UserError, match="no images"):
        refuse(RunDirectory(tmp_path / "run"))
    assert tree(tmp_path / "run") == {pathlib.Path("notes.txt"): b"mine"}


@pytest.mark.parametrize("trace", ["checkpoints", "seed_0/checkpoints"])
def test_a_new_run_that_fails_once_it_has_trained_stays(tmp_path, trace):
    def fail_late(run):
        with run.owned():
            run.write_record(RECORD, {})
            (run.path / trace).mkdir(parents=True)
            (run.path / trace / "step-1.index").write_text("")
            raise UserError("`theta_learning_rate`: diverged")

    with pytest.raises(UserError, match="diverged"):
        fail_late(RunDirectory(tmp_path / "run"))
    assert run_record.read(tmp_path / "run" / "run.json") == RECORD


def test_a_run_that_was_interrupted_before_it_trained_stays_to_be_resumed(tmp_path):
    run = RunDirectory(tmp_path / "run")

    def interrupt():
        with run.owned():
            run.write_record(RECORD, {})
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupt()
    assert run_record.read(run.record) == RECORD


def test_a_run_whose_directory_is_removed_says_so(tmp_path):
    run = RunDirectory(tmp_path / "run")

    def lose():
        with run.owned():
            shutil.rmtree(run.path)
            run.write_rows([{"epoch": 1.0}])

    with pytest.raises(UserError, match=r"^`model_dir`=.*run: was removed while"):
        lose()
    assert not list(tmp_path.iterdir())


def test_a_recorded_run_that_is_refused_stays_as_it_was(run):
    train(run)
    before = tree(run.path)

    def check(run):
        with run.owned():
            run.check(OTHER)

    with pytest.raises(UserError, match="`epochs`=4"):
        check(run)
    assert tree(run.path) == before


def test_to_look_at_a_finished_run_writes_nothing(run):
    """So that it may be on a medium that can only be read."""
    train(run)
    run.write_result({"test_error": 0.5})
    times = {path: path.stat().st_mtime_ns for path in (run.path, *run.path.rglob("*"))}
    with run.owned():
        run.check(RECORD)
        run.write_record(RECORD, {"tensorflow": "3"})
        assert run.read_result() == {"test_error": 0.5}
    assert {path: path.stat().st_mtime_ns for path in times} == times


# What the run was asked.


def test_a_run_that_has_trained_goes_on_with_the_same_settings_alone(run):
    run.check(OTHER)
    train(run)
    run.check(RECORD)
    run.check(OTHER, may_grow={"epochs"})
    with pytest.raises(UserError, match=r"`epochs`=4: the run in .*run has `epochs`=3"):
        run.check(OTHER)


def test_where_nothing_has_been_trained_other_settings_replace_the_record(run):
    run.check(OTHER)
    run.write_record(OTHER, {})
    assert run_record.read(run.record) == OTHER


@pytest.mark.parametrize("seed", ["", "seed_0", "seed_12"])
@pytest.mark.parametrize("trace", ["result.json", "checkpoints/step-3.index"])
def test_a_checkpoint_or_a_result_of_any_seed_is_training(run, seed, trace):
    assert not run.has_trained()
    path = run.path / seed / trace
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("")
    assert run.has_trained()


def test_a_damaged_record_of_a_run_that_has_trained_is_named(run):
    train(run)
    run.record.write_text("[]")
    with pytest.raises(UserError, match=r"run\.json: no record of a run"):
        run.check(RECORD)


def test_a_disk_without_room_is_one_line(run, monkeypatch):
    def fail(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(whole_files, "write_text", fail)
    with pytest.raises(UserError, match=r"`model_dir`=.*\(No space left on device\)"):
        run.write_record(OTHER, {})


# What it measured.


def test_a_result_comes_back_as_it_was_written(run):
    assert run.read_result() is None
    content = {"test_error": 0.25, "seeds": [{"epochs": 3}], "name": "é\n"}
    run.write_result(content)
    assert run.read_result() == content


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b"null", b"3", b'{"a": 1, "a": 2}', b'{"a": NaN}', b"\xff", b"[" * 100_000],
)
def test_a_damaged_result_is_none_and_said(run, caplog, content):
    run.result.write_bytes(content)
    assert run.read_result() is None
    (message,) = [record.getMessage() for record in caplog.records]
    assert str(run.result) in message
    assert "made anew" in message
    assert len(message.splitlines()) == 1


def test_a_result_that_is_a_directory_is_none_and_said(run, caplog):
    run.result.mkdir()
    assert run.read_result() is None
    assert "made anew" in caplog.text


def test_rows_are_a_table_that_other_programs_read(run):
    rows = [{"epoch": 1.0, "loss": 0.1}, {"epoch": 2.0, "loss": math.inf}]
    for count in (1, 2):
        run.write_rows(rows[:count])
        with run.metrics.open() as file:
            table = [
                {name: float(one) for name, one in row.items()} for row in csv.DictReader(file)
            ]
        assert table == rows[:count]
    run.write_rows([])
    assert run.metrics.read_text() == "epoch\n"
