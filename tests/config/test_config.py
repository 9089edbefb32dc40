"""Every rule of every config, from Python: the last value accepted, the first refused."""

import functools
import math
import pathlib
import subprocess
import sys
import tempfile

import pytest

from snas_tf.architecture import spaces
from snas_tf.architecture.search_space import SearchSpace
from snas_tf.architecture.spaces import DARTS
from snas_tf.config import (
    ChildConfig,
    DataConfig,
    ImageNetConfig,
    LatencyConfig,
    RunConfig,
    SearchConfig,
    TrainingConfig,
    algorithms,
)
from snas_tf.config.accepted import Range, accepted_values
from snas_tf.errors import UserError
from tests.latency_tables import write_table
from tests.programs import ROOT

TINY = sys.float_info.min
LARGEST = 2**31 - 1
NOT_NEGATIVE = ([0.0, 1e300], [-TINY, math.inf, math.nan])
BELOW_ONE = ([0.0, 0.999], [-TINY, 1.0, math.nan])
POSITIVE = ([TINY, 1e300], [0.0, math.inf, math.nan])
EPOCHS = ([0, 1_000_000], [-1, 1_000_001])


@functools.cache
def table_path():
    """The file of a latency table, whose children take 0.71 to 1.86 ms."""
    with tempfile.NamedTemporaryFile(suffix=".json", delete=False) as file:
        return write_table(pathlib.Path(file.name))


def make_search(**settings):
    """Make a config of an algorithm that has the settings; the temperature must not rise."""
    if any("latency" in name for name in settings):
        settings["latency_table"] = table_path()
    if "final_temperature" in settings:
        settings["initial_temperature"] = 1e300
    if "initial_temperature" in settings:
        settings.setdefault("final_temperature", TINY)
    names = [set(algorithms.having(name)) for name in settings]
    return SearchConfig(algorithm=sorted(set.intersection(*names), reverse=True)[0], **settings)


DATA = {
    "image_size": ([None, 8, 4096], [7, 4097]),
    "batch_size": ([1, 65536], [0, 65537]),
    "validation_fraction": BELOW_ONE,
    "min_crop_area": ([0.01, 1.0], [0.009, 1.001]),
    "color_jitter": ([0.0, 1.0], [-TINY, 1.001]),
    "image_storage": ([None, "memory", "disk"], ["cloud"]),
    "classes": ([None, 2, 1_000_000], [1, 1_000_001]),
    "examples_per_class": ([None, 1, 1_000_000_000], [0, 1_000_000_001]),
}
RUN = {name: ([0, LARGEST], [-1, LARGEST + 1]) for name in ("seed", "checkpoint_every_steps")}
TRAINING = {
    "num_cells": ([3, 200], [2, 201]),
    "init_channels": ([2, 4096], [0, 3, 4098]),
    "stem": (["cifar", "imagenet"], ["mnist"]),
    "epochs": EPOCHS,
    "theta_learning_rate": NOT_NEGATIVE,
    "theta_momentum": BELOW_ONE,
    "theta_weight_decay": NOT_NEGATIVE,
    "theta_clip_norm": NOT_NEGATIVE,
    "num_seeds": ([1, 1000], [0, 1001]),
    "precision": (["float32", "bfloat16", "float16"], ["float64"]),
}
SEARCH = {
    **TRAINING,
    "epochs": ([1, 1_000_000], [0, 1_000_001]),
    "num_nodes": ([1, 8], [0, 9]),
    "relaxation": (["concrete", "one_hot"], ["hard"]),
    "draws": ([1, 100], [0, 101]),
    "darts_order": (["1", "2", "single_level"], ["3"]),
    "architecture_fraction": ([TINY, 0.999], [0.0, 1.0, math.nan]),
    "derivation_samples": ([1, 10_000], [0, 10_001]),
    "population_size": ([5, 50], [0, 51, 10_001]),
    "tournament_size": ([1, 20], [0, 21, 10_001]),
    "controller_learning_rate": NOT_NEGATIVE,
    "controller_entropy_weight": NOT_NEGATIVE,
    "controller_baseline_decay": BELOW_ONE,
    "skip_threshold": BELOW_ONE,
    "constraint_weight": NOT_NEGATIVE,
    "penalty_estimator": (["expectation", "reparameterization", "policy_gradient"], ["exact"]),
    "penalty_scale": (["linear", "log"], ["root"]),
    "parameters_weight": NOT_NEGATIVE,
    "flops_weight": NOT_NEGATIVE,
    "memory_access_weight": NOT_NEGATIVE,
    "latency_weight": NOT_NEGATIVE,
    "target_parameters": ([None, 1_370_134, 7_974_550], [0.0, 1_370_133, 7_974_551, math.inf]),
    "target_latency_ms": ([None, 0.6, 1.85], [0.0, 0.58, 1.9, math.inf, math.nan]),
    "target_multiply_adds": ([None, 3e8], [0.0, 227_272_319, 1e10, math.nan]),
    "alpha_learning_rate": ([None, 0.0, 1e300], [-TINY, math.inf]),
    "alpha_beta_1": BELOW_ONE,
    "alpha_beta_2": BELOW_ONE,
    "alpha_weight_decay": NOT_NEGATIVE,
    "alpha_decay": (["decoupled", "coupled"], ["none"]),
    "alpha_clip_norm": NOT_NEGATIVE,
    "initial_temperature": POSITIVE,
    "final_temperature": POSITIVE,
}
CHILD = {
    **TRAINING,
    "num_cells": ([1, 200], [0, 201]),  # the least is that of the genotype's search space
    "cutout_length": ([0, 4096], [-1, 4097]),
    "drop_path_probability": BELOW_ONE,
    "auxiliary_weight": NOT_NEGATIVE,
    "export_weights": (["last", "best"], ["first"]),
}
IMAGENET = {
    **CHILD,
    "init_channels": ([0, 2, 4096], [-2, 3, 4098]),
    "label_smoothing": BELOW_ONE,
    "learning_rate_decay": NOT_NEGATIVE,
    "warmup_epochs": EPOCHS,
    "max_multiply_adds": ([1.0, 1e12], [-TINY, 1.001e12, math.nan]),
}

LATENCY = {
    "num_cells": ([3, 200], [2, 201]),
    "init_channels": ([2, 4096], [0, 3, 4098]),
    "image_size": ([8, 4096], [7, 4097]),
    "num_classes": ([2, 1_000_000], [1, 1_000_001]),
    "network": (["cifar", "imagenet"], ["mnist"]),
    "runtime": (["tensorflow", "litert"], ["onnx"]),
    "threads": ([1, 1024], [0, 1025]),
    "rounds": ([1, 10_000], [0, 10_001]),
}


def latency_config(**settings):
    return LatencyConfig("latency.json", **settings)


def run_config(**settings):
    return RunConfig("runs/x", **settings)


RULES = {
    (DataConfig, DataConfig): DATA,
    (RunConfig, run_config): RUN,
    (TrainingConfig, TrainingConfig): TRAINING,
    (SearchConfig, make_search): SEARCH,
    (ChildConfig, ChildConfig): CHILD,
    (ImageNetConfig, ImageNetConfig): IMAGENET,
    (LatencyConfig, latency_config): LATENCY,
}
CASES = [
    pytest.param(make, name, *values, id=f"{kind.__name__}.{name}")
    for (kind, make), rules in RULES.items()
    for name, values in rules.items()
]


@pytest.mark.parametrize(("make", "name", "accepted", "refused"), CASES)
def test_a_field_accepts_its_bounds_and_nothing_beyond(make, name, accepted, refused):
    for value in accepted:
        assert getattr(make(**{name: value}), name) == value
    for value in refused:
        with pytest.raises(UserError, match=rf"^`{name}`=.*accepted: "):
            make(**{name: value})


def test_every_rule_of_every_config_is_above():
    for (kind, _), rules in RULES.items():
        ruled = {name for name, accepted in accepted_values(kind).items() if accepted.rule}
        assert ruled == set(rules)


def test_a_range_that_is_wider_in_a_subclass_is_on_purpose():
    """A field that a subclass gives another default must repeat its rule."""
    for name, accepted in accepted_values(TrainingConfig).items():
        for kind in (SearchConfig, ChildConfig, ImageNetConfig):
            if (kind, name) != (ImageNetConfig, "init_channels"):
                assert accepted_values(kind)[name] == accepted
    assert accepted_values(ImageNetConfig)["init_channels"].rule == Range(0, 4096, even=True)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (
            {"relaxation": "one_hot", "penalty_estimator": "reparameterization"},
            "`penalty_estimator`=reparameterization: .*`relaxation`=one_hot.*: expectation",
        ),
        (
            {"jit_compile": True},
            "`jit_compile`=True: .*accepted: with `skip_threshold`=0",
        ),
        (
            {"jit_compile": True, "skip_threshold": 0, "algorithm": "drnas"},
            "`jit_compile`=True: .*`algorithm`=drnas, accepted: with another",
        ),
        (
            {"penalty_baseline": True},
            "`penalty_baseline`=True: .*`penalty_estimator`=policy_gradient",
        ),
        (
            dict.fromkeys(("parameters_weight", "flops_weight", "memory_access_weight"), 0),
            "`parameters_weight`=0, .*at least one > 0",
        ),
        (
            {"constraint_weight": 0.1, "target_parameters": 2e6},
            "`target_parameters`=2000000.0: given together with `constraint_weight`=0.1",
        ),
        (
            {"target_multiply_adds": 4e8, "target_parameters": 2e6},
            "`target_multiply_adds`=.* `target_parameters`=.*one of the two",
        ),
        (
            {"algorithm": "evolution", "population_size": 4},
            "`tournament_size`=5: more than `population_size`=4, accepted: at most as many",
        ),
        (
            {"algorithm": "evolution", "derivation_samples": 19},
            "`population_size`=20: more than `derivation_samples`=19, accepted: at most as many",
        ),
        (
            {"algorithm": "random", "controller_entropy_weight": 1.0},
            "`controller_entropy_weight`=1.0: not a setting of .*accepted: with `algorithm`=enas$",
        ),
        ({"space": "nasbench"}, "`space`=nasbench: unknown, accepted: darts"),
        ({"operations": "none"}, "`operations`='none': not a list of names, accepted: names, or N"),
        ({"operations": ["none", "x"]}, "`operations`=none,x: 'x' is unknown, accepted: two or mo"),
        ({"operations": ["none", 3]}, r"`operations`=\['none', 3\]: not a text, accepted: names"),
        ({"space": "nasbench201", "num_nodes": 2}, "`num_nodes`=2: the cells of `space`=nasbench2"),
        (
            {"algorithm": "enas", "operations": ["skip_connect", "sep_conv_3x3"]},
            "`operations`=skip_connect,sep_conv_3x3: has no operation none, .*enas can't drop",
        ),
        ({"target_parameters": 1e6}, r"`target_parameters`=1e\+06: .*1370134 to 7974550"),
    ],
)
def test_settings_of_a_search_that_do_not_go_together_are_refused(settings, message):
    with pytest.raises(UserError, match=f"^{message}"):
        SearchConfig(**settings)


def test_settings_of_a_search_that_go_together():
    SearchConfig(penalty_estimator="policy_gradient", penalty_baseline=True)
    SearchConfig(parameters_weight=0, flops_weight=0)
    SearchConfig(constraint_weight=0.0, target_parameters=2e6)


def test_an_algorithm_that_drops_edges_needs_the_operation_that_does(monkeypatch):
    space = SearchSpace("without_zero", ("skip_connect", "sep_conv_3x3"))
    monkeypatch.setitem(spaces.SPACES, space.name, space)
    SearchConfig(algorithm="random", space=space.name)
    with pytest.raises(UserError, match=r"^`space`=without_zero: has no operation none, .*accept"):
        SearchConfig(algorithm="enas", space=space.name)


def test_a_child_has_as_many_cells_as_networks_of_its_genotypes_space_need():
    cell = "|none~0|+|none~0|none~1|+|nor_conv_3x3~0|none~1|none~2|"
    assert ChildConfig(num_cells=1, genotype=cell).num_cells == 1
    with pytest.raises(UserError, match=r"^`num_cells`=2: out of range, accepted: .*3 to 200"):
        ChildConfig(num_cells=2, genotype="darts_v2")
    with pytest.raises(UserError, match=r"^`num_cells`=2: "):
        ChildConfig(num_cells=2).check_size(spaces.DARTS)
    # The search of initial weights has another space: what is wrong is the genotype, not the size.
    assert ChildConfig(num_cells=1, genotype="darts_v2", initial_weights="x").num_cells == 1
    with pytest.raises(UserError, match=r"^`initial_weights`=x: given with .*keras:MobileNet"):
        ChildConfig(num_cells=1, genotype="keras:MobileNet", initial_weights="x")


def test_a_search_in_a_variant_has_its_space_and_records_what_differs_alone():
    config = SearchConfig(operations=["sep_conv_7x7", "none"], num_nodes=6)
    assert config.operations == ("sep_conv_7x7", "none")
    assert config.search_space == DARTS.vary(config.operations, 6)
    assert config.search_space.shape == (27, 2)
    assert SearchConfig(operations=DARTS.operations, num_nodes=4) == SearchConfig()
    assert SearchConfig(num_nodes=4).num_nodes is None


def test_a_width_is_found_under_a_limit_only():
    with pytest.raises(UserError, match=r"`init_channels`=0: .* `max_multiply_adds` > 0"):
        ImageNetConfig(max_multiply_adds=0)
    ImageNetConfig(init_channels=48, max_multiply_adds=0)


def test_directories_are_paths_however_they_are_given():
    assert RunConfig("runs/x").model_dir == pathlib.Path("runs/x")
    assert DataConfig(data_dir="a/b").data_dir == pathlib.Path("a/b")
    assert ChildConfig(initial_weights=pathlib.Path("c")).initial_weights == pathlib.Path("c")
    with pytest.raises(UserError, match="`model_dir`=None: not a"):
        RunConfig(None)


def test_importing_the_configs_imports_no_tensorflow():
    program = "import sys, snas_tf.config; assert not {'tensorflow', 'keras'} & set(sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], cwd=ROOT).returncode == 0


def test_a_latency_table_is_of_the_space_and_has_all_its_parts(tmp_path):
    path = write_table(tmp_path / "t.json")
    assert SearchConfig(latency_table=path, algorithm="darts").latency_table == path
    with pytest.raises(UserError, match=r"^`latency_table`=.*: space darts, accepted: a table of"):
        SearchConfig(latency_table=path, space="nasbench201")
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join(line for line in lines if "dil_conv_3x3" not in line))
    with pytest.raises(UserError, match=r"t\.json: has no entry of operation dil_conv_3x3"):
        SearchConfig(latency_table=path)


def test_a_search_without_a_table_has_no_latency():
    for setting in ({"latency_weight": 1.0}, {"target_latency_ms": 2.0}):
        with pytest.raises(UserError, match=r"accepted: with `latency_table`"):
            SearchConfig(**setting)
    assert SearchConfig().read_latency_table() is None


def test_the_file_of_a_table_has_a_directory(tmp_path):
    with pytest.raises(UserError, match=r"^`latency_table`=.*accepted: a file in one that exists"):
        LatencyConfig(tmp_path / "gone" / "t.json")
    config = LatencyConfig(tmp_path / "t.json", space="nasbench201")
    assert (config.num_cells, config.init_channels) == (5, 16)
