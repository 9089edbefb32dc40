"""Flags of `--mode=search`."""

from absl import flags

from snas_tf.architecture import spaces
from snas_tf.config import DataConfig, SearchConfig, algorithms
from snas_tf.errors import UserError

from . import benchmark, common, fields, latency, penalty, training

_MEANINGS = {
    "algorithm": "The search algorithm: " + ", ".join(algorithms.ALGORITHMS) + "; see "
    "docs/concepts/algorithms.md. Flags that it does not have are refused.",
    **common.SPACE,
    "operations": "The candidate operations, separated by commas, in the order of the columns of "
    "log alpha; if not given, those of --space. See docs/concepts/spaces.md for what it may name.",
    "num_nodes": "Intermediate nodes of a cell; if not given, as many as in --space.",
    "relaxation": "What an edge runs at each step: all operations, weighted (concrete), or a "
    "single one (one_hot), which is several times as fast and needs a tenth of "
    "--theta_learning_rate; see docs/concepts/relaxations.md.",
    "draws": "Architectures drawn a step, whose losses are averaged.",
    "architecture_fraction": "Share of the training images from which the architecture learns and "
    "the weights do not, where the algorithm divides them.",
    "darts_order": "How the gradient of log alpha sees the weights: as constant (1), after a step "
    "of theirs (2); or both have the gradient on the same images (single_level).",
    "derivation_samples": "Children that are judged on images held out to derive one, after every "
    "epoch.",
    "population_size": "Children that evolve; the oldest dies for each new one.",
    "tournament_size": "Children of which the best has the next one.",
    "controller_learning_rate": "Adam's rate of the controller.",
    "controller_entropy_weight": "What the controller's reward, an accuracy, is raised by for each "
    "nat of the entropy of its decisions.",
    "controller_baseline_decay": "Decay of the mean reward, with which a reward is compared.",
    "stop_on_collapse": "Stop after an epoch whose derived cell has no convolution left, and keep "
    "the cells of the epoch before.",
    "alpha_decay": "How the weight decay of log alpha is applied: beside Adam's step, as in AdamW "
    "(decoupled), or as part of the gradient (coupled), which leaves edges undecided; see "
    "docs/concepts/deciding.md.",
    "alpha_learning_rate": "Adam's rate of log alpha; if not given, 3 / sqrt(N) in a search of N "
    "steps.",
    "alpha_beta_1": "Adam's decay rate of the mean gradient.",
    "alpha_beta_2": "Adam's decay rate of the mean squared gradient.",
    "alpha_weight_decay": "Weight decay of log alpha; 0 for none.",
    "alpha_clip_norm": "Largest global norm of log alpha's gradient; 0 for no clipping.",
    "initial_temperature": "Temperature of the relaxation at the first step.",
    "final_temperature": "Temperature of the relaxation at the last step.",
    "skip_threshold": "Operations with a smaller weight z are not computed; 0 to compute all.",
}


_OF_SNAS = " The default is that of snas; others have their own, see docs/concepts/algorithms.md."


def define(values: flags.FlagValues) -> None:
    """Define the flags; every default is that of `SearchConfig`."""
    defaults = SearchConfig()
    common.define(values, DataConfig())
    training.define(values, defaults)
    penalty.define(values, defaults)
    latency.define_table(values)
    own = {name for spec in algorithms.ALGORITHMS.values() for name in spec.defaults}
    meanings = {name: _MEANINGS[name] + _OF_SNAS * (name in own) for name in _MEANINGS}
    fields.define(values, defaults, meanings)
    benchmark.define(values)


def adapt_defaults(values: flags.FlagValues) -> None:
    """Make the algorithm's and the search space's own settings the defaults.

    Raises:
        UserError: there is no such algorithm, or a flag of another one is given.
    """
    spec = algorithms.get(values.algorithm)
    for name in given(values):
        if not spec.has(field_of(name)):
            raise UserError(
                f"--{name}={values[name].value}: not a flag of --algorithm={values.algorithm}, "
                f"accepted: with --algorithm={' or '.join(algorithms.having(field_of(name)))}"
            )
    for name, value in spec.defaults.items():
        values.set_default(name, value)
    adapt_size(values)


def adapt_size(values: flags.FlagValues) -> None:
    """Make the search space's own size of a network the default."""
    if values.space in spaces.SPACES:  # SearchConfig refuses any other name.
        training.set_default_size(values, spaces.get(values.space).skeleton.search_size)


def given(values: flags.FlagValues) -> list[str]:
    """Return the names of the flags that are given; a constraint of none is not."""
    return [
        name for name in values if values[name].present and values[name].value not in (None, "none")
    ]


def field_of(flag: str) -> str:
    """Return the field of `SearchConfig` that a flag sets."""
    return "constraint_weight" if flag == "constraint" else flag


def config(values: flags.FlagValues) -> SearchConfig:
    """Return the search part of a configuration.

    Raises:
        UserError: flags that do not go together.
    """
    settings = fields.read(values, SearchConfig)
    return SearchConfig(**{**settings, "constraint_weight": penalty.constraint_weight(values)})


def run(values: flags.FlagValues) -> None:
    """Search a cell, and print what was found."""
    search_config = config(values)
    table = benchmark.read(values, search_config.search_space)
    configs = common.prepare(values, search_config, run_name(values))
    from snas_tf.workflows.search import report, search

    report(search(*configs, table), *configs)


def run_name(values: flags.FlagValues) -> str:
    """Return the name of the run directory where none is given."""
    name = values.algorithm
    if algorithms.get(name).has("constraint_weight"):
        name = penalty.name(values) if name == "snas" else f"{name}-{penalty.name(values)}"
    return f"search-{values.dataset.replace('/', '-')}-{name}"
