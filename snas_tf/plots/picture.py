"""Colors of all pictures, and their files."""

import io
import pathlib
from typing import TYPE_CHECKING, Any

from snas_tf.files import whole_files

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# Different in lightness too, so that they can be distinguished with every kind of color vision.
BLUE, SKY, AMBER, ROSE = "#004488", "#56b4e9", "#ddaa33", "#bb5566"
GREEN, PURPLE = "#117733", "#8c6bb1"
INK, MUTED, PALE = "#1f2933", "#7b8794", "#b8c0c9"
TITLE: dict[str, Any] = {"size": 13, "weight": "bold", "color": INK, "ha": "left", "va": "top"}


def to_png_bytes(figure: "Figure") -> bytes:
    """Convert a picture to the bytes of a PNG file, the same for the same picture."""
    return _render(figure, "png")


def save(figure: "Figure", path: str | pathlib.Path) -> bytes:
    """Write a picture as PNG or SVG, by the path's suffix.

    The same picture gives the same bytes.

    Returns:
        The content of the file.

    Raises:
        ValueError: another suffix.
    """
    path = pathlib.Path(path)
    kind = path.suffix.lower().removeprefix(".")
    if kind not in ("png", "svg"):
        raise ValueError(f"a picture is .png or .svg, received: {path.name}")
    content = _render(figure, kind)
    with whole_files.replacing(path) as partial:
        partial.write_bytes(content)
    return content


def _render(figure: "Figure", kind: str) -> bytes:
    import matplotlib

    buffer = io.BytesIO()
    metadata = {"Software": None} if kind == "png" else {"Date": None, "Creator": None}
    # Without a salt an SVG's ids are random. Text stays text, so that it can be searched.
    with matplotlib.rc_context({"svg.hashsalt": "snas_tf", "svg.fonttype": "none"}):
        figure.savefig(buffer, format=kind, dpi=150, facecolor="white", metadata=metadata)
    return buffer.getvalue()
