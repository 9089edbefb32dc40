"""A data set of images too many for memory, which stay on disk as they are encoded."""

import dataclasses
from collections.abc import Callable
from typing import ClassVar

import numpy as np
import tensorflow as tf

from snas_tf.data import crops, pipeline, seeds
from snas_tf.data.augment import cutout, mean_color
from snas_tf.data.batch_order import shuffled_steps
from snas_tf.data.batches import TEST, VALIDATION, BatchConfig, evenly_spaced
from snas_tf.data.encoded_source import EncodedSource
from snas_tf.data.image_headers import require_plain
from snas_tf.data.share import WHOLE, Share

_MEAN = (123.675, 116.28, 103.53)
_DEVIATION = (58.395, 57.12, 57.375)


@dataclasses.dataclass(frozen=True, eq=False)
class EncodedDataset:
    """The images a network learns from and those held out, all on disk; see `batches.Dataset`.

    Attributes:
        name: the value of `DataConfig.dataset`.
        train: the examples to learn from.
        validation: the examples held out of the training images, or of a part of their own.
        class_names: the name of each class, in the order of the labels.
        image_size: (height, width) of the crops that a network is given, in pixels.
        mirror: whether training images are mirrored at random.
        test: examples apart from both; None where they were not asked for or there are none.
        share: which part of every batch is made; only its images are read.
    """

    name: str
    train: EncodedSource
    validation: EncodedSource
    class_names: tuple[str, ...]
    image_size: tuple[int, int]
    mirror: bool = True
    test: EncodedSource | None = None
    share: Share = WHOLE

    preprocessing: ClassVar[str] = "center_crop"

    @property
    def num_training(self) -> int:
        """The number of training images."""
        return len(self.train)

    def channel_statistics(self) -> tuple[np.ndarray, np.ndarray]:
        """Mean and standard deviation of the pixels of ImageNet, each float32 [channels = 3].

        Both are on the scale of the pixels, 0 to 255. They are taken for any data set, as its own
        would need a pass over all images.
        """
        return np.array(_MEAN, np.float32), np.array(_DEVIATION, np.float32)

    def steps_per_epoch(self, batch_size: int) -> int:
        """The number of full batches in one pass over the training images."""
        return self.num_training // batch_size

    @tf.autograph.experimental.do_not_convert  # To convert a function takes half a second.
    def training_batches(
        self, config: BatchConfig, first_step: int, num_steps: int
    ) -> tf.data.Dataset:
        """See `batches.Dataset`; images are cropped, mirrored and jittered as in `crops`."""
        size, fill = config.batch_size, mean_color(self.channel_statistics()[0])

        def with_seeds(step: tf.Tensor, index: tf.Tensor) -> tf.data.Dataset:
            seed = seeds.make_seed(config.seed, seeds.AUGMENTATION, step)
            each = tf.random.split(seed, size)
            return tf.data.Dataset.from_tensor_slices(
                (self.share.take(index), self.share.take(each))
            )

        def cover(step: tf.Tensor, batch: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
            seed = seeds.make_seed(config.seed, seeds.CUTOUT, step)
            image = cutout(batch["image"], seed, config.cutout_length, fill, self.share)
            return batch | {"image": image}

        def augment(encoded: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
            return self._augment(encoded, seed, config)

        steps = shuffled_steps(self.num_training, size, config.seed, first_step, num_steps)
        batches = _read(steps.flat_map(with_seeds), self.train, augment).batch(
            size // self.share.count, drop_remainder=True, num_parallel_calls=pipeline.AHEAD
        )
        if config.cutout_length:
            batches = batches.enumerate(start=first_step)
            batches = batches.map(cover, num_parallel_calls=pipeline.AHEAD)
        return batches.prefetch(pipeline.AHEAD)

    def _augment(self, encoded: tf.Tensor, seed: tf.Tensor, config: BatchConfig) -> tf.Tensor:
        """A random crop of an image, with random changes: uint8 [height, width, 3]."""
        crop_seed, flip_seed, color_seed = tf.unstack(tf.random.split(seed, 3))
        image = crops.random_resized_crop(encoded, self.image_size, crop_seed, config.min_crop_area)
        image = crops.random_flip(image, flip_seed) if self.mirror else image
        if not config.color_jitter:
            return image
        return crops.color_jitter(image, color_seed, config.color_jitter)

    @tf.autograph.experimental.do_not_convert
    def evaluation_batches(self, part: str, batch_size: int) -> tf.data.Dataset | None:
        """See `batches.Dataset`; the center crop of every image."""
        source = {VALIDATION: self.validation, TEST: self.test}[part]
        if source is None or not len(source):
            return None
        count = len(source)
        own = batch_size // self.share.count

        def place(number: tf.Tensor) -> tf.Tensor:
            batch, within = number // own, number % own
            return batch * batch_size + self.share.index * own + within

        def weigh(number: tf.Tensor, example: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
            return example | {"weight": tf.cast(place(number) < count, tf.float32)}

        numbers = tf.data.Dataset.range(-(-count // batch_size) * own)
        positions = numbers.map(lambda number: (tf.minimum(place(number), count - 1), number))
        examples = _read(positions, source, self._crop_center).enumerate().map(weigh)
        batches = examples.batch(own, drop_remainder=True, num_parallel_calls=pipeline.AHEAD)
        return batches.prefetch(pipeline.AHEAD)

    @tf.autograph.experimental.do_not_convert
    def training_sample(self, count: int) -> np.ndarray:
        """See `batches.Dataset`; the center crops."""
        positions = tf.data.Dataset.from_tensor_slices(evenly_spaced(count, self.num_training))
        pairs = positions.map(lambda position: (position, position))
        examples = _read(pairs, self.train, self._crop_center)
        return np.stack([example["image"] for example in examples.as_numpy_iterator()])

    def _crop_center(self, encoded: tf.Tensor, _: tf.Tensor) -> tf.Tensor:
        return crops.center_crop(encoded, self.image_size)


def _read(
    positions: tf.data.Dataset,
    source: EncodedSource,
    crop: Callable[[tf.Tensor, tf.Tensor], tf.Tensor],
) -> tf.data.Dataset:
    """Read examples in order, from pairs of a position and what `crop` needs besides the image."""
    read = source.make_reader()

    def rewrite(position: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        encoded, label = tf.numpy_function(
            lambda p: source.read_as_png(int(p)), [position], [tf.string, tf.int64]
        )
        return tf.ensure_shape(encoded, []), tf.ensure_shape(label, [])

    def read_example(position: tf.Tensor, extra: tf.Tensor) -> dict[str, tf.Tensor]:
        def attempt(position: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
            encoded, label = read(position)
            return crop(require_plain(encoded), extra), label

        def second_attempt(position: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
            encoded, label = rewrite(position)
            return crop(encoded, extra), label

        # Errors are caught in the graph: a failed example yields nothing.
        # Catching it in Python takes 1 ms an image longer, most of it under the interpreter's lock.
        single = tf.data.Dataset.from_tensors(position)
        image, label = (
            single.map(attempt)
            .ignore_errors()
            .concatenate(single.map(second_attempt))
            .take(1)
            .get_single_element()
        )
        return {"image": image, "label": label, "index": position}

    examples = positions.map(
        read_example, num_parallel_calls=pipeline.count_cores(), deterministic=True
    )
    return pipeline.keep_numbers(examples)
