"""The optimizers of a search, and the preparation of gradients."""

from collections.abc import Sequence

import keras
import tensorflow as tf

from snas_tf.config import SearchConfig, TrainingConfig
from snas_tf.layers import replicas
from snas_tf.training import schedules


class SummedGradients(keras.optimizers.Optimizer):
    """Optimizer whose gradients are summed over replicas before they are applied.

    Keras would sum them once more: N times the gradient on N replicas, sent twice.
    """

    def _all_reduce_sum_gradients(self, grads_and_vars: list[tuple]) -> list[tuple]:
        return grads_and_vars


class Adam(SummedGradients, keras.optimizers.Adam):
    """Adam of Keras, for gradients that are summed over replicas."""


class MomentumSGD(SummedGradients, keras.optimizers.SGD):
    """SGD with momentum in which the rate multiplies the velocity, as in PyTorch.

    v <- momentum v + gradient, then w <- w - rate v, as in PyTorch, which the paper's settings come
    from. Keras multiplies the gradient, before it enters the velocity. The two differ while the
    rate changes.
    """

    def update_step(
        self, gradient: tf.Tensor, variable: tf.Variable, learning_rate: tf.Tensor
    ) -> None:
        """See `keras.optimizers.Optimizer.update_step`."""
        if not self.momentum:
            super().update_step(gradient, variable, learning_rate)
            return
        velocity = self.momentums[self._get_variable_index(variable)]
        moved = self.momentum * velocity.value + gradient
        self.assign(velocity, moved)
        self.assign_sub(variable, learning_rate * moved)


def theta_optimizer(config: TrainingConfig, num_steps: int) -> keras.optimizers.Optimizer:
    """Make SGD with momentum and a cosine decay over `num_steps` (Appendix G.1)."""
    rate = keras.optimizers.schedules.CosineDecay(config.theta_learning_rate, num_steps)
    return MomentumSGD(rate, momentum=config.theta_momentum)


def alpha_optimizer(config: SearchConfig, num_steps: int) -> keras.optimizers.Optimizer:
    """Make Adam at a constant rate (Appendix G.1): the given one, or that of the length.

    Where the decay is decoupled, each step also moves log alpha by -rate x decay x log alpha, as in
    AdamW.
    """
    rate, decay = config.alpha_learning_rate, config.alpha_weight_decay
    return Adam(
        schedules.alpha_rate(num_steps) if rate is None else rate,
        beta_1=config.alpha_beta_1,
        beta_2=config.alpha_beta_2,
        epsilon=1e-8,
        weight_decay=decay if decay and config.alpha_decay == "decoupled" else None,
    )


def coupled_decay(config: SearchConfig) -> float:
    """Return the weight decay that is part of log alpha's gradient."""
    return config.alpha_weight_decay if config.alpha_decay == "coupled" else 0.0


def regularized(
    gradients: Sequence[tf.Tensor],
    variables: Sequence[keras.Variable],
    clip_norm: float,
    weight_decay: float,
) -> list[tf.Tensor]:
    """Clip gradients to a global norm, then add the gradient of the L2 penalty.

    This decay is coupled: it passes through momentum and Adam's scaling, as in the recipes that
    the settings come from. (The `weight_decay` of Keras optimizers is decoupled.)

    Args:
        gradients: one for each variable.
        variables: variables of the gradients.
        clip_norm: the largest global norm; 0 for no clipping.
        weight_decay: factor of each variable's value; 0 for none.
    """
    if clip_norm:
        gradients, _ = tf.clip_by_global_norm(gradients, clip_norm)
    if weight_decay:
        decay = tf.constant(weight_decay)
        pairs = zip(gradients, variables, strict=True)
        gradients = [gradient + decay * variable.value for gradient, variable in pairs]
    return list(gradients)


def apply_across_replicas(
    optimizer: "SummedGradients",
    gradients: Sequence[tf.Tensor],
    variables: Sequence[keras.Variable],
    clip_norm: float,
    weight_decay: float,
) -> None:
    """Update variables with the sum of all replicas' gradients.

    The sum is clipped, not each replica's part.

    Args:
        optimizer: built on `variables`, with `SummedGradients`.
        gradients: this replica's part of the gradient, one for each variable.
        variables: what to update.
        clip_norm: see `regularized`.
        weight_decay: see `regularized`.
    """
    summed = replicas.add_up(gradients)
    optimizer.apply(regularized(summed, variables, clip_norm, weight_decay), variables)


def update_theta(
    optimizer: keras.optimizers.Optimizer,
    gradients: Sequence[tf.Tensor],
    theta: Sequence[keras.Variable],
    config: TrainingConfig,
) -> None:
    """Update theta with the sum of all replicas' gradients, clipped and decayed as configured.

    Args:
        optimizer: built on `theta`.
        gradients: this replica's part of the gradient, one for each variable.
        theta: the weights of a network.
        config: has the largest norm and the weight decay.
    """
    apply_across_replicas(
        optimizer, gradients, theta, config.theta_clip_norm, config.theta_weight_decay
    )
