"""Refusals of the command line: one line that says what is accepted, exit code 2, no files."""

import errno
import signal

import numpy as np
import PIL.Image
import pytest
from absl import flags

from flags import command_line, modes, program, wording
from snas_tf.errors import UserError
from tests.programs import run, run_in_process

LATE = ("config", "arguments")  # what a mode's flags become, when it can check them together


def refused(tmp_path, *arguments, run=run_in_process):
    """The one line that a refused command prints."""
    before = sorted(tmp_path.rglob("*"))
    done = run(*arguments, cwd=tmp_path)
    assert done.returncode == 2, done.stderr
    lines = [line for line in done.stderr.splitlines() if not line.startswith(("W", "I", "E0"))]
    assert len(lines) == 1, done.stderr
    assert "Traceback" not in done.stderr
    assert sorted(tmp_path.rglob("*")) == before
    return lines[0]


def complaint(capsys, *arguments):
    """The one line with which flags are refused, by the parser or by the mode's config."""
    values = flags.FlagValues()
    try:
        command_line.parse(["main.py", *arguments], values)
        module = modes.MODES[values.mode].module
        next(getattr(module, name) for name in LATE if hasattr(module, name))(values)
    except UserError as error:
        return wording.to_flags(str(error))
    except SystemExit:
        (line,) = capsys.readouterr().err.splitlines()
        return line
    pytest.fail("accepted")


@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        (["--mode=find"], ["--mode=find", "search, compare, tune, evaluate"]),
        (["--constraint=hard"], ["--constraint=hard", "none|mild|moderate|aggressive"]),
        (["--constraint_weight=-1"], ["--constraint_weight=-1", ">= 0"]),
        (["--constraint_weight=nan"], ["--constraint_weight=nan"]),
        (["--constraint=mild", "--constraint_weight=1"], ["--constraint_weight=1", "one of"]),
        (["--penalty_estimator=exact"], ["--penalty_estimator=exact", "policy_gradient"]),
        (["--relaxation=hard"], ["--relaxation=hard", "concrete|one_hot"]),
        (
            ["--relaxation=one_hot", "--penalty_estimator=reparameterization"],
            ["--penalty_estimator=reparameterization", "--relaxation=one_hot", "expectation"],
        ),
        (["--skip_threshold=1"], ["--skip_threshold=1", "less than 1"]),
        (["--penalty_scale=root"], ["--penalty_scale=root", "linear|log"]),
        (["--penalty_baseline"], ["--penalty_baseline", "--penalty_estimator=policy_gradient"]),
        (["--memory_access_weight=-1"], ["--memory_access_weight=-1", ">= 0"]),
        (
            ["--parameters_weight=0", "--flops_weight=0", "--memory_access_weight=0"],
            ["--parameters_weight=0", "at least one > 0"],
        ),
        (["--target_parameters=0"], ["--target_parameters=0", "> 0"]),
        (["--target_multiply_adds=inf"], ["--target_multiply_adds=inf"]),
        (["--target_parameters=1e6"], ["--target_parameters=1e+06", "1370134 to 7974550"]),
        (["--target_multiply_adds=1e10"], ["--target_multiply_adds=1e+10", "227272320 to"]),
        (["--constraint=mild", "--target_parameters=2e6"], ["--target_parameters=2", "one of"]),
        (["--constraint_weight=0", "--target_parameters=2e6"], ["--target_par", "one of"]),
        (["--target_parameters=2e6", "--target_multiply_adds=4e8"], ["--target_m", "one of"]),
        (["--latency_weight=1"], ["--latency_weight=1.0", "accepted: with --latency_table"]),
        (["--target_latency_ms=9"], ["--target_latency_ms=9", "accepted: with --latency_table"]),
        (["--latency_table=no.json"], ["no.json: no latency table", "that --mode=latency has"]),
        (["--mode=latency"], ["--latency_table: not given", "accepted: the file to write"]),
        (["--mode=latency", "--latency_table=no/t.json"], ["--latency_table=no/t.json", "exists"]),
        (["--mode=latency", "--runtime=onnx"], ["--runtime=onnx", "tensorflow|litert"]),
        (["--mode=latency", "--threads=0"], ["--threads=0"]),
        (["--init_channels=3"], ["--init_channels=3", "even"]),
        (["--num_cells=2"], ["--num_cells=2", "3 to 200"]),
        (["--epochs=0"], ["--epochs=0", "1 or more"]),
        (["--epochs=-1"], ["--epochs=-1"]),
        (["--batch_size=many"], ["--batch_size=many"]),
        (["--image_size=4"], ["--image_size=4", "8 to 4096"]),
        (["--final_temperature=0"], ["--final_temperature=0"]),
        (["--epoch=3"], ["epoch", "epochs"]),
        (["--mirror=maybe"], ["--mirror=maybe: accepted: true or false"]),
        (["--theta_learning_rate=inf"], ["--theta_learning_rate=inf", ">= 0"]),
        (["--mode=profile", "--max_multiply_adds=1e13"], ["--max_multiply_adds=1e13", "1e+12"]),
        (["search"], ["'search' is not a flag"]),
        (["--mode=evaluate"], ["--genotype", "not given"]),
        (["--mode=evaluate", "--genotype=dart_v2"], ["dart_v2", "snas_mild", "mean darts_v2?"]),
        (["--mode=evaluate", "--genotype=cell.json"], ["--genotype=cell.json", "not a readable"]),
        (["--mode=evaluate", "--initial_weights=gone"], ["--initial_weights=gone", "search"]),
        (["--mode=evaluate", "--drop_path_probability=1"], ["path_probability=1", "less than 1"]),
        (["--mode=evaluate", "--num_seeds=0"], ["--num_seeds=0"]),
        (["--mode=profile"], ["--genotype", "not given"]),
        (["--mode=profile", "--genotype=nasnet"], ["--genotype=nasnet", "mean nasnet_a?"]),
        (["--mode=profile", "--network=imagenette"], ["--network=imagenette", "cifar"]),
        (["--init_channels=auto"], ["--init_channels=auto", "even number"]),
        (["--mode=imagenet"], ["--genotype", "not given"]),
        (["--mode=imagenet", "--label_smoothing=1"], ["--label_smoothing=1", "less than 1"]),
        (["--mode=imagenet", "--warmup_epochs=-1"], ["--warmup_epochs=-1"]),
        (["--mode=export"], ["--model_dir", "not given"]),
        (["--mode=export", "--format=pb"], ["--format=pb", "saved_model|keras|tflite|onnx"]),
        (
            ["--mode=imagenet", "--genotype=darts_v2", "--max_multiply_adds=0"],
            ["--init_channels=auto", "--max_multiply_adds > 0"],
        ),
        (["--num_cells=1000000"], ["--num_cells=1000000", "1 to 200"]),
        (["--init_channels=1000000"], ["--init_channels=1000000", "2 to 4096"]),
        (["--image_size=100000"], ["--image_size=100000", "8 to 4096"]),
        (["--batch_size=1000000000000"], ["--batch_size=1000000000000", "1 to 65536"]),
        (["--mode=imagenet", "--max_multiply_adds=1e300"], ["max_multiply_adds", "0 to 1e+12"]),
    ],
    ids=lambda value: " ".join(value),
)
def test_a_bad_flag_is_one_line(tmp_path, monkeypatch, capsys, arguments, parts):
    monkeypatch.chdir(tmp_path)
    line = complaint(capsys, *arguments)
    assert "\n" not in line
    assert all(part in line for part in parts), line
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        (["--num_cells=2"], ["--num_cells=2"]),
        (["--epochs=0"], ["--epochs=0", "1 or more"]),
        (["--batch_size=5000"], ["--batch_size=5000", "1 to 1350"]),
        (["--model_dir=file/run"], ["--model_dir=file/run", "written"]),
        (["--model_dir=file"], ["--model_dir=file", "written"]),
    ],
    ids=lambda value: " ".join(value),
)
def test_the_program_exits_with_2_and_leaves_nothing(tmp_path, arguments, parts):
    (tmp_path / "file").write_text("")
    line = refused(tmp_path, "--dataset=digits", *arguments, run=run)
    assert line.startswith("main.py: ")
    assert all(part in line for part in parts), line


def test_an_export_of_nothing_is_one_line(tmp_path):
    assert "--model_dir=gone: holds no run" in refused(
        tmp_path, "--mode=export", "--model_dir=gone"
    )


def test_a_corrupt_image_is_named(tmp_path):
    for name in ("cat", "dog"):
        (tmp_path / "data" / name).mkdir(parents=True)
        for index in range(3):
            pixels = np.full((8, 8, 3), index, np.uint8)
            PIL.Image.fromarray(pixels).save(tmp_path / "data" / name / f"{index}.png")
    (tmp_path / "data" / "cat" / "9.png").write_bytes(b"not a picture")
    line = refused(tmp_path, "--dataset=folder", "--data_dir=data", "--batch_size=2")
    assert "9.png" in line
    assert "--skip_corrupt_images" in line


def test_cifar10_without_a_network_names_the_offline_choices(tmp_path):
    (tmp_path / "nothing").mkdir()
    line = refused(tmp_path, "--dataset=cifar10", "--data_dir=nothing")
    assert all(choice in line for choice in ("digits", "folder", "--data_dir"))


def stopped(monkeypatch, capsys, error, *arguments):
    """The exit status and the message of a mode that raises an error."""
    values = flags.FlagValues()
    command_line.parse(["main.py", *arguments], values)

    def fail(_):
        raise error

    monkeypatch.setattr(flags, "FLAGS", values)
    monkeypatch.setattr(modes.MODES[values.mode].module, "run", fail)
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    with pytest.raises(SystemExit) as stop:
        program.main(["main.py"])
    for number, handler in handlers.items():
        signal.signal(number, handler)
    return stop.value.code, capsys.readouterr().err


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (OSError(errno.ENOSPC, "No space left on device", "runs/x"), "runs/x: No space left"),
        (OSError(errno.ENOSPC, "No space left on device"), "No space left on device"),
        (PermissionError(errno.EACCES, "Permission denied", "a\nb"), "a\\nb: Permission denied"),
        (OSError(errno.ENAMETOOLONG, "File name too long", 300 * "n"), "File name too long"),
        (MemoryError("Unable to allocate 9 TiB"), "out of memory (Unable to allocate 9 TiB)"),
    ],
)
def test_what_the_machine_refuses_is_one_line(monkeypatch, capsys, error, message):
    status, printed = stopped(monkeypatch, capsys, error)
    assert status == 1
    assert printed.startswith("main.py: ")
    assert len(printed.splitlines()) == 1
    assert message in printed


@pytest.mark.parametrize("error", [ValueError("a bug"), FileNotFoundError(2, "gone", "x")])
def test_a_mistake_of_our_own_keeps_its_stack_trace(monkeypatch, capsys, error):
    with pytest.raises(type(error)):
        stopped(monkeypatch, capsys, error)


def test_an_interruption_promises_to_continue_only_where_there_is_a_checkpoint(
    tmp_path, monkeypatch, capsys
):
    model_dir = tmp_path / "runs [1]"
    flag = f"--model_dir={model_dir}"
    status, printed = stopped(monkeypatch, capsys, KeyboardInterrupt(), flag)
    assert status == 130
    assert "starts again" in printed
    (model_dir / "checkpoints").mkdir(parents=True)
    (model_dir / "checkpoints" / "step-3.index").touch()
    _, printed = stopped(monkeypatch, capsys, KeyboardInterrupt(), flag)
    assert "continues from the last checkpoint" in printed
    _, printed = stopped(monkeypatch, capsys, KeyboardInterrupt(), "--mode=profile")
    assert printed == "\ninterrupted\n"
