import numpy as np
import pytest
from matplotlib.text import Text

from snas_tf import plots

MEASURES = {"parameters": "parameters", "latency_ms": "ms for one image"}
FRONTS = {"parameters": [2, 1], "latency_ms": [3, 1]}


def point(number, accuracy, parameters, latency, **settings):
    return {
        "trial": number,
        "accuracy": accuracy,
        "parameters": parameters,
        "latency_ms": latency,
        "settings": settings or {"weight": f"0.{number}"},
    }


POINTS = [point(1, 0.9, 3000, 5.0), point(2, 0.5, 1000, 6.0), point(3, 0.4, 2000, 1.0)]


def artists(figure, prefix):
    found = figure.findobj(lambda artist: str(artist.get_gid()).startswith(prefix))
    return {artist.get_gid(): artist for artist in found}


def texts(figure):
    figure.draw_without_rendering()
    return [text.get_text() for text in figure.findobj(Text) if text.get_visible()]


def test_every_trial_is_a_point_and_the_front_a_line():
    figure = plots.draw_pareto(POINTS, FRONTS, MEASURES)
    fronts, beaten = artists(figure, "front-"), artists(figure, "beaten-")
    np.testing.assert_allclose(fronts["front-parameters"].get_xydata(), [(1000, 0.5), (3000, 0.9)])
    np.testing.assert_allclose(fronts["front-latency_ms"].get_xydata(), [(1, 0.4), (5, 0.9)])
    np.testing.assert_allclose(beaten["beaten-parameters"].get_xydata(), [(2000, 0.4)])
    np.testing.assert_allclose(beaten["beaten-latency_ms"].get_xydata(), [(6, 0.5)])
    assert fronts["front-parameters"].get_drawstyle() == "steps-post"


def test_the_points_of_a_front_say_which_trial_and_level_they_are():
    shown = texts(plots.draw_pareto(POINTS, FRONTS, MEASURES))
    assert shown.count("1: 0.1") == 2
    assert (shown.count("2: 0.2"), shown.count("3: 0.3")) == (1, 1)
    assert {"parameters", "ms for one image", "validation accuracy"} <= set(shown)


def test_the_key_says_what_trials_of_several_settings_were_searched_with():
    points = [point(7, 0.5, 1234, 1.0, constraint="mild", rate="0.1")]
    shown = texts(plots.draw_pareto(points, {"parameters": [7], "latency_ms": [7]}, MEASURES))
    assert shown.count("7") == 2
    (key,) = [text for text in shown if text.startswith("7:")]
    assert all(part in key for part in ("constraint=mild", "rate=0.1", "0.500", "1,234"))


@pytest.mark.parametrize("count", [0, 1, 30])
def test_nothing_is_cut_off_or_covered(count):
    points = [point(number, 0.01 * number, 10 * number, number) for number in range(count)]
    everyone = [one["trial"] for one in points]
    figure = plots.draw_pareto(points, dict.fromkeys(MEASURES, everyone), MEASURES)
    figure.draw_without_rendering()
    keys = [one.get_window_extent() for one in figure.texts]
    assert all(box.y0 >= 0 and box.x1 <= figure.bbox.x1 for box in keys)
    panels = [axes.get_tightbbox() for axes in figure.axes]
    assert all(not box.overlaps(panel) for box in keys for panel in panels)
