"""Checks of what several configs say together."""

from snas_tf.config import ChildConfig, DataConfig, RunConfig, SearchConfig
from snas_tf.errors import UserError, format_setting


def check_place(data_config: DataConfig, run_config: RunConfig) -> None:
    """Check that a run's files do not become images of its data set.

    Raises:
        UserError: the run directory lies in the folder of images.
    """
    data_dir, model_dir = data_config.data_dir, run_config.model_dir
    if data_config.dataset != "folder" or data_dir is None:
        return
    if model_dir.resolve().is_relative_to(data_dir.resolve()):
        raise UserError(
            f"{format_setting('model_dir', model_dir)}: lies in "
            f"{format_setting('data_dir', data_dir)}, where its pictures would be taken "
            "for a class, accepted: a directory elsewhere"
        )


def check_compiler(config: SearchConfig | ChildConfig, run_config: RunConfig) -> None:
    """Check that XLA can compile a step as the run wants it.

    Raises:
        UserError: its results shall be deterministic, for which XLA lacks gradients of poolings.
    """
    if config.jit_compile and run_config.deterministic:
        raise UserError(
            "`jit_compile`=True: XLA has no deterministic gradient of maximum pooling, accepted: "
            "without `deterministic`"
        )
