"""The config of a search."""

import dataclasses
import pathlib
from typing import Annotated

from snas_tf.architecture import latency_file, spaces
from snas_tf.architecture.latency_table import LatencyTable
from snas_tf.architecture.search_space import SearchSpace
from snas_tf.config import algorithms, search_checks
from snas_tf.config.accepted import OneOf, Range
from snas_tf.config.training import OWN, TrainingConfig
from snas_tf.errors import UserError, format_setting

RELAXATIONS = ("concrete", "one_hot")
PENALTY_ESTIMATORS = ("expectation", "reparameterization", "policy_gradient")
PENALTY_SCALES = ("linear", "log")
DARTS_ORDERS = ("1", "2", "single_level")
ALPHA_DECAYS = ("decoupled", "coupled")

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
            None. With the ImageNet stem that is its size on ImageNet, see `child_size`.
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
        named = self.named_space
        named.vary(self.operations, self.num_nodes)  # to raise an error if there is no such variant
        # What is the space's own is no variant, and recorded as none.
        for name, own in {
            "operations": named.operations,
            "num_nodes": named.num_intermediate,
        }.items():
            if getattr(self, name) == own:
                object.__setattr__(self, name, None)
        search_checks.check(self, spec)

    @property
    def search_space(self) -> SearchSpace:
        """The search space: that of the name, or its variant.

        Raises:
            UserError: there is none.
        """
        return self.named_space.vary(self.operations, self.num_nodes)

    @property
    def named_space(self) -> SearchSpace:
        """The search space of the name, without what a variant changes.

        Raises:
            UserError: there is none.
        """
        return get_space(self.space)

    def read_latency_table(self) -> LatencyTable | None:
        """Read the latency table, if one is given; raises a `UserError` if it can't be read."""
        return None if self.latency_table is None else latency_file.read(self.latency_table)

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


def get_space(name: str) -> SearchSpace:
    """Return the search space of a name.

    Raises:
        UserError: there is none.
    """
    # Checked here, because spaces can be registered.
    if not isinstance(name, str) or name not in spaces.SPACES:
        setting = format_setting("space", name)
        raise UserError(f"{setting}: unknown, accepted: {', '.join(spaces.SPACES)}")
    return spaces.get(name)
