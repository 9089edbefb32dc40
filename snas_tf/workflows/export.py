"""The export of a trained child."""

import os
from typing import Any

from snas_tf.config import ExportConfig
from snas_tf.runs.run_directory import RunDirectory
from snas_tf.workflows import trained_child
from snas_tf.workflows.export_formats import FORMATS
from snas_tf.workflows.export_formats.int8 import format_comparison


def export(
    model_dir: str | os.PathLike[str],
    file_format: str = "saved_model",
    weights: str | None = None,
    quantize: str | None = None,
    data_dir: str | os.PathLike[str] | None = None,
) -> dict[str, Any]:
    """Export the network that an evaluation has trained.

    Args:
        model_dir: the run directory; the export is written into it.
        file_format: "saved_model", images of any size in, probabilities and class names out;
            "keras", for `keras.models.load_model`; "tflite", one image of the network's size in,
            its probabilities out; "onnx", any number of them.
        weights: the "last" epoch's, or those of the epoch with the "best" validation accuracy;
            None for those that the run itself exports.
        quantize: of "tflite", "float16" or "int8"; see `ExportConfig`.
        data_dir: with "int8", where the images of the run are; None for where it read them.

    Returns:
        "weights", "path" and "bytes". Of a SavedModel "latency_ms" of one image, and the same
        before normalizations were folded and zeros left out, as "unfolded". Of another file
        "description", the path of a JSON file about it. With "int8" also "calibration_images",
        their number, and "quantized": "valid_images", "valid_accuracy_before" and
        "valid_accuracy".

    Raises:
        UserError: a value is not accepted, the run has no trained child, a converter is not
            installed, or the images can't be read.
    """
    config = ExportConfig(model_dir, file_format, weights, quantize, data_dir)  # type: ignore[arg-type]
    return export_child(config)


def export_child(config: ExportConfig) -> dict[str, Any]:
    """Export a network; see `export`."""
    child = trained_child.load(config.model_dir, config.export_weights)
    print("converting the network, which takes a while where it is large", flush=True)
    with RunDirectory(config.model_dir).owned():
        return {"weights": child.weights, **FORMATS[config.file_format](child, config)}


def report(result: dict[str, Any]) -> None:
    """Print what was written."""
    lines = [
        f"\nexported  {result['path']}  {result['bytes'] / 1e6:.2f} MB, "
        f"the {result['weights']} epoch's weights"
    ]
    if "description" in result:
        lines.append(f"described {result['description']}")
    if "quantized" in result:
        lines.append(f"accuracy  {format_comparison(result['quantized'])}")
    if "unfolded" in result:
        before = result["unfolded"]
        lines.append(
            f"folded    {before['bytes'] / 1e6:.2f} -> {result['bytes'] / 1e6:.2f} MB, "
            f"{before['latency_ms']:.2f} -> {result['latency_ms']:.2f} ms for one image"
        )
    print("\n".join(lines), flush=True)
