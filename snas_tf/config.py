"""What a run is, as frozen values; `main.py` builds them from flags, all below takes them."""

import dataclasses
import pathlib


@dataclasses.dataclass(frozen=True)
class DataConfig:
    """Which images, and how they are fed.

    Attributes:
        dataset: "digits", "folder", or the name of a TFDS image-classification dataset.
        data_dir: where prepared datasets or class folders are; None for the library's default.
        image_size: images are resized to this many pixels square; None keeps their size.
        batch_size: images a step, over all replicas.
        validation_fraction: share of the training images held out; more than 0 in a search.
        skip_corrupt_images: leave unreadable image files out instead of stopping at them.
        mirror: mirror half of the training images at random; None: unless they are of characters.
        min_crop_area: the least share of an image's area that a random crop takes; of images that
            stay on disk.
        color_jitter: how far brightness, contrast and saturation change at random, 0 to 1; the
            hue turns by half of it; of images that stay on disk.
    """

    dataset: str = "cifar10"
    data_dir: pathlib.Path | None = None
    image_size: int | None = None
    batch_size: int = 64
    validation_fraction: float = 0.1
    skip_corrupt_images: bool = False
    mirror: bool | None = None
    min_crop_area: float = 0.08
    color_jitter: float = 0.4


@dataclasses.dataclass(frozen=True)
class RunConfig:
    """Where a run lives and how it is made repeatable.

    Attributes:
        model_dir: the run directory.
        seed: the seed of everything random.
        checkpoint_every_steps: a checkpoint every so many steps within an epoch; 0 for none but
            the one at the end of every epoch.
    """

    model_dir: pathlib.Path
    seed: int = 0
    checkpoint_every_steps: int = 0


@dataclasses.dataclass(frozen=True)
class TrainingConfig:
    """A network of cells, and how its weights are trained.

    Attributes:
        num_cells: cells of the network, at least 3.
        init_channels: channels of its first cell, even.
        epochs: passes over the training images.
        theta_learning_rate: initial rate of SGD, annealed to 0 on a cosine.
        theta_momentum: momentum of SGD.
        theta_weight_decay: L2 penalty coupled into the gradient of theta.
        theta_clip_norm: global norm to which theta's gradient is clipped; 0 for no clipping.
        num_seeds: how many runs, each with a seed of its own.
    """

    num_cells: int = 8
    init_channels: int = 16
    epochs: int = 150
    theta_learning_rate: float = 0.025
    theta_momentum: float = 0.9
    theta_weight_decay: float = 3e-4
    theta_clip_norm: float = 5.0
    num_seeds: int = 1


@dataclasses.dataclass(frozen=True)
class SearchConfig(TrainingConfig):
    """The search: the parent network and the joint optimisation of theta and alpha.

    The defaults are the paper's (Section 3.1, Appendix G.1), but for `alpha_learning_rate` and
    `alpha_decay`: with the paper's, 3e-4 and coupled, a search does not decide (docs/deciding.md).
    What the paper leaves open takes the value of its published code: the temperatures,
    `alpha_clip_norm`.

    Attributes:
        algorithm: what searches; a name of `algorithms.registry.ALGORITHMS`.
        space: what is searched; a name of `architecture.spaces.SPACES`.
        relaxation: how Z is drawn; a name of `layers.stochastic_edge.RELAXATIONS`.
        skip_threshold: operations whose z is smaller do not run; 0 for none.
        constraint_weight: eta of Eq. 9, for the normalised cost of `architecture.cost`.
        penalty_estimator: of the penalty's gradient; a name of `training.penalty_estimator`.
        penalty_baseline: the policy gradient compares a reward with the edge's expected cost.
        penalty_scale: of the cost; a name of `training.penalty_scale`.
        parameters_weight, flops_weight, memory_access_weight: of the three criteria in the
            cost; only their ratio counts, at least one is positive.
        target_parameters: of the child at evaluation size, in place of a weight; None for none.
        target_multiply_adds: likewise.
        alpha_learning_rate: rate of Adam; None for `training.schedules.alpha_rate`.
        alpha_beta_1, alpha_beta_2: Adam's decay rates.
        alpha_weight_decay: of log alpha; 0 for none.
        alpha_decay: "decoupled", beside Adam's step and in proportion to its rate; or "coupled", an
            L2 penalty that is part of the gradient.
        alpha_clip_norm: global norm to which alpha's gradient is clipped; 0 for no clipping.
        initial_temperature, final_temperature: lambda of Eq. 5 falls linearly between them.
    """

    algorithm: str = "snas"
    space: str = "darts"
    relaxation: str = "concrete"
    skip_threshold: float = 1e-6
    constraint_weight: float = 0.0
    penalty_estimator: str = "expectation"
    penalty_baseline: bool = False
    penalty_scale: str = "linear"
    parameters_weight: float = 1.0
    flops_weight: float = 1.0
    memory_access_weight: float = 1.0
    target_parameters: float | None = None
    target_multiply_adds: float | None = None
    alpha_learning_rate: float | None = None
    alpha_beta_1: float = 0.5
    alpha_beta_2: float = 0.999
    alpha_weight_decay: float = 1e-3
    alpha_decay: str = "decoupled"
    alpha_clip_norm: float = 10.0
    initial_temperature: float = 1.0
    final_temperature: float = 0.03


@dataclasses.dataclass(frozen=True)
class ChildConfig(TrainingConfig):
    """The training of a child from scratch; the defaults are the paper's (Appendix G.2).

    Attributes:
        genotype: a name of the zoo, or the path of a genotype file.
        cutout_length: side of the square that is cut out of each training image, in pixels; 0 for
            none.
        drop_path_probability: reached at the last step, from 0 at the first.
        auxiliary_weight: of the auxiliary classifier's loss; 0 for no auxiliary classifier.
        initial_weights: run directory of a search, whose weights the child starts from.
        export_weights: which weights are exported: the "last" epoch's, or those of the epoch with
            the "best" validation accuracy.
    """

    num_cells: int = 20
    init_channels: int = 36
    epochs: int = 600
    genotype: str = ""
    cutout_length: int = 16
    drop_path_probability: float = 0.2
    auxiliary_weight: float = 0.4
    initial_weights: pathlib.Path | None = None
    export_weights: str = "last"


@dataclasses.dataclass(frozen=True)
class ImageNetConfig(ChildConfig):
    """The training of a child on ImageNet; the defaults are the paper's (Appendix G.3).

    Attributes:
        init_channels: channels of the first cell; 0 for the most that `max_multiply_adds` allows.
        label_smoothing: share of a label that is spread over all classes.
        learning_rate_decay: factor of the learning rate at the end of each epoch.
        warmup_epochs: epochs in which the learning rate rises linearly.
        max_multiply_adds: the most that a network may have for one image; 0 for no limit.
    """

    num_cells: int = 14
    init_channels: int = 0
    epochs: int = 250
    theta_learning_rate: float = 0.1
    theta_weight_decay: float = 3e-5
    cutout_length: int = 0
    drop_path_probability: float = 0.0
    label_smoothing: float = 0.1
    learning_rate_decay: float = 0.97
    warmup_epochs: int = 0
    max_multiply_adds: float = 600e6
