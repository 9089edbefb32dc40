"""Model of a search in NumPy: log alpha under given differences of operations and noise of steps.

    python experiments/deciding_model.py [--steps=1406,20000,105450] [--ratios=0,0.05,0.1]

The loss is linear in the draw: L = sum over edges of Z . (c + e). Each operation has a cost c of
its own, from N(0, ratio^2), and each step noise e, from N(0, 1), which stands for the images and
for what the other edges drew. Draws, gradient, temperature, Adam and decay are the search's. Adam
does not see the scale of a gradient, so the ratio is all that matters, but for a coupled decay and
--noise.

Prints, for each length and ratio, the mean entropy at the end; the mean regret, by how much the
chosen operation is worse than the best, in deviations of c; and how many operations of an edge run,
the mean over the search. See docs/concepts/deciding.md.
"""

import dataclasses

import numpy as np
from absl import app, flags

flags.DEFINE_list("steps", ["224", "1406", "5624", "19684", "105450"], "Lengths of searches.")
flags.DEFINE_list("ratios", ["0", "0.02", "0.05", "0.1", "0.2"], "Deviations of c.")
flags.DEFINE_float("spread", 3.0, "The rate of Adam is this over the root of the steps.")
flags.DEFINE_float("travel", None, "The rate of Adam is this over the steps, in its place.")
flags.DEFINE_float("decay", 1e-3, "Of log alpha.")
flags.DEFINE_boolean("coupled", False, "The decay is in the gradient.")
flags.DEFINE_float("noise", 1.0, "The deviation of e; c is in proportion.")
flags.DEFINE_boolean("one_hot", False, "One-hot draws, and the policy gradient.")
flags.DEFINE_integer("edges", 56, "Edges of each ratio.")
flags.DEFINE_integer("seed", 0, "Of everything.")

OPERATIONS = 8
BETA_1, BETA_2, EPSILON = np.float32(0.5), np.float32(0.999), np.float32(1e-8)
INITIAL_TEMPERATURE, FINAL_TEMPERATURE = 1.0, 0.03
SKIP_THRESHOLD = 1e-6


@dataclasses.dataclass(frozen=True)
class Settings:
    """Settings of a search: steps, Adam's rate, and the flags of the same names."""

    steps: int
    rate: float
    decay: float = 1e-3
    coupled: bool = False
    noise: float = 1.0
    one_hot: bool = False


def softmax(logits):
    """Compute the softmax over the last axis."""
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


def draw(log_alpha, temperature, one_hot, generator):
    """Draw Z of log alpha, both [..., operations] (Eq. 5); the noise is shared over axis 0."""
    exponential = generator.standard_exponential(log_alpha.shape[1:], np.float32)
    noisy = log_alpha - np.log(np.maximum(exponential, np.float32(1e-30)))
    if one_hot:
        return np.eye(OPERATIONS, dtype=np.float32)[noisy.argmax(axis=-1)]
    return softmax(noisy / temperature)


def gradient(log_alpha, z, costs, temperature, one_hot):
    """Compute the gradient for log alpha [..., operations]: Eq. 26, or Eq. 7 and 8."""
    mean = (z * costs).sum(axis=-1, keepdims=True)
    return mean * (z - softmax(log_alpha)) if one_hot else z * (costs - mean) / temperature


def search(settings, ratios, edges, seed=0):
    """Run a search for each ratio, with the same noise.

    Returns:
        Log alpha at the end and the costs, both [ratios, edges, operations]; how many operations
        of an edge run, the mean over the steps, [ratios].
    """
    generator = np.random.default_rng(seed)
    shape = (edges, OPERATIONS)
    scales = np.asarray(ratios, np.float32)[:, np.newaxis, np.newaxis]
    costs = scales * generator.standard_normal(shape, np.float32)
    log_alpha = 1 + 0.01 * generator.standard_normal((len(ratios), *shape), np.float32)
    mean, square = np.zeros_like(log_alpha), np.zeros_like(log_alpha)
    running = np.zeros(len(ratios))
    rate, decay, noise = map(np.float32, (settings.rate, settings.decay, settings.noise))
    for step in range(settings.steps):
        progress = step / settings.steps
        temperature = np.float32(
            np.interp(progress, [0, 1], [INITIAL_TEMPERATURE, FINAL_TEMPERATURE])
        )
        felt = noise * (costs + generator.standard_normal(shape, np.float32))
        z = draw(log_alpha, temperature, settings.one_hot, generator)
        running += (z >= SKIP_THRESHOLD).sum(axis=-1).mean(axis=-1)
        found = gradient(log_alpha, z, felt, temperature, settings.one_hot)
        if settings.coupled:
            found = found + decay * log_alpha
        else:
            log_alpha = log_alpha - rate * decay * log_alpha
        mean = BETA_1 * mean + (1 - BETA_1) * found
        square = BETA_2 * square + (1 - BETA_2) * found**2
        scale = np.sqrt(square / (1 - BETA_2 ** (step + 1))) + EPSILON
        log_alpha = log_alpha - rate * mean / (1 - BETA_1 ** (step + 1)) / scale
    return log_alpha, costs, running / settings.steps


def entropy(log_alpha):
    """Mean over the edges, in nats, [ratios]."""
    probabilities = softmax(log_alpha)
    terms = probabilities * np.log(np.maximum(probabilities, np.float32(1e-30)))
    return -terms.sum(axis=-1).mean(axis=-1)


def regret(log_alpha, costs):
    """Mean over the edges, in deviations of the costs, [ratios]; not a number where those are 0."""
    chosen = np.take_along_axis(costs, log_alpha.argmax(axis=-1)[..., np.newaxis], axis=-1)
    worse = (chosen[..., 0] - costs.min(axis=-1)).mean(axis=-1)
    with np.errstate(invalid="ignore"):
        return worse / costs.std(axis=(1, 2))


def main(_):
    """Print a row for each length."""
    values = flags.FLAGS
    ratios = [float(ratio) for ratio in values.ratios]
    print(f"| steps | rate | {' | '.join(f'ratio {ratio:g}' for ratio in ratios)} |")
    print("| --- " * (2 + len(ratios)) + "|")
    for steps in map(int, values.steps):
        rate = values.travel / steps if values.travel else values.spread / steps**0.5
        settings = Settings(steps, rate, values.decay, values.coupled, values.noise, values.one_hot)
        log_alpha, costs, running = search(settings, ratios, values.edges, values.seed)
        results = zip(entropy(log_alpha), regret(log_alpha, costs), running, strict=True)
        cells = [f"{one:.2f}, {other:.2f}, {third:.1f}" for one, other, third in results]
        print(f"| {steps} | {rate:.2g} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    app.run(main)
