"""The networks of keras.applications that are trained and counted like a child."""

import dataclasses
import difflib
import types
from collections.abc import Mapping
from typing import Any

from snas_tf.errors import UserError, format_setting, quote, shorten_path

PREFIX = "keras:"
"""Of the name of such a network where that of a genotype is accepted."""

SMALLEST: Mapping[str, int] = types.MappingProxyType(
    {
        "DenseNet121": 32,
        "DenseNet169": 32,
        "DenseNet201": 32,
        "InceptionV3": 75,
        "MobileNet": 32,
        "NASNetMobile": 32,
    }
)
"""The least side of the images of each, in pixels, as Keras has it."""


VERSION = 1
_LONGEST_NAME = 100  # for which similar names are suggested


@dataclasses.dataclass(frozen=True)
class Application:
    """A network of `keras.applications`.

    Attributes:
        name: of the function that makes it, one of `SMALLEST`.

    Raises:
        UserError: an unknown name.
    """

    name: str

    def __post_init__(self) -> None:
        if self.name not in SMALLEST:
            nearest = difflib.get_close_matches(str(self.name)[:_LONGEST_NAME], SMALLEST, n=1)
            raise UserError(
                f"`genotype`={PREFIX}{shorten_path(str(self.name))}: unknown; accepted: "
                + ", ".join(PREFIX + name for name in SMALLEST)
                + "".join(f" (did you mean {PREFIX}{name}?)" for name in nearest)
            )

    def __str__(self) -> str:
        """The name that a user gives."""
        return PREFIX + self.name

    def check_size(self, size: tuple[int, int]) -> None:
        """Check that images are large enough for all of its reductions.

        Args:
            size: (height, width) of the images.

        Raises:
            UserError: they are not.
        """
        if min(size) < SMALLEST[self.name]:
            raise UserError(
                f"{format_setting('image_size', min(size))}: less than {self} takes, accepted: "
                f"{SMALLEST[self.name]} or more"
            )

    def to_content(self) -> dict[str, Any]:
        """The entries of a file, as JSON has them."""
        return {"version": VERSION, "keras": self.name}

    @classmethod
    def from_content(cls, content: Mapping[str, Any]) -> "Application":
        """Read what `to_content` returns.

        Raises:
            ValueError: it is something else; names the entry.
            UserError: an unknown name.
        """
        name = content.get("keras")
        if content != {"version": VERSION, "keras": name} or not isinstance(name, str):
            raise ValueError(f"received {quote(content)}, accepted: version {VERSION} and keras")
        return cls(name)
