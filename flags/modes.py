"""The modes: what each does, which flags it has, and how it is run."""

import dataclasses
from types import ModuleType

from absl import flags

from . import compare, evaluate, export, imagenet, latency, profile, search, tune


@dataclasses.dataclass(frozen=True)
class Mode:
    """What the program can be asked to do.

    Attributes:
        meaning: one line of help.
        module: has `define`, which defines the mode's flags, each with its default in this mode;
            and `run`, which does what parsed flags ask for. Where defaults depend on other flags,
            it has `adapt_defaults`; where a run directory need not be given, `run_name`.
    """

    meaning: str
    module: ModuleType

    def define(self, values: flags.FlagValues) -> flags.FlagValues:
        """Define the mode's flags, and return where."""
        self.module.define(values)
        return values


MODES = {
    "search": Mode("find a cell, by the paper's joint training", search),
    "compare": Mode("search with several algorithms and seeds, and sum up", compare),
    "tune": Mode("search with many settings, and show what accuracy costs", tune),
    "evaluate": Mode("train the found cell, or a published one, and test it", evaluate),
    "imagenet": Mode("train a cell on ImageNet, or on images that stay on disk", imagenet),
    "profile": Mode("count and time the network of a cell", profile),
    "latency": Mode("measure the parts of a network on this machine", latency),
    "export": Mode("write a trained network for use elsewhere", export),
}
DEFAULT = "search"


def having(name: str) -> list[str]:
    """Return the modes that have a flag; --noNAME is --NAME."""
    names = {name, name.removeprefix("no")}
    return [mode for mode in MODES if names & set(MODES[mode].define(flags.FlagValues()))]


def adapt_defaults(values: flags.FlagValues) -> None:
    """Set the defaults that depend on other flags; part of parsing, which nothing else repeats.

    Raises:
        UserError: a flag that they depend on is wrong.
    """
    adapt = getattr(MODES[values.mode].module, "adapt_defaults", None)
    if adapt:
        adapt(values)
