"""What the user of an exported file needs to know, as a JSON file beside it."""

import json
import pathlib
from collections.abc import Callable
from typing import Any

from snas_tf.architecture import architectures
from snas_tf.config import ExportConfig
from snas_tf.files import whole_files
from snas_tf.models.description import NetworkDescription
from snas_tf.workflows.trained_child import TrainedChild

INPUT, OUTPUT = "image", "probabilities"
"""The names of an exported network's input and output."""

_PREPROCESSING = {
    "resize": "resize the whole image to image_size, by area",
    "center_crop": "cut out the middle, 224/256 of the shorter side, in the proportions of "
    "image_size; resize it to image_size, bilinear with antialiasing",
}
"""By the names of `description.PREPROCESSING`, what is done to an image of another size."""


def describe(
    child: TrainedChild, config: ExportConfig, batch: int | None = None, **more: Any
) -> dict[str, Any]:
    """Describe an exported file, as JSON has it.

    Args:
        child: the exported network.
        config: of which the format and the quantization are used.
        batch: images that the file takes at once; None for any number.
        **more: further entries.
    """
    described = child.described
    return {
        "format": config.file_format,
        "quantization": config.quantize,
        "class_names": list(described.class_names),
        "image_size": list(described.image_size),
        "preprocessing": {
            "name": described.preprocessing,
            "meaning": _PREPROCESSING[described.preprocessing],
        },
        **_describe_tensors(described, batch),
        "weights": child.weights,
        "measured": child.measured(),
        **more,
        "genotype": json.loads(architectures.to_json(child.architecture)),
    }


def _describe_tensors(described: NetworkDescription, batch: int | None) -> dict[str, Any]:
    return {
        "input": {
            "name": INPUT,
            "shape": [batch, *described.image_size, 3],
            "axes": ["batch", "height", "width", "channels"],
            "channels": "RGB",
            "type": "uint8",
            "range": [0, 255],
        },
        "output": {
            "name": OUTPUT,
            "shape": [batch, len(described.class_names)],
            "axes": ["batch", "classes"],
            "type": "float32",
            "meaning": "probabilities, in the order of class_names",
        },
    }


def replace(
    path: pathlib.Path, content: dict[str, Any], write: Callable[[pathlib.Path], object]
) -> dict[str, Any]:
    """Write an exported file and its description, `PATH.json`, in one step.

    Args:
        path: the file; an earlier one is replaced.
        content: its description.
        write: writes the file at a path.

    Returns:
        "path", "description", the paths of the two, and "bytes" of the file.
    """
    beside = path.with_name(f"{path.name}.json")
    with whole_files.replacing_described(path, beside) as (partial, partial_text):
        write(partial)
        partial_text.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    return {"path": str(path), "description": str(beside), "bytes": path.stat().st_size}
