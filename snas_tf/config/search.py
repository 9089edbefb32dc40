"""The config of a search."""

import dataclasses
import itertools
import pathlib
from typing import Annotated

from snas_tf.architecture import child_latency, child_size, latency_table, spaces
from snas_tf.architecture.latency_table import LatencyTable
from snas_tf.architecture.search_space import SearchSpace
from snas_tf.config import algorithms
from snas_tf.config.accepted import OneOf, Range
from snas_tf.config.training import OWN, TrainingConfig
from snas_tf.errors import UserError, format_setting

RELAXATIONS = ("concrete", "one_hot")
PENALTY_ESTIMATORS = ("expectation", "reparameterization", "policy_gradient")
PENALTY_SCALES = ("linear", "log")
DARTS_ORDERS = ("1", "2", "single_level")
ALPHA_DECAYS = ("decoupled", "coupled")
CRITERIA_WEIGHTS = ("parameters_weight", "flops_weight", "memory_access_weight", "latency_weight")
TARGETS = ("target_parameters", "target_multiply_adds", "target_latency_ms")

_NOT_NEGATIVE = Range(0)
_POSITIVE = Range(0, above=True)
_BELOW_ONE = Range(0, 1, below=True)
_DRAWS = Range(1, 100)
_SAMPLES = Range(1, 10_000)


@dataclasses.dataclass(frozen=True)
class SearchConfig(TrainingConfig):
    """The search: the parent network, the algorithm, and the optimization of theta and alpha.

    Settings that the algorithm does not have accept their default alone. Those with the default
    `OWN` take the algorithm's own when the config is created; `config.algorithms` has them.

    The defaults of `snas` are the paper's (Section 3.1, Appendix G.1), but for
    `alpha_learning_rate` and `alpha_decay`: with the paper's, 3e-4 and coupled, a search does not
    decide, see docs/concepts/deciding.md. What the paper leaves open takes the value of its
    published code: the temperatures, `alpha_clip_norm`.

    Attributes:
        algorithm: the search algorithm; a name of `config.algorithms.ALGORITHMS`.
        space: the search space; a name of `architecture.spaces.SPACES`.
        operations: names of the candidates, in the order of the columns of log alpha; None for
            those of `space`, and so are its own in their order.
        num_nodes: intermediate nodes of a cell; None for as many as in `space`.
        relaxation: how Z is drawn; one of `RELAXATIONS`.
        draws: architectures drawn a step, whose losses are averaged.
        architecture_fraction: share of the training images that theta is not trained on, for
            algorithms that learn from such images.
        darts_order: how the gradient of alpha sees theta; one of `DARTS_ORDERS`.
        derivation_samples: children that are judged to derive one.
        population_size: children that evolve, of which the oldest dies for each new one.
        tournament_size: children of which the best has the next one.
        controller_learning_rate: rate of the controller's Adam.
        controller_entropy_weight: what an accuracy is raised by, for each nat of the entropy of the
            controller's decisions, to be its reward.
        controller_baseline_decay: decay of the mean reward, with which a reward is compared.
        stop_on_collapse: stop after an epoch whose derived cell has no convolution.
        skip_threshold: operations whose z is smaller do not run; 0 for none.
        constraint_weight: eta of Eq. 9, for the normalized cost of `architecture.cost`.
        penalty_estimator: estimator of the penalty's gradient; one of `PENALTY_ESTIMATORS`.
        penalty_baseline: the policy gradient compares a reward with the edge's expected cost.
        penalty_scale: scale of the cost; one of `PENALTY_SCALES`.
        parameters_weight, flops_weight, memory_access_weight, latency_weight: weights of the
            criteria in the cost; only their ratio counts, at least one is positive.
        target_parameters: parameters of the child at evaluation size, in place of a weight; or
            None.
        target_multiply_adds: multiply-adds of that child; or None.
        latency_table: file of the latencies of an evaluation's parts, which `latency_weight` and
            `target_latency_ms` need; or None.
        target_latency_ms: milliseconds of the child in the network of that table; or None.
        alpha_learning_rate: rate of Adam; None for `training.schedules.alpha_rate`.
        alpha_beta_1, alpha_beta_2: Adam's decay rates.
        alpha_weight_decay: weight decay of log alpha; 0 for none.
        alpha_decay: "decoupled", beside Adam's step and in proportion to its rate; or "coupled", an
            L2 penalty that is part of the gradient.
        alpha_clip_norm: global norm to which alpha's gradient is clipped; 0 for no clipping.
        initial_temperature, final_temperature: lambda of Eq. 5 falls linearly between them.

    Raises:
        UserError: a value is not accepted; there is no epoch, no such algorithm, space or variant;
            the algorithm does not have a setting, or drops edges where there is no zero operation;
            the temperature rises; a tournament is larger than the population, or this than the
            samples; the estimator needs relaxed draws, or the baseline another estimator; no
            criterion has a weight; more than one of `constraint_weight` and the targets is given;
            no child has the target size; the latency table is missing or of another space; or
            operations are to be skipped in a step that XLA compiles.
    """

    algorithm: str = "snas"
    space: str = "darts"
    operations: tuple[str, ...] | None = None
    num_nodes: Annotated[int | None, Range(1, 8)] = None
    relaxation: Annotated[str, OneOf(RELAXATIONS)] = "concrete"
    draws: Annotated[int, _DRAWS] = 1
    architecture_fraction: Annotated[float, Range(0, 1, above=True, below=True)] = OWN
    darts_order: Annotated[str, OneOf(DARTS_ORDERS)] = "1"
    derivation_samples: Annotated[int, _SAMPLES] = OWN
    population_size: Annotated[int, _SAMPLES] = 20
    tournament_size: Annotated[int, _SAMPLES] = 5
    controller_learning_rate: Annotated[float, _NOT_NEGATIVE] = 3.5e-3
    controller_entropy_weight: Annotated[float, _NOT_NEGATIVE] = 1e-4
    controller_baseline_decay: Annotated[float, _BELOW_ONE] = 0.99
    stop_on_collapse: bool = False
    skip_threshold: Annotated[float, _BELOW_ONE] = 1e-6
    constraint_weight: Annotated[float, _NOT_NEGATIVE] = 0.0
    penalty_estimator: Annotated[str, OneOf(PENALTY_ESTIMATORS)] = "expectation"
    penalty_baseline: bool = False
    penalty_scale: Annotated[str, OneOf(PENALTY_SCALES)] = "linear"
    parameters_weight: Annotated[float, _NOT_NEGATIVE] = 1.0
    flops_weight: Annotated[float, _NOT_NEGATIVE] = 1.0
    memory_access_weight: Annotated[float, _NOT_NEGATIVE] = 1.0
    latency_weight: Annotated[float, _NOT_NEGATIVE] = 0.0
    target_parameters: Annotated[float | None, _POSITIVE] = None
    target_multiply_adds: Annotated[float | None, _POSITIVE] = None
    target_latency_ms: Annotated[float | None, _POSITIVE] = None
    latency_table: pathlib.Path | None = None
    alpha_learning_rate: Annotated[float | None, _NOT_NEGATIVE] = None
    alpha_beta_1: Annotated[float, _BELOW_ONE] = 0.5
    alpha_beta_2: Annotated[float, _BELOW_ONE] = 0.999
    alpha_weight_decay: Annotated[float, _NOT_NEGATIVE] = 1e-3
    alpha_decay: Annotated[str, OneOf(ALPHA_DECAYS)] = OWN
    alpha_clip_norm: Annotated[float, _NOT_NEGATIVE] = OWN
    initial_temperature: Annotated[float, _POSITIVE] = OWN
    final_temperature: Annotated[float, _POSITIVE] = OWN

    def __post_init__(self) -> None:
        """Check every field, and that they go together."""
        spec = algorithms.get(self.algorithm)
        self._check_settings(spec)
        for name, value in {**algorithms.DEFAULTS, **spec.defaults}.items():
            if getattr(self, name) is OWN:
                object.__setattr__(self, name, value)
        super().__post_init__()
        named = find_space(self.space)
        # What is the space's own is no variant, and recorded as none.
        for name, own in {
            "operations": named.operations,
            "num_nodes": named.num_intermediate,
        }.items():
            if getattr(self, name) == own:
                object.__setattr__(self, name, None)
        if self.epochs < 1:
            raise UserError(f"`epochs`={self.epochs}: nothing to search with, accepted: 1 or more")
        self._check_space(spec)
        divided = algorithms.DEFAULTS["architecture_fraction"]
        if self.darts_order == "single_level" and self.architecture_fraction != divided:
            raise UserError(
                f"`architecture_fraction`={self.architecture_fraction:g}: given with "
                "`darts_order`=single_level, which divides no images, accepted: with 1 or 2"
            )
        if self.final_temperature > self.initial_temperature:
            raise UserError(
                f"`final_temperature`={self.final_temperature:g}: above `initial_temperature`="
                f"{self.initial_temperature:g}, accepted: the same or less"
            )
        self._check_population(spec)
        self._check_estimator()
        self._check_criteria()
        self._check_targets()
        self._check_latency()
        if self.jit_compile and self.skip_threshold:
            raise UserError(
                "`jit_compile`=True: compiles no operations that run at times, accepted: with "
                "`skip_threshold`=0"
            )

    @property
    def search_space(self) -> SearchSpace:
        """The search space: that of the name, or its variant.

        Raises:
            UserError: there is none.
        """
        return find_space(self.space).vary(self.operations, self.num_nodes)

    def read_latency_table(self) -> LatencyTable | None:
        """Read the latency table, if one is given; raises a `UserError` if it can't be read."""
        return None if self.latency_table is None else latency_table.read(self.latency_table)

    def default_size(self) -> tuple[int, int]:
        """See `TrainingConfig.default_size`."""
        return find_space(self.space).skeleton.search_size

    def _check_settings(self, spec: algorithms.AlgorithmSpec) -> None:
        for field in dataclasses.fields(self):
            value = getattr(self, field.name)
            default = value in (field.default, algorithms.DEFAULTS.get(field.name))
            if not (default or spec.has(field.name)):
                raise UserError(
                    f"{format_setting(field.name, value)}: not a setting of `algorithm`="
                    f"{self.algorithm}, accepted: with `algorithm`="
                    f"{' or '.join(algorithms.having(field.name))}"
                )

    def _check_space(self, spec: algorithms.AlgorithmSpec) -> None:
        if spec.drops_edges and self.search_space.zero is None:
            name = "space" if self.operations is None else "operations"
            raise UserError(
                f"{format_setting(name, getattr(self, name))}: has no operation none, without "
                f"which `algorithm`={self.algorithm} can't drop edges, accepted: one that has it"
            )

    def _check_population(self, spec: algorithms.AlgorithmSpec) -> None:
        names = ("tournament_size", "population_size", "derivation_samples")
        for smaller, larger in itertools.pairwise(name for name in names if spec.has(name)):
            value, most = getattr(self, smaller), getattr(self, larger)
            if value > most:
                raise UserError(
                    f"`{smaller}`={value}: more than `{larger}`={most}, accepted: at most as many"
                )

    def _check_estimator(self) -> None:
        if self.relaxation == "one_hot" and self.penalty_estimator != "expectation":
            raise UserError(
                f"`penalty_estimator`={self.penalty_estimator}: samples relaxed draws, which "
                "`relaxation`=one_hot does not have, accepted: expectation"
            )
        if self.penalty_baseline and self.penalty_estimator != "policy_gradient":
            raise UserError(
                f"`penalty_baseline`=True: given with `penalty_estimator`="
                f"{self.penalty_estimator}, accepted: with `penalty_estimator`=policy_gradient"
            )

    def _check_criteria(self) -> None:
        if not any(getattr(self, name) for name in CRITERIA_WEIGHTS):
            names = ", ".join(f"`{name}`=0" for name in CRITERIA_WEIGHTS)
            raise UserError(f"{names}: nothing costs anything, accepted: at least one > 0")

    def _check_targets(self) -> None:
        weights = ("constraint_weight", *TARGETS)
        given = [format_setting(one, getattr(self, one)) for one in weights if getattr(self, one)]
        if len(given) > 1:
            raise UserError(
                f"{given[-1]}: given together with {given[0]}, accepted: one of the two"
            )
        for measure in child_size.MEASURES:
            target = getattr(self, f"target_{measure}")
            if target is not None:
                child_size.check_target(measure, target, self.search_space)

    def _check_latency(self) -> None:
        table, needing = self.read_latency_table(), ("latency_weight", "target_latency_ms")
        if table is None:
            for name in (name for name in needing if getattr(self, name)):
                raise UserError(
                    f"{format_setting(name, getattr(self, name))}: needs the latencies of this "
                    "machine, accepted: with `latency_table`, a file of `kind`=latency"
                )
            return
        if table.space != self.space:
            raise UserError(
                f"{format_setting('latency_table', self.latency_table)}: space {table.space}, "
                f"accepted: a table of {format_setting('space', self.space)}"
            )
        child_latency.check_target(table, self.search_space, self.target_latency_ms)


def find_space(name: str) -> SearchSpace:
    """Return the search space of a name.

    Raises:
        UserError: there is none.
    """
    # Checked here, because spaces can be registered.
    if not isinstance(name, str) or name not in spaces.SPACES:
        setting = format_setting("space", name)
        raise UserError(f"{setting}: unknown, accepted: {', '.join(spaces.SPACES)}")
    return spaces.get(name)
