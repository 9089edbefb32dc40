"""Images/s of the pipeline of images on disk, without a network.

    python benchmarks/input_pipeline.py [--image_size=224] [--batch_size=96] [--batches=50]

Without --data_dir, on a folder of 500 x 375 JPEGs that is made for it, of the size that those of
ImageNet have on average; the folder stays in the file cache, so a disk's speed is not measured.
"""

import itertools
import os
import pathlib
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from absl import app, flags

from snas_tf import tensorflow_import

tensorflow_import.import_tensorflow()

import numpy as np
import PIL.Image
import tensorflow as tf

from snas_tf.config import DataConfig
from snas_tf.data import encoded_collection
from snas_tf.data.batches import VALIDATION, BatchConfig

flags.DEFINE_integer("image_size", 224, "Side of the crops.", 32)
flags.DEFINE_integer("batch_size", 96, "Images a batch.", 1)
flags.DEFINE_integer("batches", 50, "Batches to time, after the first.", 1)
flags.DEFINE_string("data_dir", None, "A folder with train/ and val/ to read instead.")

_CLASSES, _IMAGES = 2, 128
_DECODED = 200  # to measure the limit


def make_folder(root):
    """Write JPEGs of about 110 kB: smooth shapes under some noise."""
    generator = np.random.default_rng(0)
    for part in ("train", "val"):
        for label in range(_CLASSES):
            directory = root / part / str(label)
            directory.mkdir(parents=True)
            for number in range(_IMAGES):
                small = PIL.Image.fromarray(generator.integers(0, 256, (12, 16, 3), np.uint8))
                shapes = np.asarray(small.resize((500, 375), PIL.Image.BICUBIC), np.float32)
                noisy = shapes + generator.normal(0, 20, shapes.shape)
                image = PIL.Image.fromarray(np.clip(noisy, 0, 255).astype(np.uint8))
                image.save(directory / f"{number}.jpg", quality=90)


def report(name, batches, count, size):
    """Time all batches but the first, which waits for the pipeline to start."""
    iterator = iter(batches)
    next(iterator)
    wall, cpu = time.monotonic(), time.process_time()
    for _ in range(count):
        next(iterator)
    wall, cpu = time.monotonic() - wall, time.process_time() - cpu
    images = count * size
    print(
        f"{name}  {images / wall:8.0f} images/s, {images / cpu:6.0f} images/s per core of "
        f"processor time, {cpu / wall:5.1f} of {os.cpu_count()} cores in use",
        flush=True,
    )


def decoding_rate(paths):
    """Images/s that one core decodes, as the baseline of a pipeline."""
    encoded_images = [path.read_bytes() for path in paths]
    tf.io.decode_image(encoded_images[0], 3)
    start = time.process_time()
    for image in encoded_images:
        tf.io.decode_image(image, 3)
    return len(encoded_images) / (time.process_time() - start)


def main(_):
    """Print the limit, a line for training and one for evaluation."""
    values = flags.FLAGS
    tf.config.set_visible_devices([], "GPU")
    with tempfile.TemporaryDirectory() as temporary:
        root = pathlib.Path(values.data_dir or temporary)
        if values.data_dir is None:
            make_folder(root)
        config = DataConfig("folder", root, values.image_size, values.batch_size)
        dataset = encoded_collection.read(config).split(seed=0)
        total = sum(path.stat().st_size for path, _ in dataset.train.files)
        print(f"{total / len(dataset.train) / 1000:.0f} kB an image, crops of {dataset.image_size}")
        limit = decoding_rate([path for path, _ in itertools.islice(dataset.train.files, _DECODED)])
        print(f"limit       {limit:8.0f} images/s per core where they are decoded and no more")
        steps = values.batches + 1
        batch_config = BatchConfig.from_config(config, seed=0)
        training = dataset.training_batches(batch_config, 0, steps)
        report("training  ", training, values.batches, values.batch_size)
        evaluation = dataset.evaluation_batches(VALIDATION, values.batch_size)
        report("evaluation", evaluation.repeat(), values.batches, values.batch_size)


if __name__ == "__main__":
    app.run(main)
