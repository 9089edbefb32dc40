"""An algorithm has its own settings and its own defaults of them."""

import dataclasses

import pytest
from absl import flags

from flags import command_line, search
from snas_tf.algorithms.algorithm import Algorithm
from snas_tf.algorithms.gdas import GDAS
from snas_tf.algorithms.snas import SNAS
from snas_tf.config import SearchConfig, algorithms
from snas_tf.errors import UserError

GIVEN = {
    "relaxation": "one_hot",
    "draws": 2,
    "constraint_weight": 0.1,
    "target_parameters": 2e6,
    "penalty_estimator": "policy_gradient",
    "penalty_baseline": True,
    "penalty_scale": "log",
    "parameters_weight": 2.0,
    "initial_temperature": 3.0,
    "architecture_fraction": 0.3,
    "darts_order": "2",
    "alpha_learning_rate": 0.1,
    "alpha_clip_norm": 3.0,
}
"""Values other than the defaults."""

LACKING = [
    (name, setting)
    for name, spec in algorithms.ALGORITHMS.items()
    for setting in GIVEN
    if not spec.has(setting)
]
PAIRS = [
    (name, setting)
    for name, spec in algorithms.ALGORITHMS.items()
    for setting in GIVEN
    if spec.has(setting)
]
PUBLISHED = {
    "snas": {"alpha_learning_rate": None, "alpha_decay": "decoupled", "alpha_clip_norm": 10},
    "darts": {"alpha_learning_rate": 3e-4, "alpha_decay": "coupled", "alpha_clip_norm": 0},
    "gdas": {"alpha_learning_rate": 3e-4, "initial_temperature": 10, "final_temperature": 0.1},
    "drnas": {"alpha_learning_rate": 3e-4, "alpha_decay": "coupled", "alpha_clip_norm": 0},
    "beta_darts": {"alpha_learning_rate": 3e-4, "alpha_decay": "coupled", "alpha_clip_norm": 0},
}


def parse(*arguments):
    values = flags.FlagValues()
    command_line.parse(["main.py", *arguments], values)
    return values


@pytest.fixture
def registered():
    """The registry, as it was before when the test is over."""
    before = dict(algorithms.ALGORITHMS)
    yield algorithms.ALGORITHMS
    algorithms.ALGORITHMS.clear()
    algorithms.ALGORITHMS.update(before)


@pytest.mark.parametrize(("name", "setting"), LACKING)
def test_a_setting_of_another_algorithm_is_refused_from_python(name, setting):
    having = " or ".join(algorithms.having(setting))
    message = rf"^`{setting}`=.*: not a setting of `algorithm`={name}, accepted: with `algorithm`="
    with pytest.raises(UserError, match=f"{message}{having}$"):
        SearchConfig(algorithm=name, **{setting: GIVEN[setting]})


@pytest.mark.parametrize(("name", "setting"), LACKING)
def test_a_flag_of_another_algorithm_is_refused_with_one_line(capsys, name, setting):
    value = str(GIVEN[setting]).lower() if setting == "penalty_baseline" else GIVEN[setting]
    flag = "--penalty_baseline" if value == "true" else f"--{setting}={value}"
    with pytest.raises(SystemExit) as stop:
        parse(f"--algorithm={name}", flag)
    assert stop.value.code == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(
        f"main.py: --{setting}={GIVEN[setting]}: not a flag of --algorithm={name}, "
    )
    having = " or ".join(algorithms.having(setting))
    assert line.endswith(f"accepted: with --algorithm={having}")


@pytest.mark.parametrize(("name", "setting"), PAIRS)
def test_its_own_settings_are_accepted(name, setting):
    together = {"penalty_estimator": GIVEN["penalty_estimator"]} if "baseline" in setting else {}
    config = SearchConfig(algorithm=name, **together, **{setting: GIVEN[setting]})
    assert getattr(config, setting) == GIVEN[setting]


@pytest.mark.parametrize("name", PUBLISHED)
def test_every_algorithm_has_the_published_defaults_from_python_and_by_flag(name):
    config = SearchConfig(algorithm=name)
    for setting, value in PUBLISHED[name].items():
        assert getattr(config, setting) == value, setting
    assert search.config(parse(f"--algorithm={name}")) == config


@pytest.mark.parametrize("name", algorithms.ALGORITHMS)
def test_what_is_given_replaces_the_default_of_the_algorithm(name):
    config = SearchConfig(algorithm=name, stop_on_collapse=True, epochs=3)
    assert (config.stop_on_collapse, config.epochs) == (True, 3)
    if algorithms.get(name).has("alpha_learning_rate"):
        values = parse(f"--algorithm={name}", "--alpha_learning_rate=0.5")
        assert search.config(values).alpha_learning_rate == 0.5


@pytest.mark.parametrize("name", algorithms.ALGORITHMS)
def test_a_config_is_replaced_and_made_again_from_its_fields(name):
    config = SearchConfig(algorithm=name)
    assert dataclasses.replace(config, num_seeds=2).epochs == config.epochs
    assert SearchConfig(**dataclasses.asdict(config)) == config


@pytest.mark.parametrize("name", algorithms.ALGORITHMS)
def test_no_constraint_takes_back_that_of_a_preset(name):
    values = parse("--constraint=mild", "--constraint=none", f"--algorithm={name}")
    assert search.config(values).constraint_weight == 0


def test_a_constraint_is_refused_where_there_is_no_penalty(capsys):
    with pytest.raises(SystemExit):
        parse("--constraint=mild", "--algorithm=darts")
    assert (
        "--constraint=mild: not a flag of --algorithm=darts, accepted: with --algorithm=snas\n"
        in (capsys.readouterr().err)
    )


def test_runs_of_two_algorithms_have_two_directories():
    names = [search.run_name(parse(f"--algorithm={name}")) for name in algorithms.ALGORITHMS]
    assert len(set(names)) == len(names)
    assert names[0] == "search-cifar10-none"


@pytest.mark.parametrize("name", algorithms.ALGORITHMS)
def test_an_entry_names_what_it_loads_where_it_was_published_and_fields_of_the_config(name):
    spec = algorithms.get(name)
    assert issubclass(spec.load(), Algorithm)
    assert spec.source
    fields = {field.name for field in dataclasses.fields(SearchConfig)}
    assert set(spec.settings) <= fields
    assert all(spec.has(setting) for setting in spec.defaults)


def test_a_registered_algorithm_has_the_settings_and_defaults_of_its_ancestor(registered):
    class Other(GDAS):
        """Another one."""

    algorithms.register("other", Other)
    assert algorithms.get("other").load() is Other
    assert SearchConfig(algorithm="other").initial_temperature == 10
    with pytest.raises(UserError, match=r"^`draws`=2: not a setting of `algorithm`=other"):
        SearchConfig(algorithm="other", draws=2)
    assert "other" in algorithms.having("final_temperature")


def test_an_algorithm_without_an_ancestor_has_every_setting(registered):
    class Own(Algorithm):
        """Of its own kind."""

    algorithms.register("own", Own)
    config = SearchConfig(algorithm="own", draws=2, darts_order="2", initial_temperature=3.0)
    assert (config.final_temperature, config.alpha_decay) == (0.03, "decoupled")


def test_a_name_is_registered_once(registered):
    class Other(SNAS):
        """Another one."""

    algorithms.register("other", Other)
    algorithms.register("other", Other)
    with pytest.raises(ValueError, match="another algorithm of the name 'other'"):
        algorithms.register("other", SNAS)


def test_an_unknown_algorithm_is_refused_with_the_names_of_all(capsys):
    with pytest.raises(UserError, match=r"^`algorithm`=guess: unknown, accepted: snas, darts, "):
        SearchConfig(algorithm="guess")
    with pytest.raises(SystemExit) as stop:
        parse("--algorithm=guess")
    assert stop.value.code == 2
    assert "--algorithm=guess: unknown, accepted: snas" in capsys.readouterr().err
