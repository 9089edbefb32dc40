"""Flags of `--mode=imagenet`."""

from typing import Any

from absl import flags

from flags import common, evaluate, training
from snas_tf.config import DataConfig, TransferConfig
from snas_tf.errors import UserError

_DEFAULTS = TransferConfig()
_IMAGES = DataConfig()
_OF_THE_PAPER = 128  # the batch size that the learning rate is meant for
_HYPERPARAMETERS = {
    "label_smoothing": "Share of a label that is spread over all classes.",
    "learning_rate_decay": "Factor of the learning rate at the end of each epoch.",
    "max_multiply_adds": "The most that a network may have for one image; 0 for no limit.",
}


def define() -> None:
    """Defines the flags; every default is that of `TransferConfig`."""
    training.define_numbers(_HYPERPARAMETERS, _DEFAULTS)
    training.below_one("label_smoothing")
    flags.DEFINE_integer(
        "warmup_epochs",
        _DEFAULTS.warmup_epochs,
        "Epochs in which the learning rate rises linearly.",
        0,
    )
    flags.DEFINE_boolean(
        "scale_learning_rate",
        False,
        f"Multiply the learning rate by batch size / {_OF_THE_PAPER}.",
    )
    flags.DEFINE_float(
        "min_crop_area",
        _IMAGES.min_crop_area,
        "Least share of an image's area that a random crop takes; 1 for the largest crops alone.",
        lower_bound=0.01,
        upper_bound=1.0,
    )
    flags.DEFINE_float(
        "color_jitter",
        _IMAGES.color_jitter,
        "How far brightness, contrast and saturation change at random; 0: colors stay.",
        lower_bound=0.0,
        upper_bound=1.0,
    )


def defaults() -> dict[str, Any]:
    """The defaults of this mode, by flag."""
    names = (
        *("num_cells", "epochs", "theta_learning_rate", "theta_weight_decay"),
        *("cutout_length", "drop_path_probability"),
    )
    return {
        **{name: getattr(_DEFAULTS, name) for name in names},
        "init_channels": training.AUTO,
        "batch_size": _OF_THE_PAPER,
        "dataset": "imagenet2012",
        "image_size": 224,
    }


def config(values: flags.FlagValues) -> TransferConfig:
    """The training part of a configuration; sets the defaults of this mode.

    Raises:
        UserError: no genotype is given; weights of a search, which has another stem, are; or the
            width is to be found without a limit.
    """
    common.set_defaults(values, defaults())
    evaluate.require_genotype(values)
    if values.initial_weights is not None:
        raise UserError(
            f"--initial_weights={values.initial_weights}: given with --mode=imagenet, where the "
            "network has another stem; accepted: --mode=evaluate"
        )
    auto = values.init_channels == training.AUTO
    if auto and not values.max_multiply_adds:
        raise UserError("--init_channels=auto: needs a limit, accepted: --max_multiply_adds > 0")
    trained = training.values_of(values, auto=0)
    if values.scale_learning_rate:
        trained["theta_learning_rate"] *= values.batch_size / _OF_THE_PAPER
    return TransferConfig(
        **{**trained, **evaluate.values_of(values)},
        warmup_epochs=values.warmup_epochs,
        **{name: getattr(values, name) for name in _HYPERPARAMETERS},
    )


def run_name(values: flags.FlagValues) -> str:
    """Name of the run directory where none is given."""
    return evaluate.run_name(values).replace("evaluate", "imagenet", 1)
