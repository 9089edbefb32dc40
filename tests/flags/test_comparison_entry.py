"""An entry of --algorithms is read as the flags of a search are."""

import pytest
from absl import flags

from flags import command_line, compare
from snas_tf.config import ChildConfig, SearchConfig, algorithms
from tests.flags import refusals


def read(*arguments):
    """What the flags of a comparison ask for."""
    values = flags.FlagValues()
    command_line.parse(["main.py", "--mode=compare", *arguments], values)
    return compare.config(values)


def refusal(capsys, *arguments):
    return refusals.refusal(capsys, lambda: read(*arguments))


def test_a_name_is_the_search_that_the_name_alone_asks_for():
    names = list(algorithms.ALGORITHMS)
    comparison = read(f"--algorithms={','.join(names)}", "--seeds=4,2")
    assert comparison.searches == {name: SearchConfig(algorithm=name) for name in names}
    assert list(comparison.searches) == names
    assert comparison.seeds == (4, 2)
    assert comparison.child is None


def test_a_setting_of_an_entry_is_for_that_one_and_its_text_is_the_label():
    entries = ("snas:relaxation=one_hot:draws=2", "snas", "darts:darts_order=single_level")
    assert read(f"--algorithms={','.join(entries)}").searches == {
        entries[0]: SearchConfig(relaxation="one_hot", draws=2),
        entries[1]: SearchConfig(),
        entries[2]: SearchConfig(algorithm="darts", darts_order="single_level"),
    }


def test_a_flag_is_for_all_that_have_it():
    searches = read(
        "--algorithms=snas,darts,gdas", "--epochs=9", "--final_temperature=0.2"
    ).searches
    assert {one.epochs for one in searches.values()} == {9}
    assert [one.final_temperature for one in searches.values()] == [0.2, 0.03, 0.2]
    assert searches["gdas"].initial_temperature == 10  # its own default


def test_the_setting_of_an_entry_replaces_the_flag():
    searches = read("--algorithms=snas:epochs=3,snas", "--epochs=9").searches
    assert [one.epochs for one in searches.values()] == [3, 9]


def test_a_weight_of_an_entry_replaces_the_constraint_and_a_constraint_is_no_flag_of_darts():
    entries = "--algorithms=snas:constraint_weight=0.5,snas,snas:target_parameters=2e6,darts"
    weights = [
        one.constraint_weight for one in read(entries, "--constraint=mild").searches.values()
    ]
    assert weights == [0.5, 0.03, 0, 0]


def test_children_have_the_size_and_the_budget_of_the_flags():
    comparison = read(
        *("--algorithms=snas:theta_learning_rate=0.5", "--num_cells=5", "--init_channels=6"),
        *("--train_children=7", "--child_cells=9", "--theta_momentum=0.8", "--random_children=2"),
    )
    assert comparison.child == ChildConfig(
        num_cells=9,
        init_channels=6,
        epochs=7,
        theta_momentum=0.8,
        cutout_length=0,
        drop_path_probability=0,
        auxiliary_weight=0,
    )
    assert comparison.random_children == 2


def test_sizes_that_are_not_given_are_those_of_the_search_space():
    comparison = read("--algorithms=snas,enas", "--space=nasbench201", "--train_children=1")
    for config in (*comparison.searches.values(), comparison.child):
        assert (config.num_cells, config.init_channels) == (5, 16)


@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        ([], ["--algorithms: not given"]),
        (["--algorithms="], ["--algorithms=: an empty name"]),
        (["--algorithms=snas,,darts"], ["an empty name"]),
        (["--algorithms=magic"], ["--algorithms=magic: unknown, accepted: snas, darts"]),
        (["--algorithms=snas,darts,snas"], ["snas twice, accepted: once"]),
        (["--algorithms=snas", "--darts_order=2"], ["--darts_order=2: not", "with darts among"]),
        (["--algorithms=snas:darts_order=2"], ["--darts_order=2: not a flag of --algorithm=snas"]),
        (["--algorithms=darts:darts_order=3"], ["darts:darts_order=3: ", "<1|2|single_level>"]),
        (["--algorithms=snas:draws=many"], ["--algorithms=snas:draws=many: "]),
        (["--algorithms=snas:draws"], ["received 'draws' after ':', accepted: SETTING=VALUE"]),
        (["--algorithms=snas:"], ["received '' after ':'"]),
        (["--algorithms=snas:seed=3"], ["received 'seed=3'"]),
        (["--algorithms=snas:num_seeds=3"], ["received 'num_seeds=3'"]),
        (["--algorithms=snas:algorithm=darts"], ["received 'algorithm=darts'"]),
        (["--algorithms=snas:space=nasbench201"], ["received 'space=nasbench201'"]),
        (["--algorithms=snas:benchmark_table=x"], ["received 'benchmark_table=x'"]),
        (["--algorithms=snas:dataset=digits"], ["received 'dataset=digits'"]),
        (["--algorithms=snas:epochs=0"], ["--algorithms=snas:epochs=0: --epochs=0", "1 or more"]),
        (["--algorithms=snas", "--epochs=0"], ["--epochs=0: nothing"]),
        (["--algorithms=snas", "--seeds="], ["--seeds=: accepted: integers"]),
        (["--algorithms=snas", "--seeds=0,x"], ["--seeds=0,x: accepted: integers"]),
        (["--algorithms=snas", "--seeds=0,-1"], ["--seeds=-1: out of range"]),
        (["--algorithms=snas", "--seeds=0,1,0"], ["--seeds=0,1,0: accepted: one or more, none"]),
        (
            ["--algorithms=snas", "--random_children=2"],
            ["--random_children=2: ", "--train_children"],
        ),
        (["--algorithms=snas", "--child_cells=4"], ["--child_cells=4: ", "with --train_children"]),
        (["--algorithms=snas", "--cutout_length=4"], ["--cutout_length=4: ", "--train_children"]),
        (["--algorithms=snas", "--child_channels=3"], ["--child_channels=3", "an even number"]),
        (["--algorithms=snas", "--child_cells=0"], ["--child_cells=0", "[1, 200]"]),
    ],
    ids=lambda value: " ".join(value),
)
def test_what_is_wrong_is_one_line(capsys, arguments, parts):
    line = refusal(capsys, *arguments)
    assert "\n" not in line
    assert all(part in line for part in parts), line
