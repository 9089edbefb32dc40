import pytest

from snas_tf.config import ChildConfig, Comparison, SearchConfig
from snas_tf.config.comparison import RANDOM, directory_name
from snas_tf.errors import UserError

SNAS = SearchConfig()


@pytest.mark.parametrize(
    ("label", "name"),
    [
        ("snas", "snas"),
        ("darts:darts_order=2", "darts-darts_order=2"),
        ("snas:alpha_weight_decay=1e-3", "snas-alpha_weight_decay=1e-3"),
        (RANDOM, "random-no-sharing"),
        ("../a b/*?", "a-b"),
        ("..", "unnamed"),
    ],
)
def test_a_directory_has_the_label_in_plain_letters(label, name):
    assert directory_name(label) == name


def test_long_labels_that_differ_have_short_names_that_differ():
    names = {directory_name(f"{'x' * 300}{end}") for end in "ab"}
    assert len(names) == 2
    assert {len(name) for name in names} == {100}


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"searches": {}}, "`algorithms`: none given"),
        ({"searches": {"a b": SNAS, "a:b": SNAS}}, "`algorithms`=a:b: .*a-b is that of 'a b'"),
        ({"searches": {RANDOM: SNAS}}, "`algorithms`=random, no sharing: "),
        ({"searches": {"images": SNAS}}, "`algorithms`=images: "),
        ({"searches": {"a": SearchConfig(num_seeds=2)}}, "`num_seeds`=2: .*`seeds`"),
        (
            {"searches": {"a": SNAS, "b": SearchConfig(space="nasbench201")}},
            "`space`=nasbench201: of 'b', accepted: darts, as of the others",
        ),
        ({"child": ChildConfig(num_cells=2)}, "`num_cells`=2: out of range, accepted: .*3 to 200"),
        ({"seeds": ()}, "`seeds`=: accepted: one or more"),
        ({"seeds": (1, 2, 1)}, "`seeds`=1,2,1: accepted: one or more, none twice"),
        ({"seeds": (1.5,)}, "`seeds`=1.5: not an integer"),
        ({"seeds": (2**31,)}, "`seeds`=2147483648: out of range"),
        ({"random_children": -1}, "`random_children`=-1: out of range, accepted: .*0 to 1000"),
        ({"random_children": 3}, "`random_children`=3: .*with `train_children`"),
    ],
)
def test_what_does_not_go_together_is_refused(settings, message):
    with pytest.raises(UserError, match=f"^{message}"):
        Comparison(**{"searches": {"snas": SNAS}, "seeds": (0,), **settings})


def test_children_are_as_small_as_networks_of_the_searched_space_can_be():
    small = SearchConfig(space="nasbench201", num_cells=1)
    comparison = Comparison({"a": small}, (0,), ChildConfig(num_cells=1))
    assert comparison.search_space is small.search_space


def test_random_cells_are_a_label_of_their_own():
    child = ChildConfig()
    assert Comparison({"a": SNAS}, (0,), child).labels == ("a",)
    assert Comparison({"a": SNAS}, (0,), child, random_children=2).labels == ("a", RANDOM)
