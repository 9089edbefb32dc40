"""The settings of a comparison of searches."""

import dataclasses
import hashlib
import re
from collections.abc import Mapping

from snas_tf.architecture.search_space import SearchSpace
from snas_tf.config.accepted import Accepted, Range, accepted_values
from snas_tf.config.run import RunConfig
from snas_tf.config.search import SearchConfig
from snas_tf.config.training import ChildConfig
from snas_tf.errors import UserError, format_setting, quote

RANDOM = "random, no sharing"
"""Label of the cells that are drawn at random and trained from scratch."""

_LONGEST = 100  # letters of a directory's name
RANDOM_CHILDREN = Range(0, 1000)
"""The values that `Comparison.random_children` accepts."""


@dataclasses.dataclass(frozen=True)
class Comparison:
    """What is compared: searches, each with the same seeds, and the trainings of their children.

    Attributes:
        searches: the search of each label.
        seeds: the seeds of each search.
        child: how every found child is trained from scratch; None for no such training. Its
            genotype is not read.
        random_children: cells drawn at random for each seed and trained as the children are.

    Raises:
        UserError: there is no search or no seed, a seed or a directory occurs twice, a search has
            several seeds of its own or another search space than the others, the children are
            smaller than its networks can be, or cells are drawn that no training is for.
    """

    searches: Mapping[str, SearchConfig]
    seeds: tuple[int, ...]
    child: ChildConfig | None = None
    random_children: int = 0

    def __post_init__(self) -> None:
        """Check that these go together."""
        self._check_searches()
        self._check_seeds()
        self._check_children()

    @property
    def labels(self) -> tuple[str, ...]:
        """All labels, that of the cells drawn at random included."""
        return (*self.searches, *([RANDOM] if self.random_children else []))

    @property
    def search_space(self) -> SearchSpace:
        """The search space of all searches."""
        return next(iter(self.searches.values())).search_space

    def _check_searches(self) -> None:
        if not self.searches:
            raise UserError("`algorithms`: none given, accepted: at least one")
        taken = {directory_name(RANDOM): RANDOM, "images": "images"}
        for label, config in self.searches.items():
            name = directory_name(label)
            if name in taken:
                raise UserError(
                    f"{format_setting('algorithms', label)}: its directory {name} is that of "
                    f"{quote(taken[name])}, accepted: labels of different letters"
                )
            taken[name] = label
            if config.search_space.base != self.search_space.base:
                raise UserError(
                    f"{format_setting('space', config.space)}: of {quote(label)}, accepted: "
                    f"{self.search_space.base.name}, as of the others"
                )
            if config.num_seeds > 1:
                raise UserError(
                    f"`num_seeds`={config.num_seeds}: of {quote(label)}, which is searched with "
                    "each of `seeds`, accepted: 1"
                )

    def _check_seeds(self) -> None:
        for seed in self.seeds:
            _check("seeds", seed, accepted_values(RunConfig)["seed"])
        if not self.seeds or len(set(self.seeds)) < len(self.seeds):
            given = ",".join(map(str, self.seeds))
            raise UserError(f"`seeds`={given}: accepted: one or more, none twice")

    def _check_children(self) -> None:
        if self.child is not None:
            self.child.check_size(self.search_space)
        _check("random_children", self.random_children, Accepted(int, rule=RANDOM_CHILDREN))
        if self.random_children and self.child is None:
            raise UserError(
                f"`random_children`={self.random_children}: cells that are not trained, accepted: "
                "with `train_children`, the epochs of their training"
            )


def _check(name: str, value: object, accepted: Accepted) -> None:
    try:
        accepted.convert(value)
    except ValueError as error:
        raise UserError(f"{format_setting(name, value)}: {error}, accepted: {accepted}") from error


def directory_name(label: str) -> str:
    """Make a name for the directory of a label, of letters, digits and "-", "_", ".", "=".

    The end of a long one is replaced by its digest.
    """
    name = re.sub(r"[^a-zA-Z0-9_.=]+", "-", label).strip("-.") or "unnamed"
    if len(name) <= _LONGEST:
        return name
    return f"{name[: _LONGEST - 9]}-{hashlib.sha256(label.encode()).hexdigest()[:8]}"
