"""What the command line refuses: one line that says what is accepted, exit code 2, no files."""

import numpy as np
import PIL.Image
import pytest

from tests.programs import run


def refused(tmp_path, *flags):
    """The one line that a refused command prints."""
    before = sorted(tmp_path.rglob("*"))
    done = run(*flags, cwd=tmp_path)
    assert done.returncode == 2, done.stderr
    lines = [line for line in done.stderr.splitlines() if not line.startswith(("W", "I", "E0"))]
    assert len(lines) == 1, done.stderr
    assert "Traceback" not in done.stderr
    assert sorted(tmp_path.rglob("*")) == before
    return lines[0]


@pytest.mark.parametrize(
    ("flags", "parts"),
    [
        (["--mode=find"], ["--mode=find", "<search|evaluate|imagenet|profile|export>"]),
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
            ["--parameters_weight=0", "--operations_weight=0", "--memory_access_weight=0"],
            ["--parameters_weight=0", "at least one > 0"],
        ),
        (["--target_parameters=0"], ["--target_parameters=0", "> 0"]),
        (["--target_multiply_adds=inf"], ["--target_multiply_adds=inf"]),
        (["--target_parameters=1e6"], ["--target_parameters=1e+06", "1370134 to 7974550"]),
        (["--target_multiply_adds=1e10"], ["--target_multiply_adds=1e+10", "227272320 to"]),
        (["--constraint=mild", "--target_parameters=2e6"], ["--target_parameters=2", "one of"]),
        (["--constraint_weight=0", "--target_parameters=2e6"], ["--target_par", "one of"]),
        (["--target_parameters=2e6", "--target_multiply_adds=4e8"], ["--target_m", "one of"]),
        (["--init_channels=3"], ["--init_channels=3", "even"]),
        (["--num_cells=2"], ["--num_cells=2", ">= 3"]),
        (["--epochs=0"], ["--epochs=0", "1 or more"]),
        (["--epochs=-1"], ["--epochs=-1"]),
        (["--batch_size=many"], ["--batch_size=many"]),
        (["--image_size=4"], ["--image_size=4", ">= 8"]),
        (["--final_temperature=0"], ["--final_temperature=0"]),
        (["--epoch=3"], ["epoch", "epochs"]),
        (["search"], ["'search' is not a flag"]),
        (["--mode=evaluate"], ["--genotype", "not given"]),
        (["--mode=evaluate", "--genotype=dart_v2"], ["dart_v2", "snas_mild", "mean darts_v2?"]),
        (["--mode=evaluate", "--genotype=cell.json"], ["--genotype=cell.json", "not a readable"]),
        (["--mode=evaluate", "--initial_weights=gone"], ["--initial_weights=gone", "search"]),
        (["--drop_path_probability=1"], ["--drop_path_probability=1", "less than 1"]),
        (["--num_seeds=0"], ["--num_seeds=0"]),
        (["--mode=profile"], ["--genotype", "not given"]),
        (["--mode=profile", "--genotype=nasnet"], ["--genotype=nasnet", "mean nasnet_a?"]),
        (["--mode=profile", "--network=imagenette"], ["--network=imagenette", "cifar"]),
        (["--init_channels=auto"], ["--init_channels=auto", "even number"]),
        (["--mode=imagenet"], ["--genotype", "not given"]),
        (["--label_smoothing=1"], ["--label_smoothing=1", "less than 1"]),
        (["--warmup_epochs=-1"], ["--warmup_epochs=-1"]),
        (["--mode=export"], ["--model_dir", "not given"]),
        (["--mode=export", "--model_dir=gone"], ["gone/run.json"]),
        (["--format=pb"], ["--format=pb", "saved_model|keras|tflite|onnx"]),
    ],
    ids=lambda value: " ".join(value),
)
def test_a_bad_flag_is_one_line(tmp_path, flags, parts):
    line = refused(tmp_path, "--dataset=digits", *flags)
    assert all(part in line for part in parts), line


@pytest.mark.parametrize(
    ("flags", "parts"),
    [
        (["--dataset=digits", "--batch_size=5000"], ["--batch_size=5000", "1 to 1350"]),
        (["--dataset=digits", "--model_dir=file/run"], ["--model_dir=file/run", "written"]),
        (["--dataset=digits", "--model_dir=file"], ["--model_dir=file", "written"]),
    ],
    ids=lambda value: " ".join(value),
)
def test_images_or_a_directory_that_can_not_be_are_one_line(tmp_path, flags, parts):
    (tmp_path / "file").write_text("")
    line = refused(tmp_path, *flags)
    assert all(part in line for part in parts), line


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
    line = refused(tmp_path, "--dataset=cifar10", "--data_dir=nothing")
    assert all(choice in line for choice in ("digits", "folder", "--data_dir"))
