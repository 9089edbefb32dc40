"""A table that can't be used is refused before a search, or a comparison, starts."""

import pytest
from absl import flags

from flags import command_line, common, compare, modes, search
from snas_tf.errors import UserError
from tests import made_up_table


def start(monkeypatch, *arguments):
    """Run a mode up to where TensorFlow would be imported; return the error."""

    def reach(*arguments):
        raise AssertionError("a run would start")

    values = flags.FlagValues()
    command_line.parse(["main.py", *arguments], values)
    monkeypatch.setattr(common, "prepare", reach)
    with pytest.raises((UserError, AssertionError)) as caught:
        modes.MODES[values.mode].module.run(values)
    return str(caught.value)


MODES = (["--mode=search"], ["--mode=compare", "--algorithms=snas,darts"])


@pytest.mark.parametrize("mode", MODES, ids=str)
def test_a_table_is_read_before_a_run_starts(monkeypatch, tmp_path, mode):
    path = tmp_path / "a table.csv"
    path.write_text("index,cell\n")
    given = f"--benchmark_table={path}"
    assert "`space`=darts, whose cells no table can list" in start(monkeypatch, *mode, given)
    line = start(monkeypatch, *mode, given, "--space=nasbench201")
    assert line.startswith(f"`benchmark_table`={path}: not a table of nasbench201: ")
    made_up_table.write(path, made_up_table.rows(made_up_table.SMALL))
    space = f"--space={made_up_table.SMALL.name}"
    assert start(monkeypatch, *mode, given, space) == "a run would start"


def test_a_run_is_the_same_with_a_table_and_without():
    for module, arguments in ((search, MODES[0]), (compare, MODES[1])):
        configs = []
        for given in ([], ["--benchmark_table=x.csv"]):
            values = flags.FlagValues()
            command_line.parse(["main.py", *arguments, *given], values)
            configs.append(module.config(values))
        assert configs[0] == configs[1]
