"""A plugin is imported before flags are checked, and what is none is refused in one line."""

import pytest
from absl import flags

from flags import export, plugin
from snas_tf import tensorflow_import
from snas_tf.architecture import operations
from snas_tf.config import SearchConfig
from snas_tf.errors import UserError
from snas_tf.runs.run_record import RunRecord

HEAD = """import snas_tf
from snas_tf.architecture.cost import Cost
from snas_tf.layers.base_operation import BaseOperation
"""
HALF = """class Half(BaseOperation):
    @classmethod
    def apply(cls, x, weights, stride, scale=None, training=False):
        return x[:, ::stride, ::stride] / 2, {}
"""
REGISTER = "snas_tf.operations.register(snas_tf.operations.OperationSpec("


@pytest.fixture(autouse=True)
def quiet(monkeypatch):
    """TensorFlow as the tests have imported it."""
    monkeypatch.setattr(tensorflow_import, "import_tensorflow", lambda: None)


def load(*paths):
    values = flags.FlagValues()
    plugin.define(values)
    values(["main.py", *(f"--plugin={path}" for path in paths)])
    plugin.load(values)


def write(directory, text, name="mine.py"):
    directory.mkdir(exist_ok=True)
    path = directory / name
    path.write_text(text)
    return path


def test_an_operation_and_a_space_of_plugins_are_known_afterwards(tmp_path):
    one = write(
        tmp_path / "a, b",
        HEAD
        + HALF
        + REGISTER
        + """"half", "skip", "half",
        lambda *_: Cost(), f"{__name__}:Half"))""",
    )
    other = write(
        tmp_path / "c",
        """import snas_tf
snas_tf.spaces.register(snas_tf.SearchSpace("halves", ("none", "half")))""",
        "space.py",
    )
    load(one, other, one)
    config = SearchConfig(space="halves", num_nodes=2, operations=("half", "skip_connect"))
    assert config.search_space.shape == (5, 2)
    assert operations.OPERATIONS["half"].label == "half"
    assert [*one.parent.iterdir()] == [one]


REFUSED = {
    "x = 1": "registers nothing, accepted: a Python file that calls snas_tf.operations.register",
    "\n\nraise RuntimeError('one\\ntwo')": "line 3: RuntimeError: one, accepted: a Python file",
    "def f(:": "line 1: SyntaxError: invalid syntax, accepted: a Python file",
    "import sys\nsys.exit(3)": "line 2: SystemExit: 3, accepted: a Python file",
    HEAD + HALF + REGISTER + "'sep_conv_3x3', 'x', 'x', lambda *_: Cost(), Half))": "line 8: "
    "ValueError: there is another operation of the name 'sep_conv_3x3', accepted: a Python",
    HEAD + "class Half(BaseOperation):\n    pass\n" + REGISTER + "'half', 'x', 'x', lambda *_: "
    "Cost(), Half))": "line 6: ValueError: operation 'half': its layer, Half, has no method apply",
    HEAD + HALF + REGISTER + "'half', 'x', 'x', None, Half))": "line 8: ValueError: operation "
    "'half': its cost is None, accepted: a function of channels",
    HEAD + "class Half:\n    apply = 3.0.hex\n" + REGISTER + "'half', 'x', 'x', lambda *_: Cost(),"
    "Half))": "TypeError: operation 'half': received the layer .*Half'>, accepted: a class that "
    "derives from snas_tf.layers.base_operation.BaseOperation$",
}


@pytest.mark.parametrize("text", REFUSED)
def test_what_registers_no_operation_is_refused_in_one_line(text, tmp_path):
    path = write(tmp_path, text)
    with pytest.raises(UserError, match=f"^--plugin={path}: {REFUSED[text]}") as error:
        load(path)
    assert "\n" not in str(error.value)
    assert str(error.value).count("accepted: ") == 1


def test_what_is_no_file_is_refused(tmp_path):
    with pytest.raises(UserError, match=r"^--plugin=.*gone.py: No such file or directory, accept"):
        load(tmp_path / "gone.py")
    with pytest.raises(UserError, match=r"^--plugin=.*: a directory, not a file, accepted: "):
        load(tmp_path)


def test_two_plugins_of_one_name_are_refused(tmp_path):
    register = "import snas_tf\nsnas_tf.spaces.register(snas_tf.SearchSpace({!r}, {}))"
    text = register.replace("{}", "('none', 'skip_connect')")
    one, other = (write(tmp_path / name, text.format(name)) for name in "ab")
    with pytest.raises(UserError, match=r"^--plugin=.*b/mine.py: a second one of this name, acc"):
        load(one, other)


def test_an_export_takes_the_plugin_of_the_training_only(tmp_path):
    path = write(tmp_path, "x = 1")
    run = tmp_path / "run"
    run.mkdir()
    values = flags.FlagValues()
    export.define(values)
    values(["main.py", f"--model_dir={run}", f"--plugin={path}"])
    record = RunRecord("evaluate", {}, {"plugins": {"mine.py": "0123456789abcdef"}})
    (run / "run.json").write_text(record.to_json())
    with pytest.raises(UserError, match=r"^--plugin: mine.py is not the one with which the run in"):
        export.run(values)
