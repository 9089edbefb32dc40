"""How many machines pay: a model of a step on N machines, with one GPU each.

    PYTHONPATH=. python experiments/scaling.py --step_ms=300 --megabytes=8 --messages=60

The batch is shared by the machines, so the search stays the same. A step takes

    max over machines of (fixed + (step - fixed) / N) x jitter
    + 2 (N - 1) / N x bytes / bandwidth + messages x 2 log2(N) x latency

The first line is computing: `step` is measured on one GPU with the whole batch, `fixed` is what of
it does not depend on the number of images, such as launching kernels. The jitter is lognormal with
mean 1, independent for every machine and step; all wait for the slowest. The second line is what
machines send each other: the bytes in a ring, as NCCL does, and for each collective operation the
latency of a tree. It waits for the end of the backward pass, as this package's step does. Bytes and
operations are counted: see docs/scaling.md.
"""

import argparse
import dataclasses

import numpy as np

MACHINES = (1, 2, 4, 8, 16, 32, 64)
STEPS = 2000
WORTH = 0.5
"""Efficiency down to which machines pay: half of each works for the search."""


@dataclasses.dataclass(frozen=True)
class Step:
    """A step of a training on one GPU, and what machines send each other in it.

    Attributes:
        seconds: of the whole batch on one GPU.
        fixed_seconds: the part that does not depend on the number of images.
        megabytes: what a machine has to sum with the others.
        messages: in how many collective operations.
    """

    seconds: float
    fixed_seconds: float
    megabytes: float
    messages: int


@dataclasses.dataclass(frozen=True)
class Network:
    """The network between machines.

    Attributes:
        gigabits: bandwidth of a machine, in Gbit/s.
        latency: seconds until a message arrives.
    """

    gigabits: float
    latency: float = 30e-6


def simulate(
    step: Step, network: Network, machines: int, jitter: float = 0.05, seed: int = 0
) -> float:
    """Simulate steps on some machines; return the mean seconds of one.

    Args:
        step: the training.
        network: the network.
        machines: how many there are.
        jitter: standard deviation of a step's time on one machine, as a share of it.
        seed: seed of the jitter.
    """
    computing = step.fixed_seconds + (step.seconds - step.fixed_seconds) / machines
    spread = np.sqrt(np.log1p(jitter**2))
    drawn = np.random.default_rng(seed).normal(-(spread**2) / 2, spread, (STEPS, machines))
    slowest = np.exp(drawn).max(axis=1).mean() if jitter else 1.0
    sending = 2 * (machines - 1) / machines * step.megabytes * 8e6 / (network.gigabits * 1e9)
    waiting = step.messages * 2 * np.log2(machines) * network.latency
    return float(computing * slowest + sending + waiting)


def speed_up(step: Step, network: Network, machines: int, jitter: float = 0.05) -> float:
    """How many times as fast some machines are as one."""
    alone, together = (simulate(step, network, count, jitter) for count in (1, machines))
    return alone / together


def largest_that_pays(step: Step, network: Network) -> int:
    """The largest of `MACHINES` whose efficiency is at least `WORTH`."""
    paying = [count for count in MACHINES if speed_up(step, network, count) / count >= WORTH]
    return max(paying)


def main() -> None:
    """Print a table of speed-ups."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--step_ms", type=float, required=True)
    parser.add_argument("--fixed_ms", type=float, default=0.0)
    parser.add_argument("--megabytes", type=float, required=True)
    parser.add_argument("--messages", type=int, required=True)
    parser.add_argument("--gigabits", type=float, nargs="+", default=[1, 10, 100])
    options = parser.parse_args()
    step = Step(
        options.step_ms / 1000, options.fixed_ms / 1000, options.megabytes, options.messages
    )
    print("| Gbit/s | " + " | ".join(f"{count} GPUs" for count in MACHINES) + " | pay |")
    print("| --- " * (len(MACHINES) + 2) + "|")
    for gigabits in options.gigabits:
        network = Network(gigabits)
        found = [f"{speed_up(step, network, count):.1f}" for count in MACHINES]
        print(f"| {gigabits:g} | {' | '.join(found)} | {largest_that_pays(step, network)} |")


if __name__ == "__main__":
    main()
