"""A child network in PyTorch, from the paper, and a step of its training."""

import torch
from torch import nn
from torch.nn import functional

from benchmarks import pytorch_layers as layers


class ChildCell(layers.Cell):
    """One operation on every edge; edges are (source, target, operation)."""

    def __init__(self, edges, concat, kind, widths, channels, follows_reduction):
        super().__init__(kind, widths, channels, follows_reduction, affine=True)
        self.edges, self.concat = edges, concat
        self.operations = nn.ModuleList(
            layers.OPERATIONS[name](channels, self.stride(source), True)
            for source, _, name in edges
        )

    def forward(self, before, last, drop_probability=0.0):
        """With drop path, where its probability is more than 0."""
        nodes = {0: self.first(before), 1: self.second(last)}
        for (source, target, _), operation in zip(self.edges, self.operations, strict=True):
            y = operation(nodes[source])
            if drop_probability and not isinstance(operation, nn.Identity):
                y = drop_path_(y, drop_probability)
            nodes[target] = nodes[target] + y if target in nodes else y
        live = [nodes[node] if node in nodes else torch.zeros_like(y) for node in self.concat]
        return torch.cat(live, 1)


def drop_path_(x, probability):
    """Zero examples of x, a normalization's output, which its gradient does not need."""
    kept = 1.0 - probability
    return x.mul_(torch.empty(len(x), 1, 1, 1).bernoulli_(kept).div_(kept))


def auxiliary_tower(channels):
    """The classifier of a map of 8 x 8."""
    return nn.Sequential(
        nn.ReLU(),
        nn.AvgPool2d(5, 3),
        nn.Conv2d(channels, 128, 1, bias=False),
        nn.BatchNorm2d(128),
        nn.ReLU(inplace=True),
        nn.Conv2d(128, 768, 2, bias=False),
        nn.BatchNorm2d(768),
        nn.ReLU(inplace=True),
        nn.Flatten(),
        nn.Linear(768, 10),
    )


class Child(layers.CellNetwork):
    """The network of a genotype.

    Args:
        cells: for each kind, the edges (source, target, operation) by target, and the nodes that
            the cell concatenates.
        auxiliary: with a tower at two thirds of the depth.
    """

    def __init__(self, cells, num_cells, channels, auxiliary, memory_format):
        def make_cell(kind, *place):
            return ChildCell(*cells[kind], kind, *place)

        output_nodes = {kind: len(concat) for kind, (_, concat) in cells.items()}
        super().__init__(num_cells, channels, make_cell, output_nodes, memory_format)
        self.position = 2 * num_cells // 3
        self.auxiliary = auxiliary_tower(self.widths[self.position]) if auxiliary else None
        self.to(memory_format=memory_format)

    def forward(self, images, drop_probability=0.0):
        """Logits, and in training the tower's."""
        before = x = self.stem(self.normalize(images))
        for position, cell in enumerate(self.cells):
            before, x = x, cell(before, x, drop_probability)
            if position == self.position:
                middle = x
        logits = self.classify(x.mean((2, 3)))
        return (logits, self.auxiliary(middle)) if self.training and self.auxiliary else logits


class Training:
    """Trains a child on one batch, again and again."""

    def __init__(self, network, batch, drop_probability):
        self.network, self.batch, self.drop_probability = network, batch, drop_probability
        self.optimizer = torch.optim.SGD(
            network.parameters(), 0.025, momentum=0.9, weight_decay=3e-4, fused=True
        )

    def loss(self):
        """Cross entropy of both classifiers."""
        images, labels = self.batch
        logits, auxiliary = self.network(images, self.drop_probability)
        cross_entropy = functional.cross_entropy
        return cross_entropy(logits, labels) + 0.4 * cross_entropy(auxiliary, labels)

    def step(self):
        """One update."""
        self.optimizer.zero_grad(set_to_none=True)
        loss = self.loss()
        loss.backward()
        nn.utils.clip_grad_norm_(self.network.parameters(), 5.0, foreach=True)
        self.optimizer.step()
        return loss.item()
