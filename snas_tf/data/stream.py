"""Batches of images that stay on disk, addressed by step: a restart at any step changes nothing."""

import contextlib
import re
from collections.abc import Callable, Iterator

import tensorflow as tf

from snas_tf.config import DataConfig
from snas_tf.data import crops
from snas_tf.data.augment import cutout
from snas_tf.data.encoded import EncodedDataset, Source
from snas_tf.data.headers import require_plain
from snas_tf.data.pipeline import mean_colour, seed_of, shuffled_steps, without_autograph
from snas_tf.errors import UserError

_AUGMENTATION, _CUTOUT = 1, 2
"""What a random number is for, besides the order; one seed drives all of them independently."""


@without_autograph
def training_batches(
    dataset: EncodedDataset,
    config: DataConfig,
    seed: int,
    first_step: int,
    num_steps: int,
    *,
    cutout_length: int = 0,
) -> tf.data.Dataset:
    """The batches of steps `first_step` to `first_step + num_steps - 1`.

    Step N's batch depends on `seed` and N alone. Every epoch of `pipeline.steps_per_epoch` steps
    takes the training images in a new order, each at most once. Each is cropped, mirrored or not,
    and its colours are changed as in `crops`. Damaged files are an error for `named_errors`.

    Args:
        dataset: its training images are used.
        config: `batch_size`, at most the number of training images, and the augmentation are used.
        seed: of the order and the augmentation.
        first_step: counted from 0 at the start of the run.
        num_steps: how many batches.
        cutout_length: side in pixels of the square that is covered with the mean colour in each
            crop; 0 for none.

    Returns:
        Dicts of "image", uint8 [batch, height, width, channels = 3], augmented; "label", int64
        [batch]; "index", int64 [batch], positions in the training images.
    """
    size, fill = config.batch_size, mean_colour(dataset)

    def with_seeds(step: tf.Tensor, index: tf.Tensor) -> tf.data.Dataset:
        seeds = tf.random.split(seed_of(seed, _AUGMENTATION, step), size)
        return tf.data.Dataset.from_tensor_slices((index, seeds))

    def augmented(encoded: tf.Tensor, example_seed: tf.Tensor) -> tf.Tensor:
        crop_seed, flip_seed, colour_seed = tf.unstack(tf.random.split(example_seed, 3))
        image = crops.random_resized_crop(
            encoded, dataset.image_size, crop_seed, config.min_crop_area
        )
        image = crops.random_flip(image, flip_seed) if dataset.mirror else image
        if not config.color_jitter:
            return image
        return crops.color_jitter(image, colour_seed, config.color_jitter)

    def covered(step: tf.Tensor, batch: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        cutout_seed = seed_of(seed, _CUTOUT, step)
        return batch | {"image": cutout(batch["image"], cutout_seed, cutout_length, fill)}

    steps = shuffled_steps(len(dataset.train), size, seed, first_step, num_steps)
    batches = _examples(steps.flat_map(with_seeds), dataset.train, augmented).batch(
        size, drop_remainder=True, num_parallel_calls=tf.data.AUTOTUNE
    )
    if cutout_length:
        batches = batches.enumerate(start=first_step)
        batches = batches.map(covered, num_parallel_calls=tf.data.AUTOTUNE)
    return batches.prefetch(tf.data.AUTOTUNE)


@without_autograph
def evaluation_batches(
    source: Source, batch_size: int, image_size: tuple[int, int]
) -> tf.data.Dataset:
    """The centre crop of every example once and in order, in batches of one shape.

    The last batch is filled up with the last example again, at weight 0.

    Args:
        source: the examples.
        batch_size: examples a batch.
        image_size: (height, width) of the crops, in pixels.

    Returns:
        Dicts of "image", uint8 [batch, height, width, channels = 3]; "label", int64 [batch];
        "index", int64 [batch], positions in `source`; "weight", float32 [batch], 1 or 0.
    """
    count = len(source)
    padded = -(-count // batch_size) * batch_size

    def cropped(encoded: tf.Tensor, _: tf.Tensor) -> tf.Tensor:
        return crops.center_crop(encoded, image_size)

    def weighed(number: tf.Tensor, example: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        return example | {"weight": tf.cast(number < count, tf.float32)}

    positions = tf.data.Dataset.range(padded).map(lambda p: (tf.minimum(p, count - 1), p))
    examples = _examples(positions, source, cropped).enumerate().map(weighed)
    return examples.batch(
        batch_size, drop_remainder=True, num_parallel_calls=tf.data.AUTOTUNE
    ).prefetch(tf.data.AUTOTUNE)


@contextlib.contextmanager
def named_errors() -> Iterator[None]:
    """Around whatever takes batches: a file nobody can decode is an error that names it.

    Raises:
        UserError: instead of the error that TensorFlow makes of it.
    """
    try:
        yield
    except tf.errors.OpError as error:
        named = re.search(rf"{UserError.__name__}: ([^\n]+)", error.message)
        if named is None:
            raise
        raise UserError(named[1]) from error


def _examples(
    numbers: tf.data.Dataset,
    source: Source,
    crop: Callable[[tf.Tensor, tf.Tensor], tf.Tensor],
) -> tf.data.Dataset:
    """From pairs of a position and what `crop` needs besides the image, to examples, in order."""
    read = source.reader()

    def rewrite(position: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        encoded, label = tf.numpy_function(
            lambda p: source.rewrite(int(p)), [position], [tf.string, tf.int64]
        )
        return tf.ensure_shape(encoded, []), tf.ensure_shape(label, [])

    def example(position: tf.Tensor, extra: tf.Tensor) -> dict[str, tf.Tensor]:
        def attempt(position: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
            encoded, label = read(position)
            return crop(require_plain(encoded), extra), label

        def second_attempt(position: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
            encoded, label = rewrite(position)
            return crop(encoded, extra), label

        # A graph's way to catch an error: what fails yields nothing, and the next one is asked.
        # Catching it in Python takes 1 ms an image longer, most of it under the interpreter's lock.
        one = tf.data.Dataset.from_tensors(position)
        image, label = (
            one.map(attempt)
            .ignore_errors()
            .concatenate(one.map(second_attempt))
            .take(1)
            .get_single_element()
        )
        return {"image": image, "label": label, "index": position}

    return numbers.map(example, num_parallel_calls=tf.data.AUTOTUNE, deterministic=True)
