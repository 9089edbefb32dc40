"""The picture of a sweep: accuracy against cost, with the Pareto front."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from snas_tf.plots.charts import style_panel
from snas_tf.plots.picture import AMBER, BLUE, INK, MUTED, PALE, TITLE

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_WIDTH, _HEIGHT = 4.3, 4.0  # Inches of a panel.
_TOP, _LINE = 0.62, 0.19  # Inches above the panels, and of a line of the key below them.


def draw_pareto(
    points: Sequence[Mapping[str, Any]],
    fronts: Mapping[str, Sequence[int]],
    measures: Mapping[str, str],
) -> "Figure":
    """Draw accuracy against each measure: every trial as a point, and the front as a line.

    The points of a front bear the number of their trial, and its value where one setting varies; a
    key below the panels says what these were searched with.

    Args:
        points: of each trial, "trial", "accuracy", "settings" and the measures.
        fronts: for each measure the trials of its front, by rising cost.
        measures: what each measure is called.
    """
    from matplotlib.figure import Figure

    named = [one for one in points if any(one["trial"] in front for front in fronts.values())]
    width, height = _WIDTH * len(measures), _TOP + _HEIGHT + 0.3 + _LINE * len(named)
    figure = Figure(figsize=(width, height))
    figure.text(0.15 / width, 1 - 0.12 / height, "What accuracy costs", **TITLE)
    where: dict[str, Any] = {
        "left": 0.6 / width,
        "right": 1 - 0.25 / width,
        "top": 1 - _TOP / height,
        "bottom": 1 - (_TOP + _HEIGHT - 0.6) / height,
        "wspace": 0.12,
    }
    panels = figure.subplots(1, len(measures), squeeze=False, sharey=True, gridspec_kw=where)[0]
    for axes, measure in zip(panels, measures, strict=True):
        _draw_panel(axes, points, fronts[measure], measure, measures[measure])
    panels[0].set_title("validation accuracy", size=10.5, color=INK, loc="left")
    top = _TOP + _HEIGHT
    for place, one in enumerate(sorted(named, key=lambda one: one["parameters"])):
        y = 1 - (top + _LINE * (place + 0.5)) / height
        figure.text(0.6 / width, y, _describe(one), size=9, color=INK, va="center")
    return figure


def _draw_panel(
    axes: "Axes",
    points: Sequence[Mapping[str, Any]],
    front: Sequence[int],
    measure: str,
    name: str,
) -> None:
    style_panel(axes, "")
    axes.xaxis.get_major_locator().set_params(integer=False)  # type: ignore[call-arg]
    axes.set_xlabel(name, color=INK)
    by_trial = {one["trial"]: one for one in points}
    beaten = [one for one in points if one["trial"] not in front]
    dots: dict[str, Any] = {"ls": "", "marker": "o", "ms": 5, "mfc": PALE, "mec": MUTED}
    x, y = ([one[name] for one in beaten] for name in (measure, "accuracy"))
    axes.plot(x, y, gid=f"beaten-{measure}", **dots)
    x = [by_trial[trial][measure] for trial in front]
    y = [by_trial[trial]["accuracy"] for trial in front]
    line: dict[str, Any] = {"color": BLUE, "lw": 1.6, "marker": "o", "ms": 7, "mfc": AMBER}
    axes.plot(x, y, drawstyle="steps-post", gid=f"front-{measure}", **line)
    axes.margins(0.1, 0.12)
    above: dict[str, Any] = {"xytext": (0, 7), "textcoords": "offset points", "ha": "center"}
    for trial, *place in zip(front, x, y, strict=True):
        axes.annotate(
            _label(by_trial[trial]), tuple(place), size=9, color=INK, weight="bold", **above
        )
    axes.ticklabel_format(axis="x", style="sci", scilimits=(-2, 4), useMathText=True)


def _label(point: Mapping[str, Any]) -> str:
    values = list(point["settings"].values())
    return f"{point['trial']}: {values[0]}" if len(values) == 1 else str(point["trial"])


def _describe(point: Mapping[str, Any]) -> str:
    settings = "  ".join(f"{name}={value}" for name, value in point["settings"].items())
    return (
        f"{point['trial']}:  {settings}   accuracy {point['accuracy']:.3f}, "
        f"{point['parameters']:,} parameters"
    )
