"""A comparison may grow, and nothing else about it may change."""

import dataclasses

import pytest

from snas_tf.config import ChildConfig, Comparison, DataConfig, SearchConfig
from snas_tf.errors import UserError
from snas_tf.runs.run_directory import RunDirectory
from snas_tf.workflows import comparison_record

SNAS, DARTS = SearchConfig(), SearchConfig(algorithm="darts")
CHILD = ChildConfig(epochs=7)
BEFORE = Comparison({"snas": SNAS, "darts:x": DARTS}, (0, 3), CHILD, random_children=2)
DATA = DataConfig("digits")


def change(**settings):
    return dataclasses.replace(BEFORE, **settings)


def check(comparison, path, before=BEFORE, data=DATA, trained=True):
    """Check a comparison where another one has trained."""
    run = RunDirectory(path)
    run.write_record(comparison_record.make_record(before, DATA), {})
    if trained:
        result = path / "snas" / "seed_0" / "result.json"
        result.parent.mkdir(parents=True)
        result.write_text("{}")
    comparison_record.check(comparison_record.make_record(comparison, data), run)


@pytest.mark.parametrize(
    "comparison",
    [
        BEFORE,
        change(searches={"new": SNAS, **BEFORE.searches}),
        change(seeds=(5, 3, 0)),
        change(random_children=3),
    ],
)
def test_what_grows_may_go_on(comparison, tmp_path):
    check(comparison, tmp_path)


def test_trainings_may_be_added(tmp_path):
    check(BEFORE, tmp_path, before=change(child=None, random_children=0))


@pytest.mark.parametrize(
    ("comparison", "message"),
    [
        (change(searches={"snas": SNAS}), "`algorithms`=snas: .* has darts:x too"),
        (change(seeds=(0, 1)), "`seeds`=0,1: .* has 3 too, accepted: the same or more"),
        (change(searches={"snas": SNAS, "darts:x": SNAS}), "`algorithm`=snas: .*=darts"),
        (change(child=ChildConfig(epochs=8)), "`train_children`=8: .*`train_children`=7"),
        (change(child=ChildConfig(4, epochs=7)), "`child_cells`=4: .*`child_cells`=20"),
        (change(child=ChildConfig(20, 4, 7)), "`child_channels`=4: .*`child_channels`=36"),
        (change(child=None, random_children=0), "`train_children`=0: .*`train_children`=7"),
        (change(random_children=1), "`random_children`=1: .*`random_children`=2"),
    ],
)
def test_what_changes_or_shrinks_is_refused(comparison, message, tmp_path):
    with pytest.raises(UserError, match=f"^{message}.*another `model_dir`$"):
        check(comparison, tmp_path)


def test_other_images_are_refused(tmp_path):
    with pytest.raises(UserError, match=r"^`dataset`=cifar10: .*`dataset`=digits"):
        check(BEFORE, tmp_path, data=DataConfig("cifar10"))


def test_where_nothing_has_trained_anything_may_change(tmp_path):
    check(change(searches={"other": SNAS}, seeds=(9,)), tmp_path, trained=False)
