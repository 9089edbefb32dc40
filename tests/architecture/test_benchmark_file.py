"""What a table may be, and how others are refused."""

import gzip
import time

import pytest

from snas_tf.architecture import benchmark_file, spaces
from snas_tf.architecture.spaces import NASBENCH201
from snas_tf.errors import UserError
from tests import made_up_table

CELL = "|none~0|+|none~0|none~1|+|none~0|none~1|none~2|"


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    """A whole table."""
    return made_up_table.write(tmp_path_factory.mktemp("table") / "t.csv", made_up_table.rows())


def test_a_compressed_table_is_the_same_and_the_order_of_columns_does_not_matter(path, tmp_path):
    plain = benchmark_file.read(path, NASBENCH201)
    other = tmp_path / "other"
    lines = [line.split(",") for line in path.read_text().splitlines()]
    turned = "\n\n".join(" , ".join(reversed(line[1:])) for line in lines)
    other.write_bytes(gzip.compress(turned.encode()))
    found = benchmark_file.read(other, NASBENCH201)
    assert found.rows == plain.rows
    assert list(found.accuracies) == list(reversed(plain.accuracies))
    for name, column in plain.accuracies.items():
        assert (found.accuracies[name] == column).all()


def test_a_line_of_a_million_columns_is_refused_at_once(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("cell," * 1_000_000)
    started = time.thread_time()
    with pytest.raises(UserError, match="has no name"):
        benchmark_file.read(path, NASBENCH201)
    path.write_text("cell" + ",a" * 1_000_000)
    with pytest.raises(UserError, match="two columns are named 'a'"):
        benchmark_file.read(path, NASBENCH201)
    assert time.thread_time() - started < 10


def edit(path, line, text):
    """The table with another text in place of a line."""
    lines = path.read_text().splitlines()
    return "\n".join([*lines[: line - 1], *([] if text is None else [text]), *lines[line:]])


EDITED = [
    (1, "index,cel,a,b,c", "['index', 'cel', 'a', 'b', 'c'], accepted: one of them named cell"),
    (1, "index,cell,a,b,a", "two columns are named 'a'"),
    (3, f"2,{CELL},3,4", "line 3: 4 values, accepted: 5, as in line 1"),
    (3, f"2,{CELL},3,x,4", "line 3: imagenet16_test_200ep is 'x', accepted: a percentage"),
    (3, f"2,{CELL},3,nan,4", "line 3: imagenet16_test_200ep is 'nan'"),
    (3, f"2,{CELL},3,4,100.5", "line 3: cifar10_val_12ep is '100.5', accepted: a percentage, 0 "),
    (3, f"2,{CELL},-1,4,5", "line 3: cifar10_test_200ep is '-1'"),
    (3, f"2,{CELL},3,,5", "line 3: imagenet16_test_200ep is ''"),
    (3, "2,|none~0|,3,4,5", "line 3: received 1 nodes, separated by +, accepted: 3"),
    (3, "2,cell,3,4,5", "line 3: received 1 nodes"),
    (
        3,
        f"2,{CELL.replace('none~2', 'sep_conv_3x3~2')},3,4,5",
        "sep_conv_3x3~2|', accepted: a cell of nasbench201",
    ),
    (7, None, "it has 15,624 of the 15,625 cells and lacks |"),
    (7, f'2,"{CELL},3,4,5', ", accepted: a CSV file, plain or compressed by gzip"),
]


@pytest.mark.parametrize(("line", "text", "part"), EDITED, ids=[str(one[2]) for one in EDITED])
def test_a_line_that_is_wrong_is_named(path, tmp_path, line, text, part):
    (tmp_path / "t.csv").write_text(edit(path, line, text))
    assert part in refusal(tmp_path / "t.csv")


def refusal(path, space=NASBENCH201):
    with pytest.raises(UserError) as caught:
        benchmark_file.read(path, space)
    (line,) = str(caught.value).splitlines()
    assert line.startswith("`benchmark_table`=")
    assert len(line) < 900
    return line


def test_a_cell_has_one_row(path, tmp_path):
    lines = path.read_text().splitlines()
    (tmp_path / "t.csv").write_text("\n".join([*lines, lines[5]]))
    assert f"line 15627: the cell {lines[5].split(',')[1]} a second time" in refusal(
        tmp_path / "t.csv"
    )


WHOLE = {
    "empty": (b"", "it is empty"),
    "blank": (b"\n\n", "it is empty"),
    "no accuracy": (b"index,cell\n", "it has no accuracy"),
    "column without a name": (b"cell,,a\n", "column 2 has no name"),
    "head only": (b"cell,a\n", "it has 0 of the 15,625 cells"),
    "binary": (
        b"\x89PNG\r\n\x1a\n\xff\xfe\x00",
        "accepted: a CSV file, plain or compressed by gzip",
    ),
    "cut off": (gzip.compress(b"cell,a\n" * 999)[:-9], "compressed by gzip, and cut off"),
    "damaged": (gzip.compress(b"cell,a\n")[:-8] + b"12345678", "compressed by gzip, and damaged"),
    "inflated": (gzip.compress(b"\n" * 64_000_001), "larger than 64,000,000 bytes"),
}


@pytest.mark.parametrize(("content", "part"), WHOLE.values(), ids=WHOLE)
def test_what_is_no_table_is_refused(tmp_path, content, part):
    (tmp_path / "t").write_bytes(content)
    assert part in refusal(tmp_path / "t")


def test_shares_are_no_percentages(path, tmp_path):
    rows = made_up_table.rows(columns=("a",))
    shares = [rows[0], *([*row[:2], row[2] / 100] for row in rows[1:])]
    assert "the largest a is 0.899, accepted: percentages" in refusal(
        made_up_table.write(tmp_path / "t", shares)
    )


def test_a_file_that_is_not_there_is_refused(tmp_path):
    assert "No such file" in refusal(tmp_path / "gone")
    assert "a directory" in refusal(tmp_path)


def test_a_space_whose_cells_are_too_many_is_refused_before_the_file_is_read(tmp_path):
    line = refusal(tmp_path / "gone", spaces.DARTS)
    assert "`space`=darts" in line
    assert "accepted: with `space`=nasbench201" in line


def test_a_variant_is_looked_up_in_the_table_of_its_space(path, tmp_path):
    assert (
        benchmark_file.read(path, NASBENCH201.vary(["none", "nor_conv_3x3"])).space == NASBENCH201
    )
    foreign = NASBENCH201.vary(["none", "sep_conv_3x3"])
    with pytest.raises(UserError, match="`operations`=sep_conv_3x3, which its cells do not have"):
        benchmark_file.read(tmp_path / "missing.csv", foreign)
