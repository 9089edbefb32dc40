"""Flags of `--mode=imagenet`."""

from absl import flags

from flags import common, evaluate, training
from snas_tf.config import DataConfig, ImageNetConfig
from snas_tf.errors import UserError

_OF_THE_PAPER = 128  # the batch size that the learning rate is meant for
_DATA = DataConfig(dataset="imagenet2012", image_size=224, batch_size=_OF_THE_PAPER)
_HYPERPARAMETERS = {
    "label_smoothing": "Share of a label that is spread over all classes.",
    "learning_rate_decay": "Factor of the learning rate at the end of each epoch.",
}


def define(values: flags.FlagValues) -> None:
    """Defines the flags; every default is that of `ImageNetConfig`."""
    defaults = ImageNetConfig()
    common.define(values, _DATA, held_out=False)
    training.define(values, defaults, auto=True)
    evaluate.define_child(values, defaults)
    define_budget(values, defaults)
    training.define_numbers(values, _HYPERPARAMETERS, defaults)
    training.below_one(values, "label_smoothing")
    flags.DEFINE_integer(
        "warmup_epochs",
        defaults.warmup_epochs,
        "Epochs in which the learning rate rises linearly.",
        0,
        1_000_000,
        flag_values=values,
    )
    flags.DEFINE_boolean(
        "scale_learning_rate",
        False,
        f"Multiply the learning rate by batch size / {_OF_THE_PAPER}.",
        flag_values=values,
    )
    flags.DEFINE_float(
        "min_crop_area",
        _DATA.min_crop_area,
        "Least share of an image's area that a random crop takes; 1 for the largest crops alone.",
        lower_bound=0.01,
        upper_bound=1.0,
        flag_values=values,
    )
    flags.DEFINE_float(
        "color_jitter",
        _DATA.color_jitter,
        "How far brightness, contrast and saturation change at random; 0: colors stay.",
        lower_bound=0.0,
        upper_bound=1.0,
        flag_values=values,
    )


def define_budget(values: flags.FlagValues, defaults: ImageNetConfig) -> None:
    """Defines how much a network may compute."""
    name, most = "max_multiply_adds", 1e12
    meaning = "The most multiply-adds that a network may have for one image; 0 for no limit."
    flags.DEFINE_float(name, defaults.max_multiply_adds, meaning, flag_values=values)
    training.accept(values, name, lambda value: 0 <= value <= most, f"0 to {most:g}")


def config(values: flags.FlagValues) -> ImageNetConfig:
    """The training part of a configuration.

    Raises:
        UserError: no genotype is given, or the width is to be found without a limit.
    """
    evaluate.require_genotype(values)
    trained = training.values_of(values)
    if not trained["init_channels"] and not values.max_multiply_adds:
        raise UserError("--init_channels=auto: needs a limit, accepted: --max_multiply_adds > 0")
    if values.scale_learning_rate:
        trained["theta_learning_rate"] *= values.batch_size / _OF_THE_PAPER
    return ImageNetConfig(
        **{**trained, **evaluate.values_of(values)},
        warmup_epochs=values.warmup_epochs,
        max_multiply_adds=values.max_multiply_adds,
        **{name: getattr(values, name) for name in _HYPERPARAMETERS},
    )


def run_name(values: flags.FlagValues) -> str:
    """Name of the run directory where none is given."""
    return evaluate.run_name(values).replace("evaluate", "imagenet", 1)
