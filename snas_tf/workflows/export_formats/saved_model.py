"""The export of a trained child as a SavedModel."""

import pathlib
import re
import tempfile
from collections.abc import Callable
from typing import Any

import tensorflow as tf

from snas_tf.config import ExportConfig
from snas_tf.errors import UserError, quote, shorten_path
from snas_tf.files import plain_paths, whole_files
from snas_tf.models.description import NetworkDescription
from snas_tf.workflows.export_formats.serving import serving_module
from snas_tf.workflows.timing import median_milliseconds
from snas_tf.workflows.trained_child import TrainedChild

_SAVED_MODEL = re.compile(
    r"saved_model\.pb|fingerprint\.pb|variables/variables\.(index|data-\d+-of-\d+)"
)
"""The files of a SavedModel of this package."""


def write(child: TrainedChild, config: ExportConfig) -> dict[str, Any]:
    """Write `export/`, which prepares its images itself and gives the class names.

    Returns:
        "path", "bytes", "latency_ms" of one image; and of a child "unfolded", the same before
        normalizations were folded and zeros left out.
    """
    run, network, described = child.run, child.network, child.described
    exported = network.exported()
    save(exported, described, run.export)
    measured = _measure(run.export, described)
    if exported is not network:
        with tempfile.TemporaryDirectory() as directory:
            unfolded = pathlib.Path(directory, "unfolded")
            save(network, described, unfolded)
            measured["unfolded"] = _measure(unfolded, described)
    result = run.read_result()
    if result is not None:
        run.write_result({**result, "exported_weights": child.weights})
    return measured


def save(
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
    module = serving_module(network, described)
    with whole_files.replacing(path) as partial:
        tf.saved_model.save(module, str(partial), signatures=module.serve)


def _measure(path: pathlib.Path, described: NetworkDescription) -> dict[str, Any]:
    with plain_paths.alias(path) as directory:
        serve = tf.saved_model.load(str(directory)).signatures["serving_default"]
    image = tf.fill([1, *described.image_size, 3], tf.constant(128, tf.uint8))
    return {
        "path": str(path),
        "bytes": sum(file.stat().st_size for file in path.rglob("*") if file.is_file()),
        "latency_ms": median_milliseconds(lambda: serve(image=image)["probabilities"].numpy()),
    }
