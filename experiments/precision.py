"""Searches on a part of CIFAR-10 with each precision and several seeds: is the accuracy the same?

    python experiments/precision.py --data_dir=DIR --directory=runs/precision [--seeds=0,1,2]

3 cells, 8 channels, images of 8 x 8. One line a search; finished ones are read, not repeated.
"""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

from absl import app, flags

from snas_tf import tensorflow_import
from snas_tf.config import DataConfig, SearchConfig
from snas_tf.config.training import PRECISIONS

flags.DEFINE_string("data_dir", None, "Prepared TFDS data sets.", required=True)
flags.DEFINE_string("directory", "runs/precision", "Directory of the runs.")
flags.DEFINE_list("seeds", ["0", "1", "2"], "Seeds.")
flags.DEFINE_list("precisions", list(PRECISIONS), "Precisions.")
flags.DEFINE_integer("images", 6000, "Training images.")
flags.DEFINE_integer("validation_images", 2000, "Validation images, the next ones.")
flags.DEFINE_integer("epochs", 3, "Epochs.")


def main(_):
    """Print accuracy and speed of each search."""
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
            config = SearchConfig(
                3, 8, epochs=values.epochs, theta_learning_rate=0.05, precision=precision
            )
            found = snas_tf.search(
                *parts[0],
                validation_data=parts[1],
                model_dir=pathlib.Path(values.directory, f"{precision}_{seed}"),
                config=config,
                data=DataConfig("arrays"),
                seed=int(seed),
            )
            figures = found.figures
            print(
                f"{precision:9} seed {seed}  parent {figures['search_valid_accuracy']:.4f}  child "
                f"{figures['child_valid_accuracy']:.4f}  {figures['images_per_second']:.0f} "
                "images/s",
                flush=True,
            )


if __name__ == "__main__":
    app.run(main)
