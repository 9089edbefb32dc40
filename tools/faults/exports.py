"""Exports that are killed, and what is asked of exported models."""

import functools
import random
import signal

import numpy as np

from tools.faults.fault import LOST, REFUSED, SURVIVED, Fault, Outcome, worst
from tools.faults.processes import start_hooked

_FORMATS = {
    "saved_model": "export",
    "keras": "model.keras",
    "tflite": "model.tflite",
    "onnx": "model.onnx",
}
_KILLS = 6


def _run_dir(place):
    return place.copy(place.reference("evaluate") / "seed_0", "run")


def _killed(place, file_format):
    """Kill an export over an older one at file operations: what is there is whole."""
    model_dir = _run_dir(place)
    flags = ("--mode=export", f"--format={file_format}", f"--model_dir={model_dir}")
    if (done := place.run(*flags)).returncode != 0:
        return Outcome(LOST, done.stderr[-300:])
    target = model_dir / _FORMATS[file_format]
    expected = predict(target, make_images())
    outcomes = []
    for number in range(_KILLS):
        operation = random.Random(f"{file_format} {number}").randint(1, 8)
        process = start_hooked(flags, "run", operation)
        process.communicate()
        killed = process.returncode == -signal.SIGKILL
        same = np.allclose(predict(target, make_images()), expected, atol=1e-6)
        words = f"killed at operation {operation}" if killed else "ended before"
        outcomes.append(Outcome(SURVIVED if same else LOST, words))
    left = [path.name for path in model_dir.iterdir() if path.name.startswith(".")]
    if (done := place.run(*flags)).returncode != 0:
        return Outcome(LOST, f"does not export again: {done.stderr[-300:]}")
    after = [path.name for path in model_dir.iterdir() if path.name.startswith(".")]
    if after:
        return Outcome(LOST, f"leaves {after} of {left}")
    return worst(outcomes)


def make_images(count=3, dtype=np.uint8, channels=3):
    """Make images of the size that the runs have."""
    return np.random.default_rng(0).integers(0, 256, (count, 8, 8, channels)).astype(dtype)


def predict(path, images):
    """What an exported model answers."""
    if path.suffix == ".keras":
        import keras

        import snas_tf.models.child  # noqa: F401  registers the network's class

        return keras.models.load_model(path)(images).numpy()
    if path.suffix == ".tflite":
        import tensorflow as tf

        runner = tf.lite.Interpreter(str(path)).get_signature_runner()
        # It takes one image at a time.
        batches = [images[n : n + 1] for n in range(len(images))] or [images]
        return np.concatenate([runner(image=one)["probabilities"] for one in batches])
    if path.suffix == ".onnx":
        import onnxruntime

        session = onnxruntime.InferenceSession(path)
        name = session.get_inputs()[0].name
        (answer,) = session.run(["probabilities"], {name: images})
        return answer
    import tensorflow as tf

    serve = tf.saved_model.load(str(path)).signatures["serving_default"]
    return serve(image=tf.constant(images))["probabilities"].numpy()


def _asked(place, file_format, images, is_answered):
    """Ask an exported model something odd, which it may refuse, or answer if it should."""
    model_dir = _run_dir(place)
    flags = ("--mode=export", f"--format={file_format}", f"--model_dir={model_dir}")
    place.run(*flags)
    target = model_dir / _FORMATS[file_format]
    normal = predict(target, make_images())
    try:
        answer = predict(target, images)
    except Exception as error:  # Each runtime has its own.
        words = f"{type(error).__name__}: {str(error).strip().splitlines()[0][:120]}"
        return Outcome(REFUSED, words)
    if not is_answered:
        return Outcome(LOST, "is answered")
    right = answer.shape == (len(images), normal.shape[1]) and np.isfinite(answer).all()
    return Outcome(SURVIVED if right else LOST, "" if right else f"answers {answer.shape}")


def faults():
    """List the faults."""
    group = "Exports"
    for file_format in _FORMATS:
        inject = functools.partial(_killed, file_format=file_format)
        yield Fault(group, f"killed over an older one, {file_format}", inject)
    odd = {
        "an empty batch": (make_images(0), tuple(_FORMATS)),
        # Keras casts whatever it is given.
        "float images of 0 to 1": (make_images(dtype=np.float32) / 255, ("keras",)),
        # Keras and TFLite take the one channel for all three.
        "images of one channel": (make_images(channels=1), ("keras", "tflite")),
    }
    for file_format in _FORMATS:
        for name, (images, answered_by) in odd.items():
            inject = functools.partial(
                _asked,
                file_format=file_format,
                images=images,
                is_answered=file_format in answered_by,
            )
            yield Fault(group, f"{name}, {file_format}", inject)
