"""Flags of `--mode=imagenet`."""

from absl import flags

from snas_tf.architecture import genotype_source
from snas_tf.config import DataConfig, ImageNetConfig

from . import common, evaluate, fields, training

_PAPER_BATCH_SIZE = 128  # the batch size that the learning rate is meant for
_DATA = DataConfig(dataset="imagenet2012", image_size=224, batch_size=_PAPER_BATCH_SIZE)
_MEANINGS = {
    "label_smoothing": "Share of a label that is spread over all classes.",
    "learning_rate_decay": "Factor of the learning rate at the end of each epoch.",
    "warmup_epochs": "Epochs in which the learning rate rises linearly.",
}
_BUDGET = {
    "max_multiply_adds": "The most multiply-adds that a network may have for one image; 0 for no "
    "limit."
}


def define(values: flags.FlagValues) -> None:
    """Define the flags; every default is that of `ImageNetConfig`."""
    defaults = ImageNetConfig()
    common.define(values, _DATA, held_out=False)
    training.define(values, defaults, auto=True)
    evaluate.define_child(values, defaults)
    define_budget(values)
    fields.define(values, defaults, _MEANINGS)
    flags.DEFINE_boolean(
        "scale_learning_rate",
        False,
        f"Multiply the learning rate by batch size / {_PAPER_BATCH_SIZE}.",
        flag_values=values,
    )


def define_budget(values: flags.FlagValues) -> None:
    """Define how much a network may compute."""
    fields.define(values, ImageNetConfig(), _BUDGET)


def adapt_defaults(values: flags.FlagValues) -> None:
    """Set the defaults of the genotype's search space."""
    skeleton = genotype_source.find_space(values.genotype or "").skeleton
    training.set_default_size(values, (skeleton.imagenet_cells, 0))


def config(values: flags.FlagValues) -> ImageNetConfig:
    """Return the training part of a configuration.

    Raises:
        UserError: no genotype is given, or the width is to be found without a limit.
    """
    evaluate.require_genotype(values)
    given = {**fields.read(values, ImageNetConfig), "init_channels": training.width(values)}
    if values.scale_learning_rate:
        given["theta_learning_rate"] *= values.batch_size / _PAPER_BATCH_SIZE
    return ImageNetConfig(**given)


def run(values: flags.FlagValues) -> None:
    """Train and test a child, and print what was measured."""
    configs = common.prepare(values, config(values), run_name(values))
    from snas_tf.workflows.imagenet import report, transfer

    report(transfer(*configs), *configs)


def run_name(values: flags.FlagValues) -> str:
    """Return the name of the run directory where none is given."""
    return evaluate.run_name(values).replace("evaluate", "imagenet", 1)
