"""The search in PyTorch, from the paper: the parent network and a joint step of theta and alpha."""

import itertools

import torch
from torch import nn
from torch.nn import functional

from benchmarks import pytorch_layers as layers
from snas_tf.architecture.spaces import DARTS

CANDIDATES = DARTS.operations[1:]
"""Without the zero operation, the first column of Z."""


class ParentCell(layers.Cell):
    """All operations on all edges, weighed by Z (Eq. 1, 2)."""

    def __init__(self, kind, widths, channels, follows_reduction):
        super().__init__(kind, widths, channels, follows_reduction, affine=False)
        self.edges = nn.ModuleList(
            nn.ModuleList(
                layers.OPERATIONS[name](channels, self.stride(source), False) for name in CANDIDATES
            )
            for source, _ in DARTS.edges
        )

    def forward(self, before, last, z):
        """Z [edges, operations]."""
        nodes = [self.first(before), self.second(last)]
        edges = zip(self.edges, z, strict=True)
        for target in DARTS.intermediate_nodes:
            entering = itertools.islice(edges, target)
            pairs = zip(nodes, entering, strict=True)
            nodes.append(sum(_mix(operations, row, x) for x, (operations, row) in pairs))
        return torch.cat(nodes[2:], 1)


def _mix(operations, row, x):
    return sum(weight * one(x) for weight, one in zip(row[1:], operations, strict=True))


class Parent(layers.CellNetwork):
    """The network, and log alpha of each kind of cell."""

    def __init__(self, num_cells, channels, memory_format):
        super().__init__(num_cells, channels, ParentCell, {"normal": 4, "reduce": 4}, memory_format)
        self.log_alpha = nn.ParameterDict(
            {kind: 1 + 0.01 * torch.randn(len(DARTS.edges), 8) for kind in ("normal", "reduce")}
        )

    def theta(self):
        """All parameters but log alpha."""
        chosen = {id(one) for one in self.log_alpha.values()}
        return [one for one in self.parameters() if id(one) not in chosen]

    def draw(self, temperature):
        """One Z for each kind (Eq. 5)."""
        tiny = torch.finfo(torch.float32).tiny
        return {
            kind: functional.softmax(
                (logits - torch.log(-torch.log(torch.rand_like(logits).clamp_min(tiny))))
                / temperature,
                -1,
            )
            for kind, logits in self.log_alpha.items()
        }

    def forward(self, images, z):
        """Logits of images uint8 [batch, channels, height, width]."""
        before = x = self.stem(self.normalize(images))
        for cell in self.cells:
            before, x = x, cell(before, x, z[cell.kind])
        return self.classify(x.mean((2, 3)))


class Search:
    """Trains a parent on one batch, again and again.

    Args:
        network: the parent.
        costs: C(O) of Eq. 10 for each kind [edges, operations].
        batch: images and labels.
        temperature: temperature of the draws.
    """

    def __init__(self, network, costs, batch, temperature=1.0):
        self.network, self.batch, self.temperature = network, batch, temperature
        self.costs = {kind: torch.tensor(one).float() for kind, one in costs.items()}
        self.theta = network.theta()
        self.theta_optimizer = torch.optim.SGD(
            self.theta, 0.025, momentum=0.9, weight_decay=3e-4, fused=True
        )
        self.alpha = list(network.log_alpha.values())
        self.alpha_optimizer = torch.optim.Adam(
            self.alpha, 3e-4, (0.5, 0.999), weight_decay=1e-3, fused=True
        )

    def loss(self, z):
        """Cross entropy, and the penalty as an exact expectation (Eq. 9)."""
        images, labels = self.batch
        penalty = sum(
            (functional.softmax(logits, -1) * self.costs[kind]).sum()
            for kind, logits in self.network.log_alpha.items()
        )
        return functional.cross_entropy(self.network(images, z), labels) + 0.1 * penalty

    def step(self):
        """One update of theta and alpha."""
        self.theta_optimizer.zero_grad(set_to_none=True)
        self.alpha_optimizer.zero_grad(set_to_none=True)
        loss = self.loss(self.network.draw(self.temperature))
        loss.backward()
        nn.utils.clip_grad_norm_(self.theta, 5.0, foreach=True)
        nn.utils.clip_grad_norm_(self.alpha, 10.0)
        self.theta_optimizer.step()
        self.alpha_optimizer.step()
        return loss.item()
