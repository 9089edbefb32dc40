import codecs
import os
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from snas_tf.architecture import genotype_json, genotype_source, zoo
from snas_tf.errors import UserError

JSON = genotype_json.to_json(zoo.genotypes()["nasnet_a"])


def printed(operation):
    pairs = [(operation, 0), (operation, 1)] * 4
    return f"Genotype(normal={pairs}, normal_concat=range(2, 6), reduce={pairs}, reduce_concat=[5])"


def operations(genotype):
    return {edge.operation for edge in genotype.cell("normal").edges}


def test_a_name_of_the_zoo_is_found():
    assert genotype_source.load_genotype("darts_v2") == zoo.genotypes()["darts_v2"]


def test_an_unknown_name_lists_the_names_and_suggests_the_nearest():
    with pytest.raises(UserError, match=r"`genotype`=darts_v3: unknown.*nasnet_a.*mean darts_v"):
        genotype_source.load_genotype("darts_v3")
    for unknown in ("qqq", "", "q" * 100_000, "a\0b"):
        with pytest.raises(UserError, match=r"or the path of a file$") as caught:
            genotype_source.load_genotype(unknown)
        assert len(str(caught.value)) < 500


def test_a_file_may_hold_json_or_a_printed_namedtuple(tmp_path):
    path = tmp_path / "cell.json"
    path.write_text(JSON)
    assert genotype_source.load_genotype(str(path)) == zoo.genotypes()["nasnet_a"]
    path.write_text(printed("sep_conv_3x3"))
    assert operations(genotype_source.load_genotype(str(path))) == {"sep_conv_3x3"}


@pytest.mark.parametrize(
    "encoded",
    [
        codecs.BOM_UTF8 + JSON.encode(),
        JSON.replace("\n", "\r\n").encode(),
        codecs.BOM_UTF8 + JSON.replace("\n", "\r\n").encode(),
        JSON.encode("utf-16"),
    ],
    ids=["mark", "CRLF", "both", "UTF-16"],
)
def test_json_is_read_as_windows_writes_it(encoded, tmp_path):
    (tmp_path / "cell.json").write_bytes(encoded)
    assert genotype_source.read_genotype(tmp_path / "cell.json") == zoo.genotypes()["nasnet_a"]


def test_an_unreadable_file_is_named_in_one_line(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")
    (tmp_path / "large").write_text("Genotype(" * 1_200_000)
    for path, message in [
        (tmp_path / "gone.json", "No such file"),
        (tmp_path / "binary", "no UTF-16 text"),
        (tmp_path / "large", "larger than 1,000,000 bytes"),
        (tmp_path / "pipe", "not a regular file"),
        (tmp_path, "a directory"),
        (tmp_path / ("x" * 300), "File name too long"),
    ]:
        for read in (genotype_source.load_genotype, genotype_source.read_genotype):
            with pytest.raises(UserError, match=f"not a readable text file.*{message}") as caught:
                read(str(path))
            assert str(path)[:50] in str(caught.value)
            assert len(str(caught.value)) < 400 + len(str(tmp_path))
            assert "\n" not in str(caught.value)


def test_only_the_flag_s_own_file_is_reported_as_the_flag_s(tmp_path):
    path = tmp_path / "cell.json"
    path.write_text("{}")
    with pytest.raises(UserError, match=r"^`genotype`=.*cell\.json: not a genotype"):
        genotype_source.load_genotype(str(path))
    with pytest.raises(UserError, match=r"^/.*cell\.json: not a genotype"):
        genotype_source.read_genotype(path)


LOG = f"genotype = {printed('skip_connect')}\nBEST = {printed('sep_conv_5x5')}\n"


def test_one_of_a_file_s_genotypes_is_selected_by_line_or_name(tmp_path):
    log = tmp_path / "search.log"
    log.write_text(LOG)
    assert operations(genotype_source.load_genotype(f"{log}:1")) == {"skip_connect"}
    assert operations(genotype_source.load_genotype(f"{log}:2")) == {"sep_conv_5x5"}
    assert operations(genotype_source.load_genotype(f"{log}#BEST")) == {"sep_conv_5x5"}
    for source, message in [
        (log, r"2 genotypes that differ, on lines 1 \(genotype\), 2 \(BEST\); .* FILE:2"),
        (f"{log}:3", "search.log:3: no genotype on line 3"),
        (f"{log}#WORST", "no genotype with the name 'WORST'"),
        (f"{log}:x", "No such file"),
        (f"{log}x:1", "No such file"),
    ]:
        with pytest.raises(UserError, match=message):
            genotype_source.load_genotype(str(source))


@pytest.mark.parametrize("name", ["cell:1", "cell#BEST", "a:b#c", "run #1", "12:30"])
def test_a_file_whose_name_looks_like_a_selection_is_read_whole(name, tmp_path):
    (tmp_path / name).write_text(printed("dil_conv_3x3"))
    (tmp_path / "cell").write_text(LOG)
    assert operations(genotype_source.load_genotype(str(tmp_path / name))) == {"dil_conv_3x3"}
    assert operations(genotype_source.load_genotype(f"{tmp_path / name}:1")) == {"dil_conv_3x3"}


def test_a_run_is_named_after_the_file_and_what_is_selected_in_it(tmp_path):
    (tmp_path / "search.log").write_text(LOG)
    names = {"darts_v2": "darts_v2", "gone/cell.json": "cell"}
    names |= {
        f"{tmp_path}/search.log{end}": f"search{word}"
        for end, word in (("", ""), (":2", "-2"), ("#BEST", "-BEST"))
    }
    assert {source: genotype_source.short_name(source) for source in names} == names


def test_a_selection_in_json_is_refused(tmp_path):
    (tmp_path / "cell.json").write_text(JSON)
    with pytest.raises(UserError, match=r"no Genotype\(\.\.\.\) in it, of which 1 would"):
        genotype_source.load_genotype(f"{tmp_path / 'cell.json'}:1")


HOSTILE = {
    "brackets": "[" * 900_000,
    "objects": '{"version":' * 90_000,
    "large number": '{"version": 1e400, "normal": {}, "reduce": {}}',
    "no number": '{"version": NaN, "normal": {}, "reduce": {}}',
    "huge integer": '{"version": ' + "1" * 900_000 + "}",
    "a key twice": JSON.replace('"version": 1', '"version": 1, "version": 1'),
    "long key": JSON.replace("version", "v" * 900_000),
    "long operation": JSON.replace("sep_conv_5x5", "x" * 100_000),
    "many entries": JSON.replace('[0, 2, "sep_conv_3x3"]', "[" + "0, " * 200_000 + "0]"),
    "nested entry": JSON.replace('[0, 2, "sep_conv_3x3"]', "[" * 900 + "]" * 900),
    "code": "__import__('os').system('true')",
    "lines": '"' + "\\n" * 1000 + '"',
}


@pytest.mark.parametrize("hostile", HOSTILE.values(), ids=HOSTILE)
def test_hostile_json_is_refused_at_once_in_one_short_line(hostile, tmp_path):
    (tmp_path / "cell.json").write_text(hostile)
    started = time.thread_time()
    with pytest.raises(UserError, match="genotype") as caught:
        genotype_source.load_genotype(str(tmp_path / "cell.json"))
    assert time.thread_time() - started < 10
    assert len(str(caught.value)) < 400 + len(str(tmp_path))
    assert "\n" not in str(caught.value)


PIECES = st.lists(
    st.sampled_from([JSON, LOG, printed("skip_connect"), "Genotype(", "\n", "[", "{", "class "])
    | st.text(max_size=8),
    max_size=4,
).map("".join)


@settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(PIECES | st.binary(max_size=40), st.sampled_from(["", ":1", ":2", "#BEST", "#", ":"]))
def test_any_file_gives_a_genotype_or_a_user_error(tmp_path, content, selection):
    content = content.encode() if isinstance(content, str) else content
    (tmp_path / "cell").write_bytes(content)
    message = ""
    try:
        genotype = genotype_source.load_genotype(f"{tmp_path / 'cell'}{selection}")
        assert genotype_json.from_json(genotype_json.to_json(genotype)) == genotype
    except UserError as error:
        message = str(error)
    assert len(message) < 400 + len(str(tmp_path))
    assert "\n" not in message
