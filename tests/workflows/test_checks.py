import pathlib

import pytest

from snas_tf.config import ChildConfig, DataConfig, RunConfig, SearchConfig
from snas_tf.errors import UserError
from snas_tf.workflows import checks


@pytest.mark.parametrize(
    "config", [SearchConfig(jit_compile=True, skip_threshold=0), ChildConfig(jit_compile=True)]
)
def test_xla_and_deterministic_results_are_refused_together(config):
    with pytest.raises(UserError, match="`jit_compile`=True: XLA has no determin"):
        checks.check_compiler(config, RunConfig("run", deterministic=True))
    checks.check_compiler(config, RunConfig("run"))
    checks.check_compiler(ChildConfig(), RunConfig("run", deterministic=True))


def test_only_a_folder_of_images_is_no_place_for_a_run(tmp_path):
    inside = RunConfig(tmp_path / "run")
    with pytest.raises(UserError, match="lies in `data_dir`="):
        checks.check_place(DataConfig("folder", data_dir=tmp_path), inside)
    checks.check_place(DataConfig("cifar10", data_dir=tmp_path), inside)
    checks.check_place(DataConfig("folder", data_dir=tmp_path), RunConfig(pathlib.Path("run")))
