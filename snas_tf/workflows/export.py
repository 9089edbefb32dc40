"""The export of a trained child."""

import json
import os
import pathlib
import re
import tempfile
from collections.abc import Callable
from typing import Any

import keras
import tensorflow as tf

from snas_tf.architecture.genotype_json import to_json
from snas_tf.architecture.genotype_source import read_genotype
from snas_tf.data.crops import center_crop_decoded
from snas_tf.data.images import resize_by_area
from snas_tf.errors import UserError, format_setting, quote, shorten_path
from snas_tf.files import plain_paths, whole_files
from snas_tf.models import description
from snas_tf.models.child import ChildNetwork
from snas_tf.models.description import NetworkDescription
from snas_tf.models.folded import FoldedChild
from snas_tf.models.serving import ServingModule
from snas_tf.runs import checkpoint_files, run_record
from snas_tf.runs.run_directory import RunDirectory
from snas_tf.runs.run_record import RunRecord
from snas_tf.training.child_monitor import BEST
from snas_tf.workflows.timing import median_milliseconds

_SAVED_MODEL = re.compile(
    r"saved_model\.pb|fingerprint\.pb|variables/variables\.(index|data-\d+-of-\d+)"
)
"""The files of a SavedModel of this package."""


def export(
    model_dir: str | os.PathLike[str], file_format: str = "saved_model", weights: str | None = None
) -> dict[str, Any]:
    """Export the network that an evaluation has trained.

    Args:
        model_dir: the run directory; the export is written into it.
        file_format: "saved_model", images of any size in, probabilities and class names out;
            "keras", for `keras.models.load_model`; "tflite" or "onnx", one image of the network's
            size in, its probabilities out.
        weights: see `load`.

    Returns:
        "weights", "path", "bytes", and "latency_ms" of one image; of a SavedModel also those before
        normalizations were folded and zeros left out, as "unfolded".

    Raises:
        UserError: the run has no trained child, the format is unknown, or its converter is not
            installed.
    """
    if file_format not in FORMATS:
        raise UserError(
            f"{format_setting('file_format', file_format)}: unknown, accepted: {', '.join(FORMATS)}"
        )
    model_dir = pathlib.Path(model_dir)
    described, network, weights = load(model_dir, weights)
    run = RunDirectory(model_dir)
    with run.owned():
        exported = FORMATS[file_format](network, described, run)
        result = run.read_result()
        if result is not None and file_format == "saved_model":
            run.write_json(run.result, {**result, "exported_weights": weights})
    return {"weights": weights, **exported}


def load(
    model_dir: pathlib.Path, weights: str | None = None
) -> tuple[NetworkDescription, ChildNetwork, str]:
    """Load the network that an evaluation has trained.

    Args:
        model_dir: the run directory.
        weights: the "last" epoch's, or those of the epoch with the "best" validation accuracy;
            None for those that the run itself exports.

    Returns:
        What is known of the network, the network, and which weights it has.

    Raises:
        UserError: the run has no trained child, or no such weights.
    """
    run, shown = RunDirectory(model_dir), format_setting("model_dir", model_dir)
    if not run.record.exists():
        raise UserError(f"{shown}: holds no run, accepted: a run of `kind`=evaluate or imagenet")
    record = run_record.read(run.record)
    if record.kind == "search":
        raise UserError(
            f"{shown}: a search has no child's weights, accepted: a run of "
            f"`kind`=evaluate; one with `initial_weights`={model_dir} `epochs`=0 takes them over"
        )
    if record.settings.get("num_seeds", 1) > 1:
        raise UserError(
            f"{shown}: holds the runs of several seeds, accepted: "
            f"`model_dir`={model_dir / 'seed_'}N of one of them"
        )
    described = description.read(run.network)
    genotype = read_genotype(run.genotype)
    _require_recorded(run.network, "network", described.to_content(), record)
    _require_recorded(run.genotype, "genotype", json.loads(to_json(genotype)), record)
    network = described.make_child(genotype)
    weights = weights or record.settings.get("export_weights", "last")
    if weights == "best":
        checkpoint_files.restore_network(network, run.best, BEST)
    else:
        checkpoint_files.restore_network(network, run.checkpoints)
    return described, network, weights


def _require_recorded(path: pathlib.Path, name: str, content: Any, record: RunRecord) -> None:
    if content != record.inputs.get(name):
        raise UserError(
            f"{shorten_path(path)}: not the {name} that was trained, accepted: the file as the run "
            "wrote it"
        )


def save_model(
    network: Callable[[tf.Tensor], tf.Tensor], described: NetworkDescription, path: pathlib.Path
) -> None:
    """Write a SavedModel, and replace an earlier one.

    Raises:
        UserError: the directory also holds what is not of a SavedModel.
    """
    names = (one.relative_to(path).as_posix() for one in path.rglob("*") if not one.is_dir())
    if others := sorted(name for name in names if not _SAVED_MODEL.fullmatch(name)):
        raise UserError(
            f"{shorten_path(path)}: holds {quote(others[0])}, which is not of an export and would "
            "be deleted with it, accepted: to move it elsewhere and to give the command again"
        )
    module = _serving_module(network, described)
    with whole_files.replacing(path) as partial:
        tf.saved_model.save(module, str(partial), signatures=module.serve)


def _serving_module(
    network: Callable[[tf.Tensor], tf.Tensor], described: NetworkDescription
) -> ServingModule:
    # Where pixels are 0 or 1, as in a data set of binary images, their mean is at most 1.
    refuses_scaled = max(described.mean) > 1
    preprocess = _PREPROCESSING[described.preprocessing]
    return ServingModule(
        network, described.image_size, described.class_names, preprocess, refuses_scaled
    )


def _to_saved_model(
    network: ChildNetwork, described: NetworkDescription, run: RunDirectory
) -> dict[str, Any]:
    save_model(FoldedChild(network), described, run.export)
    with tempfile.TemporaryDirectory() as directory:
        unfolded = pathlib.Path(directory, "unfolded")
        save_model(network, described, unfolded)
        return {**_measure(run.export, described), "unfolded": _measure(unfolded, described)}


def _measure(path: pathlib.Path, described: NetworkDescription) -> dict[str, Any]:
    with plain_paths.alias(path) as directory:
        serve = tf.saved_model.load(str(directory)).signatures["serving_default"]
    image = tf.fill([1, *described.image_size, 3], tf.constant(128, tf.uint8))
    return {
        "path": str(path),
        "bytes": _bytes(path),
        "latency_ms": median_milliseconds(lambda: serve(image=image)["probabilities"].numpy()),
    }


def _to_keras(
    network: ChildNetwork, described: NetworkDescription, run: RunDirectory
) -> dict[str, Any]:
    path = run.path / "model.keras"
    image = keras.Input((*described.image_size, 3), dtype="uint8", name="image")
    model = keras.Model(image, keras.layers.Softmax()(network(image)))
    with whole_files.replacing(path) as partial:
        model.save(partial)
    return {"path": str(path), "bytes": _bytes(path)}


def _to_tflite(
    network: ChildNetwork, described: NetworkDescription, run: RunDirectory
) -> dict[str, Any]:
    path = run.path / "model.tflite"
    serve = _fixed(network, described).get_concrete_function()
    content = tf.lite.TFLiteConverter.from_concrete_functions([serve]).convert()
    with whole_files.replacing(path) as partial:
        partial.write_bytes(content)
    return {"path": str(path), "bytes": _bytes(path)}


def _to_onnx(
    network: ChildNetwork, described: NetworkDescription, run: RunDirectory
) -> dict[str, Any]:
    try:
        import tf2onnx
    except ImportError as error:
        raise UserError(
            "`file_format`=onnx: needs packages that are not installed, accepted: after "
            "`pip install tf2onnx onnx`"
        ) from error
    path = run.path / "model.onnx"
    with whole_files.replacing(path) as partial:
        tf2onnx.convert.from_function(
            _fixed(network, described), _signature(described), output_path=str(partial)
        )
    return {"path": str(path), "bytes": _bytes(path)}


def _fixed(network: ChildNetwork, described: NetworkDescription) -> Any:
    """Make a function of one image of the network's own size, for the other formats."""
    module = _serving_module(FoldedChild(network), described)
    return tf.function(module.probabilities, _signature(described), autograph=False)


def _signature(described: NetworkDescription) -> list[tf.TensorSpec]:
    return [tf.TensorSpec([1, *described.image_size, 3], tf.uint8, name="image")]


_PREPROCESSING = {"resize": resize_by_area, "center_crop": center_crop_decoded}
"""By the names of `description.PREPROCESSING`."""

FORMATS = {
    "saved_model": _to_saved_model,
    "keras": _to_keras,
    "tflite": _to_tflite,
    "onnx": _to_onnx,
}


def _bytes(path: pathlib.Path) -> int:
    files = path.rglob("*") if path.is_dir() else [path]
    return sum(file.stat().st_size for file in files if file.is_file())


def report(result: dict[str, Any]) -> None:
    """Print what was written."""
    print(
        f"\nexported  {result['path']}  {result['bytes'] / 1e6:.2f} MB, "
        f"the {result['weights']} epoch's weights",
        flush=True,
    )
    if "unfolded" in result:
        before = result["unfolded"]
        print(
            f"folded    {before['bytes'] / 1e6:.2f} -> {result['bytes'] / 1e6:.2f} MB, "
            f"{before['latency_ms']:.2f} -> {result['latency_ms']:.2f} ms for one image",
            flush=True,
        )
