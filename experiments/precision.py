"""Searches, or trainings of a child, on a part of CIFAR-10 with each precision, for their accuracy.

    python experiments/precision.py --data_dir=DIR --directory=runs/precision [--kind=search]

3 cells, 8 channels, images of 8 x 8. One line a run; finished ones are read, not repeated.
"""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

from absl import app, flags

from snas_tf import tensorflow_import
from snas_tf.config import ChildConfig, DataConfig, SearchConfig
from snas_tf.config.training import PRECISIONS

flags.DEFINE_string("data_dir", None, "Prepared TFDS data sets.", required=True)
flags.DEFINE_string("directory", "runs/precision", "Directory of the runs.")
flags.DEFINE_enum("kind", "search", ["search", "train"], "A search, or the training of a child.")
flags.DEFINE_list("seeds", ["0", "1", "2"], "Seeds.")
flags.DEFINE_list("precisions", list(PRECISIONS), "Precisions.")
flags.DEFINE_integer("images", 6000, "Training images.")
flags.DEFINE_integer("validation_images", 2000, "Validation images, the next ones.")
flags.DEFINE_integer("epochs", 3, "Epochs.")


def main(_):
    """Print accuracy and speed of each run."""
    tensorflow_import.import_tensorflow()
    import snas_tf
    from snas_tf.data import memory_collection
    from snas_tf.runs import devices

    devices.configure()
    values = flags.FLAGS
    data = DataConfig("cifar10", data_dir=values.data_dir, image_size=8)
    images = memory_collection.read(data).split(0).train
    end = values.images + values.validation_images
    parts = [
        (images.images[part], images.labels[part])
        for part in (slice(values.images), slice(values.images, end))
    ]
    for seed in values.seeds:
        for precision in values.precisions:
            name = f"{values.kind}_{precision}_{seed}"
            given = {
                "validation_data": parts[1],
                "model_dir": pathlib.Path(values.directory, name),
                "data": DataConfig("arrays"),
                "seed": int(seed),
            }
            shared = {"epochs": values.epochs, "theta_learning_rate": 0.05, "precision": precision}
            if values.kind == "search":
                figures = snas_tf.search(*parts[0], config=SearchConfig(3, 8, **shared), **given)
                accuracy = figures.figures["search_valid_accuracy"]
            else:
                config = ChildConfig(3, 8, cutout_length=0, auxiliary_weight=0, **shared)
                figures = snas_tf.train("snas_mild", *parts[0], config=config, **given)
                accuracy = figures.figures["valid_accuracy"]
            speed = figures.figures["images_per_second"]
            print(f"{name:22} accuracy {accuracy:.4f}  {speed:.0f} images/s", flush=True)


if __name__ == "__main__":
    app.run(main)
