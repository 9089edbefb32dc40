import pathlib
import subprocess
import sys
import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest

from snas_tf import plots
from snas_tf.architecture.genotype import CellGenotype, Edge

_CELL = CellGenotype((Edge(0, 2, "sep_conv_5x5"), Edge(0, 3, "sep_conv_5x5")))
_ROWS = [{"epoch": epoch, "accuracy": epoch / 3} for epoch in range(3)]


def _pictures():
    return {
        "cell": plots.draw_cell(_CELL, "a cell"),
        "alpha": plots.draw_alpha(np.full((14, 8), 1 / 8), "probabilities"),
        "curves": plots.draw_curves(_ROWS, "curves"),
    }


@pytest.mark.parametrize("kind", ["cell", "alpha", "curves"])
def test_saved_files_are_what_their_suffix_says(kind, tmp_path):
    from matplotlib.image import imread

    figure = _pictures()[kind]
    plots.save(figure, tmp_path / "picture.PNG")
    width, height = figure.get_size_inches() * 150
    shape = imread(tmp_path / "picture.PNG", format="png").shape
    assert shape[:2] == pytest.approx((height, width), abs=1)
    plots.save(figure, tmp_path / "picture.svg")
    assert ElementTree.parse(tmp_path / "picture.svg").getroot().tag.endswith("}svg")


@pytest.mark.parametrize("suffix", ["png", "svg"])
def test_same_picture_gives_same_bytes(suffix, tmp_path):
    for kind, figure in _pictures().items():
        first, second = tmp_path / f"{kind}-1.{suffix}", tmp_path / f"{kind}-2.{suffix}"
        plots.save(figure, first)
        plots.save(_pictures()[kind], second)
        assert first.read_bytes() == second.read_bytes()


def test_saving_twice_gives_same_bytes():
    figure = plots.draw_curves(_ROWS, "curves")
    assert plots.to_png_bytes(figure) == plots.to_png_bytes(figure)


def test_png_bytes_are_those_of_the_png_file(tmp_path):
    figure = plots.draw_cell(_CELL, "a cell")
    plots.save(figure, tmp_path / "cell.png")
    assert plots.to_png_bytes(figure) == (tmp_path / "cell.png").read_bytes()
    other = plots.draw_cell(CellGenotype(()), "a cell")
    assert plots.to_png_bytes(figure) != plots.to_png_bytes(other)


def _fail(*_):
    raise OSError("no space left on device")


@pytest.mark.parametrize("step", ["os.replace", "pathlib.Path.write_bytes"])
def test_failed_save_leaves_the_old_file_and_no_other(step, tmp_path, monkeypatch):
    path = tmp_path / "cell.svg"
    path.write_text("old")
    figure = plots.draw_cell(_CELL, "a cell")
    monkeypatch.setattr(step, _fail)
    with pytest.raises(OSError, match="no space left"):
        plots.save(figure, path)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_unknown_suffix_is_refused_and_nothing_is_written(tmp_path):
    with pytest.raises(ValueError, match=r"received: cell\.jpg"):
        plots.save(plots.draw_cell(_CELL, "a cell"), tmp_path / "cell.jpg")
    assert not list(tmp_path.iterdir())


def test_drawing_and_saving_leave_the_state_of_matplotlib_alone(tmp_path):
    import matplotlib

    before = dict(matplotlib.rcParams)
    for kind, figure in _pictures().items():
        plots.save(figure, tmp_path / f"{kind}.svg")
    assert dict(matplotlib.rcParams) == before


def test_importing_is_light_and_drawing_needs_neither_pyplot_nor_tensorflow():
    program = (
        "import sys; from snas_tf import plots;"
        "from snas_tf.architecture.genotype import CellGenotype;"
        "assert 'matplotlib' not in sys.modules;"
        "plots.to_png_bytes(plots.draw_cell(CellGenotype(()), ''));"
        "assert not {'matplotlib.pyplot', 'tensorflow'} & set(sys.modules)"
    )
    root = pathlib.Path(plots.__file__).parents[2]
    subprocess.run([sys.executable, "-c", program], check=True, cwd=root)
