"""A flag that is a field of a config has the config's default, range and names."""

import pytest
from absl import flags

from flags import evaluate, fields
from flags.modes import MODES
from flags.wording import to_flags
from snas_tf.config import ChildConfig, DataConfig, ImageNetConfig, RunConfig, SearchConfig
from snas_tf.config.accepted import OneOf, Range, accepted_values
from snas_tf.errors import UserError

CONFIGS = {
    "search": (SearchConfig, DataConfig, RunConfig),
    "evaluate": (ChildConfig, DataConfig, RunConfig),
    "imagenet": (ImageNetConfig, DataConfig, RunConfig),
}
OWN = {"constraint", "scale_learning_rate", "mode", "benchmark_table"}
"""Flags that are no field."""


def taken(mode, name, value):
    """Whether a mode's flag takes a value."""
    values = MODES[mode].define(flags.FlagValues())
    try:
        values(["main.py", f"--{name}={value}"])
    except flags.IllegalFlagValueError:
        return False
    return True


@pytest.mark.parametrize("mode", CONFIGS)
def test_every_flag_of_a_training_is_a_field_and_every_field_has_a_flag(mode):
    named = {name for config in CONFIGS[mode] for name in accepted_values(config)}
    of_imagenet = {
        *("validation_fraction", "image_storage", "classes", "examples_per_class"),
        *("initial_weights", "export_weights"),
    }
    without = of_imagenet if mode == "imagenet" else set()
    assert set(MODES[mode].define(flags.FlagValues())) - OWN == named - without


def test_a_comparison_has_every_flag_of_a_search_but_those_that_its_lists_replace():
    compared, searched = (
        set(MODES[mode].define(flags.FlagValues())) for mode in ("compare", "search")
    )
    assert searched - compared == {"algorithm", "seed", "num_seeds"}
    own = {"algorithms", "seeds", "train_children", "random_children"}
    child = {"child_cells", "child_channels", *evaluate.CHILD}
    assert compared - searched == own | child


@pytest.mark.parametrize("mode", CONFIGS)
def test_a_flag_takes_what_its_field_accepts_and_no_more(mode):
    values = MODES[mode].define(flags.FlagValues())
    for config in CONFIGS[mode]:
        for name, accepted in accepted_values(config).items():
            if name not in values:
                continue
            if isinstance(accepted.rule, OneOf):
                assert values[name].parser.enum_values == list(accepted.rule.names)
                assert not taken(mode, name, "anything")
            elif isinstance(accepted.rule, Range) and name != "init_channels":
                assert not taken(mode, name, accepted.rule.lowest - 1)
                assert not taken(mode, name, "nan")
                assert taken(mode, name, accepted.rule.lowest) != accepted.rule.above


def test_a_value_is_refused_from_python_in_the_words_of_the_flag():
    with pytest.raises(UserError) as error:
        DataConfig(batch_size=0)
    assert to_flags(str(error.value)) == (
        "--batch_size=0: out of range, accepted: an integer, 1 to 65536"
    )


def test_only_fields_that_the_mode_has_are_read():
    values = flags.FlagValues()
    fields.define(values, DataConfig(batch_size=3), {"batch_size": "Images.", "mirror": "Half."})
    values(["main.py", "--nomirror"])
    assert fields.read(values, DataConfig) == {"batch_size": 3, "mirror": False}


def test_a_list_of_names_is_separated_by_commas_and_not_given_by_default():
    values = MODES["search"].define(flags.FlagValues())
    assert values["operations"].value is None
    values(["main.py", "--operations=none, sep_conv_3x3"])
    assert fields.read(values, SearchConfig)["operations"] == ["none", "sep_conv_3x3"]
    with pytest.raises(flags.IllegalFlagValueError, match="an empty name, accepted: names, separ"):
        values(["main.py", "--operations=none,,sep_conv_3x3"])
