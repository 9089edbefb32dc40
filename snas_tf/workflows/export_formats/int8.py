"""The quantization of a trained child to integers of 8 bits."""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from snas_tf import standard_error
from snas_tf.config import ExportConfig
from snas_tf.data.image_errors import as_user_errors
from snas_tf.data.parallel import show_progress
from snas_tf.workflows import run_images
from snas_tf.workflows.export_formats import metadata
from snas_tf.workflows.export_formats.serving import fixed_size
from snas_tf.workflows.export_formats.tflite_content import TFLiteContent, convert, make_converter
from snas_tf.workflows.trained_child import TrainedChild

CALIBRATION_IMAGES = 200
"""At most; 100 to 500 are what TensorFlow's guide advises."""


def convert_to_int8(child: TrainedChild, config: ExportConfig) -> TFLiteContent:
    """Convert a network to integers, with ranges from training images of its run.

    Weights and maps are int8, with a scale for each output channel of a kernel (Jacob et al.,
    2018). Images are uint8, 0 to 255, and probabilities float32, as without quantization.

    Args:
        child: the network.
        config: of which the place of the images is used.

    Returns:
        The content; as figures "calibration_images", their number; and "quantized", see `compare`.

    Raises:
        UserError: the images of the run can't be read.
    """
    dataset = run_images.read(child.record, child.run, config.data_dir)
    with as_user_errors():
        images = dataset.training_sample(CALIBRATION_IMAGES)
    print(f"calibrating on {len(images):,} training images", flush=True)
    serve = fixed_size(child.network.exported(), child.described, dtype=tf.float32)
    data = quantize(serve, images, child.network.variables)
    compared = compare(run_images.validation_images(child.record, dataset), serve, data)
    return TFLiteContent(data, {"calibration_images": len(images), "quantized": compared})


def quantize(serve: Any, images: np.ndarray, variables: Sequence[keras.Variable] = ()) -> bytes:
    """Quantize a network.

    Args:
        serve: from an image, float32 [1, height, width, 3], 0 to 255, to its probabilities, by
            name.
        images: what its maps are calibrated on, uint8 [images, height, width, 3].
        variables: those of the network, unless they are constants.

    Returns:
        The content of a TensorFlow Lite file, from uint8 to float32.
    """
    converter = make_converter(serve, variables)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = lambda: _representative(images)
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type = tf.uint8
    return convert(converter)


def compare(
    images: tf.data.Dataset | None,
    serve: Callable[[tf.Tensor], dict[str, tf.Tensor]],
    data: bytes,
) -> dict[str, float | int | None]:
    """Measure the accuracy before and after a quantization, on the same images.

    Args:
        images: validation images in batches of one; None for no such images.
        serve: from an image, float32, to its probabilities, by name.
        data: the content of a TensorFlow Lite file.

    Returns:
        "valid_images", their number; "valid_accuracy_before" and "valid_accuracy", None without
        images.
    """
    if images is None:
        return {"valid_images": 0, "valid_accuracy_before": None, "valid_accuracy": None}
    interpret = _make_interpreter(data)
    total, before, after = int(images.cardinality()), 0, 0
    for one in show_progress(images.as_numpy_iterator(), total, "measuring the accuracy"):
        image, label = one["image"], one["label"][0]
        probabilities = serve(tf.constant(image, tf.float32))[metadata.OUTPUT]
        before += np.argmax(probabilities) == label
        after += np.argmax(interpret(image)) == label
    return {
        "valid_images": total,
        "valid_accuracy_before": float(before / total),
        "valid_accuracy": float(after / total),
    }


def _representative(images: np.ndarray) -> Iterator[list[np.ndarray]]:
    """Yield images [1, height, width, 3] as the converter takes them.

    The first has a black and a white pixel in corners: the range of the input becomes 0 to 255,
    where an integer is the pixel's own value, whatever the images have.
    """
    images = images.copy()
    images[0, 0, 0], images[0, -1, -1] = 0, 255
    for image in show_progress(images, len(images), "calibrating"):
        yield [image[np.newaxis].astype(np.float32)]


def _make_interpreter(data: bytes) -> Callable[[np.ndarray], np.ndarray]:
    """Make a function from an image, uint8 [1, height, width, 3], to its probabilities."""
    with standard_error.silenced():  # It says that it moves to another package.
        interpreter = tf.lite.Interpreter(model_content=data, num_threads=os.cpu_count())
        interpreter.allocate_tensors()
    given, returned = interpreter.get_input_details()[0], interpreter.get_output_details()[0]

    def interpret(image: np.ndarray) -> np.ndarray:
        interpreter.set_tensor(given["index"], image)
        interpreter.invoke()
        return interpreter.get_tensor(returned["index"])

    return interpret


def format_comparison(compared: Mapping[str, Any]) -> str:
    """Format what `compare` returns, in percent."""
    if compared["valid_accuracy"] is None:
        return "not measured: the run has no validation images apart from the test images"
    before, after = (100 * compared[name] for name in ("valid_accuracy_before", "valid_accuracy"))
    return f"{before:.2f} -> {after:.2f} % of {compared['valid_images']:,} validation images"
