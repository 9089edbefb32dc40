import pytest

from snas_tf.architecture import genotype, lookup, zoo
from snas_tf.errors import UserError


def test_a_name_of_the_zoo_is_found():
    assert lookup.find("darts_v2") == zoo.genotypes()["darts_v2"]


def test_an_unknown_name_lists_the_names_and_suggests_the_nearest():
    with pytest.raises(UserError, match=r"--genotype=darts_v3: unknown.*nasnet_a.*mean darts_v"):
        lookup.find("darts_v3")
    with pytest.raises(UserError, match=r"or the path of a file$"):
        lookup.find("qqq")


def test_a_file_may_hold_json_or_a_printed_namedtuple(tmp_path):
    path = tmp_path / "cell.json"
    path.write_text(genotype.to_json(zoo.genotypes()["nasnet_a"]))
    assert lookup.find(str(path)) == zoo.genotypes()["nasnet_a"]
    path.write_text("Genotype(normal=[], normal_concat=[2], reduce=[], reduce_concat=[2])")
    assert lookup.find(str(path)).normal.edges == ()


def test_an_unreadable_file_is_named(tmp_path):
    path = tmp_path / "cell.json"
    with pytest.raises(UserError, match=r"cell\.json: not a readable text file"):
        lookup.find(str(path))
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UserError, match=r"cell\.json: not a readable text file"):
        lookup.find(str(path))
    path.write_text("{}")
    with pytest.raises(UserError, match=r"--genotype=.*cell\.json: not a genotype"):
        lookup.find(str(path))
