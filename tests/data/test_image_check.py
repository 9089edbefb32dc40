import pytest

from snas_tf.data.image_check import ImageCheck

DAMAGED = {"train": [3, 70_000], "validation": []}


def test_what_was_found_is_found_again_for_the_same_key(tmp_path):
    check = ImageCheck(tmp_path / "new", {"a": 1})
    assert check.load() is None
    check.save(DAMAGED)
    assert ImageCheck(tmp_path / "new", {"a": 1}).load() == DAMAGED
    assert ImageCheck(tmp_path / "new", {"a": 2}).load() is None


@pytest.mark.parametrize(
    "content", ["", "[]", '{"train": 3}', '{"train": [-1]}', '{"train": ["x"]}']
)
def test_a_damaged_record_is_not_believed(tmp_path, content, caplog):
    check = ImageCheck(tmp_path, {"a": 1})
    check.save(DAMAGED)
    (path,) = tmp_path.iterdir()
    path.write_text(content)
    assert check.load() is None
    assert "images are checked anew" in caplog.text
    check.save(DAMAGED)
    assert check.load() == DAMAGED
