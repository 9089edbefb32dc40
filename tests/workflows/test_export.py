"""Exports of a trained child, loaded by programs that have never seen the package."""

import contextlib
import json
import pathlib
import re
import runpy
import subprocess
import sys

import numpy as np
import PIL.Image
import pytest
import tensorflow as tf

from snas_tf.config import ChildConfig, DataConfig, RunConfig, SearchConfig
from snas_tf.data import encoded_collection
from snas_tf.data.batches import VALIDATION
from snas_tf.errors import UserError
from snas_tf.models import description
from snas_tf.runs.run_record import RunRecord
from snas_tf.workflows import evaluate, export, trained_child
from snas_tf.workflows.export_formats import saved_model
from tests.programs import ROOT, run_in_process

GUIDE = ROOT / "docs" / "guide.md"
SERVE = ROOT / "tests" / "workflows" / "serve.py"


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A run directory of no epoch, its network and the network's probabilities of some images."""
    model_dir = tmp_path_factory.mktemp("trained") / "run"
    config = ChildConfig(3, 2, epochs=0, genotype="snas_aggressive", auxiliary_weight=0)
    evaluate.evaluate(config, DataConfig("digits"), RunConfig(model_dir))
    images = np.random.default_rng(0).integers(0, 256, (3, 8, 8, 3), dtype=np.uint8)
    network = trained_child.load(model_dir).network
    return model_dir, images, tf.nn.softmax(network(images)).numpy()


def predict_elsewhere(path, images, tmp_path):
    np.save(tmp_path / "images.npy", images)
    program = [sys.executable, "-I", str(SERVE), str(path), str(tmp_path / "images.npy")]
    done = subprocess.run(program, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout.splitlines()[-1])


def test_the_saved_model_predicts_the_same_without_the_package(trained, tmp_path):
    model_dir, images, expected = trained
    probabilities, names = predict_elsewhere(model_dir / "export", images, tmp_path)
    np.testing.assert_allclose(probabilities, expected, atol=1e-5)
    assert names == list("0123456789")


def test_exporting_again_reports_what_folding_gains(trained):
    model_dir, _, _ = trained
    done = run_in_process("--mode=export", f"--model_dir={model_dir}")
    assert done.returncode == 0, done.stderr
    assert "folded" in done.stdout
    assert " ms for one image" in done.stdout
    assert sorted(path.name for path in model_dir.iterdir() if path.name.startswith(".")) == []


def test_a_keras_file_predicts_the_same(trained):
    model_dir, images, expected = trained
    path = export.export(model_dir, "keras")["path"]
    import keras

    loaded = keras.models.load_model(path)
    np.testing.assert_allclose(loaded(images), expected, atol=1e-5)
    assert [loaded.inputs[0].name, *loaded.output_names] == ["image", "probabilities"]


def test_a_tflite_file_predicts_the_same(trained):
    model_dir, images, expected = trained
    interpreter = tf.lite.Interpreter(export.export(model_dir, "tflite")["path"])
    interpreter.allocate_tensors()
    for image, probabilities in zip(images, expected, strict=True):
        interpreter.set_tensor(interpreter.get_input_details()[0]["index"], image[np.newaxis])
        interpreter.invoke()
        output = interpreter.get_tensor(interpreter.get_output_details()[0]["index"])
        np.testing.assert_allclose(output[0], probabilities, atol=1e-5)


def test_an_onnx_file_predicts_the_same_of_any_number_of_images(trained):
    import onnxruntime

    model_dir, images, expected = trained
    session = onnxruntime.InferenceSession(export.export(model_dir, "onnx")["path"])
    assert session.get_inputs()[0].name == "image"
    for count in (3, 1, 0):
        (output,) = session.run(["probabilities"], {"image": images[:count]})
        np.testing.assert_allclose(output, expected[:count], atol=1e-5)


@pytest.mark.parametrize(
    ("file_format", "quantize", "batch"),
    [("keras", None, None), ("onnx", None, None), ("tflite", None, 1), ("tflite", "float16", 1)],
)
def test_a_description_is_beside_the_file(trained, file_format, quantize, batch):
    model_dir, _, _ = trained
    exported = export.export(model_dir, file_format, quantize=quantize)
    described = json.loads(pathlib.Path(exported["path"] + ".json").read_text())
    assert exported["description"] == exported["path"] + ".json"
    assert described["class_names"] == list("0123456789")
    assert described["image_size"] == [8, 8]
    assert described["preprocessing"]["name"] == "resize"
    assert described["input"]["shape"] == [batch, 8, 8, 3]
    assert described["input"]["range"] == [0, 255]
    assert described["output"]["shape"] == [batch, 10]
    result = json.loads((model_dir / "result.json").read_text())
    measured = {name: result[name] for name in ("valid_accuracy", "test_error")}
    assert (described["weights"], described["measured"]) == ("last", measured)
    assert described["genotype"] == json.loads((model_dir / "genotype.json").read_text())
    assert described["quantization"] == quantize
    if file_format == "onnx":
        import onnx

        props = onnx.load(exported["path"]).metadata_props
        assert {one.key: json.loads(one.value) for one in props} == described


def test_integers_are_calibrated_on_the_runs_images_and_compared_on_those_held_out(trained, capfd):
    model_dir, _, _ = trained
    exported = export.export(model_dir, "tflite", quantize="int8")
    export.report(exported)
    printed = capfd.readouterr()
    assert printed.err == ""
    assert "calibrating on 200 training images" in printed.out
    result = json.loads((model_dir / "result.json").read_text())
    described = json.loads(pathlib.Path(exported["description"]).read_text())
    compared = described["quantized"]
    assert described["calibration_images"] == 200
    assert compared["valid_images"] == 150
    assert compared["valid_accuracy_before"] == pytest.approx(result["valid_accuracy"], abs=1e-6)
    before, after = (100 * compared[f"valid_accuracy{end}"] for end in ("_before", ""))
    assert f"accuracy  {before:.2f} -> {after:.2f} % of 150 validation images" in printed.out
    content = pathlib.Path(exported["path"]).read_bytes()
    export.export(model_dir, "tflite", quantize="int8")
    assert pathlib.Path(exported["path"]).read_bytes() == content


@pytest.mark.parametrize("name", ["model.tflite", "model_int8.tflite"])
def test_the_program_of_the_guide_names_the_class_of_an_image(trained, tmp_path, capsys, name):
    model_dir, images, expected = trained
    export.export(model_dir, "tflite", quantize="int8" if "int8" in name else None)
    blocks = re.findall(r"```python\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL)
    capsys.readouterr()
    (program,) = [block for block in blocks if "model_int8.tflite" in block]
    for number, image in enumerate(images):
        PIL.Image.fromarray(image).save(tmp_path / "photo.png")
        replaced = program.replace("runs/child/model_int8.tflite", str(model_dir / name))
        exec(replaced.replace("photo.jpg", str(tmp_path / "photo.png")), {})
        named, probability = capsys.readouterr().out.split()
        assert float(probability) == pytest.approx(expected[number, int(named)], abs=0.05)
        assert float(probability) >= expected[number].max() - 0.1


def test_a_directory_of_no_run_is_refused(tmp_path):
    with pytest.raises(UserError, match="empty: holds no run, accepted: a run of `kind`=evaluate"):
        trained_child.load(tmp_path / "empty")
    assert not (tmp_path / "empty").exists()


def test_a_search_is_refused_as_one(tmp_path):
    record = RunRecord.from_configs("search", SearchConfig(), DataConfig())
    (tmp_path / "run.json").write_text(record.to_json())
    with pytest.raises(UserError, match="a search has no child's weights"):
        trained_child.load(tmp_path)


@pytest.mark.parametrize("place", ["thesis.txt", "assets.extra/warmup", "variables/mine"])
def test_a_users_file_in_an_export_stays(trained, place):
    model_dir, _, _ = trained
    path = model_dir / "export" / place
    path.parent.mkdir(exist_ok=True)
    path.write_text("mine")
    try:
        with pytest.raises(UserError, match=place):
            export.export(model_dir, "saved_model")
        assert path.read_text() == "mine"
    finally:
        path.unlink()


def test_another_genotype_than_was_trained_is_refused(trained):
    path = trained[0] / "genotype.json"
    before = path.read_text()
    path.write_text(before.replace("skip_connect", "max_pool_3x3", 1))
    try:
        with pytest.raises(UserError, match="not the genotype that was trained"):
            trained_child.load(trained[0])
    finally:
        path.write_text(before)


@pytest.mark.parametrize(
    ("entry", "value"),
    [
        ("class_names", list("1023456789")),
        ("mean", [1.0, 2.0, 3.0]),
        ("preprocessing", "center_crop"),
    ],
)
def test_another_description_than_of_what_was_trained_is_refused(trained, entry, value):
    path = trained[0] / "network.json"
    before = path.read_text()
    path.write_text(json.dumps({**json.loads(before), entry: value}))
    try:
        with pytest.raises(UserError, match=r"network\.json: not the network that was trained"):
            trained_child.load(trained[0])
    finally:
        path.write_text(before)


def test_a_network_of_binary_images_serves_binary_images(tmp_path):
    for mean, accepted in ((0.4, True), (40.0, False)):
        described = description.NetworkDescription(
            3, 4, (8, 8), ("up", "down"), (mean,) * 3, (1.0,) * 3
        )
        saved_model.save(by_half, described, tmp_path / "export")
        serve = tf.saved_model.load(str(tmp_path / "export")).signatures["serving_default"]
        with (
            contextlib.nullcontext() if accepted else pytest.raises(tf.errors.InvalidArgumentError)
        ):
            serve(image=tf.ones([1, 8, 8, 3], tf.uint8))


def by_color(image):
    """Logits of three classes: red, green and blue."""
    return tf.reduce_mean(tf.cast(image, tf.float32), axis=[1, 2])


def save_misleading(root, classes=3):
    """Wide and tall images whose middle is of their class's color, and whose ends of another."""
    for number in range(4 * classes):
        pixels = np.zeros((60, 200, 3), np.uint8)
        pixels[..., (number + 1) % classes] = 255
        pixels[:, 70:130] = 255 * np.eye(classes, dtype=np.uint8)[number % classes]
        if number % 2:
            pixels = pixels.transpose(1, 0, 2)
        kind = "png" if number % 4 < 2 else "jpg"
        for part in ("train", "val"):
            path = root / part / str(number % classes) / f"{number}.{kind}"
            path.parent.mkdir(parents=True, exist_ok=True)
            PIL.Image.fromarray(pixels).save(path)


def error_of_export(path, files):
    serve = tf.saved_model.load(str(path)).signatures["serving_default"]
    wrong = 0
    for file, label in files:
        image = tf.io.decode_image(file.read_bytes(), 3)
        wrong += np.argmax(serve(image=image[tf.newaxis])["probabilities"]) != label
    return wrong / len(files)


def test_the_export_has_the_error_of_the_evaluation(tmp_path):
    save_misleading(tmp_path / "images")
    config = DataConfig("folder", tmp_path / "images", 32, 4)
    dataset = encoded_collection.read(config).split(seed=0)
    batches = dataset.evaluation_batches(VALIDATION, 1).as_numpy_iterator()
    evaluated = np.mean([np.argmax(by_color(one["image"])) != one["label"] for one in batches])
    errors = {}
    for preprocessing in description.PREPROCESSING:
        described = description.NetworkDescription(
            *(3, 4, (32, 32), tuple("012"), (0.0,) * 3, (1.0,) * 3, "imagenet", preprocessing)
        )
        saved_model.save(by_color, described, tmp_path / preprocessing)
        errors[preprocessing] = error_of_export(tmp_path / preprocessing, dataset.validation.files)
    assert errors == {"center_crop": evaluated, "resize": 1}
    assert evaluated == 0


def by_half(image):
    """Logits of two classes: the upper half is red, or it is not."""
    red = tf.reduce_mean(tf.cast(image[:, :4, :, 0], tf.float32), axis=[1, 2])
    return tf.stack([red, 255 - red], axis=1)


def test_the_example_classifies_an_image_as_a_viewer_shows_it(tmp_path, monkeypatch, capsys):
    described = description.NetworkDescription(3, 4, (8, 8), ("up", "down"), (0,) * 3, (1,) * 3)
    saved_model.save(by_half, described, tmp_path / "export")
    lying = PIL.Image.Exif()
    lying[0x0112] = 6
    for name, top in (("up", 255), ("down", 0)):
        pixels = np.full((16, 16, 3), 255 - top, np.uint8)
        pixels[:8] = [top, 0, 0]
        stored = PIL.Image.fromarray(np.rot90(pixels))
        stored.save(tmp_path / f"{name}.png", exif=lying)
    deep = np.zeros((8, 8), np.uint16)
    deep[:4] = 20000  # 78 of 255; saturated, it would be white.
    deep[4:] = 300
    PIL.Image.fromarray(deep).save(tmp_path / "deep.png")
    clear = PIL.Image.new("RGBA", (8, 8), (0, 0, 0, 0))
    clear.save(tmp_path / "clear.png")  # White, so red on top.
    program = str(ROOT / "examples" / "classify_png.py")
    images = {"up.png": "up", "down.png": "down", "clear.png": "up", "deep.png": "down"}
    for image, expected in images.items():
        paths = [str(tmp_path / "export"), str(tmp_path / image)]
        monkeypatch.setattr(sys, "argv", [program, *paths])
        runpy.run_path(program, run_name="__main__")
        assert capsys.readouterr().out.split()[1] == expected
