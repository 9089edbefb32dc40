"""The transfer model: a child trained on ImageNet."""

from typing import ClassVar

import keras
import tensorflow as tf

from snas_tf.config import ImageNetConfig
from snas_tf.training import optimizers, schedules
from snas_tf.training.child_model import ChildModel


class ImageNetModel(ChildModel):
    """Label smoothing, a rate that falls by a factor an epoch, top-5 accuracy (Appendix G.3).

    Its arguments are those of `ChildModel`, the settings an `ImageNetConfig`.
    """

    config: ImageNetConfig
    measures: ClassVar[tuple[str, ...]] = (*ChildModel.measures, "top_5_accuracy")

    def measure_logits(self, labels: tf.Tensor, logits: tf.Tensor) -> dict[str, tf.Tensor]:
        """Measure top-5 accuracy too."""
        top_5 = tf.math.in_top_k(labels, logits, k=min(5, self.network.num_classes))
        return {**super().measure_logits(labels, logits), "top_5_accuracy": top_5}

    def make_optimizer(self) -> keras.optimizers.Optimizer:
        """SGD with momentum, its rate times a factor each epoch, after a warm-up."""
        rate = EpochDecay(
            self.config.theta_learning_rate,
            self.config.learning_rate_decay,
            self.epoch_steps,
            self.config.warmup_epochs * self.epoch_steps,
        )
        return optimizers.MomentumSGD(rate, momentum=self.config.theta_momentum)

    def losses(self, labels: tf.Tensor, logits: tf.Tensor) -> tf.Tensor:
        """Cross entropy [batch]; a share of each label is spread over all classes."""
        smoothing, classes = self.config.label_smoothing, logits.shape[-1]
        smooth = tf.one_hot(labels, classes) * (1 - smoothing) + smoothing / classes
        return tf.nn.softmax_cross_entropy_with_logits(smooth, logits)

    def test_errors(self, batches: tf.data.Dataset | None) -> dict[str, float | None]:
        """Top-1 and top-5."""
        means = self.measure(batches)
        if not means:
            return {"test_error": None, "test_top_5_error": None}
        return {
            "test_error": 1 - means["accuracy"],
            "test_top_5_error": 1 - means["top_5_accuracy"],
        }


class EpochDecay(keras.optimizers.schedules.LearningRateSchedule):
    """Keras schedule of `schedules.epoch_decay`."""

    def __init__(self, start: float, decay: float, epoch_steps: int, warmup_steps: int) -> None:
        self.start = start
        self.decay = decay
        self.epoch_steps = epoch_steps
        self.warmup_steps = warmup_steps

    def __call__(self, step: tf.Tensor) -> tf.Tensor:
        """The rate at a step."""
        return schedules.epoch_decay(
            step, self.start, self.decay, self.epoch_steps, self.warmup_steps
        )

    def get_config(self) -> dict:
        """The constructor's arguments."""
        return dict(vars(self))
