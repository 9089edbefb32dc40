"""NAS-Bench-201's networks in NumPy, float64: every edge, one convolution tap after another."""

import numpy as np

EPSILON = 1e-5


class Statement:
    """The loss of a network in training, as a function of its weights.

    Args:
        network: parent or child; only its weights and its sizes are read.
        edges_of: from a cell's layer to the list of (source, target, operation, factor, weights),
            where weights maps a name to a pair (variable, index of the edge in it).
    """

    def __init__(self, network, edges_of):
        self.network = network
        self.edges_of = edges_of

    def loss(self, values, images, labels):
        """Mean cross-entropy; `values` maps the id of each variable to its array."""
        self.values = values
        network = self.network
        x = (images.astype(np.float64) - network.mean) / network.standard_deviation
        convolution, normalization = (
            one for one in network.stem[0].layers if one.variables and one.trainable_variables
        )
        x = convolve(x, self.of(convolution.kernel))
        x = self.normalize(x, normalization)
        for cell in network.cells:
            x = self.run_cell(cell, x)
        x = np.maximum(self.normalize(x, network.normalize_output.layers[0]), 0)
        logits = x.mean((1, 2)) @ self.of(network.classify.kernel) + self.of(network.classify.bias)
        logits -= logits.max(1, keepdims=True)
        log_probabilities = logits - np.log(np.exp(logits).sum(1, keepdims=True))
        return -log_probabilities[np.arange(len(labels)), labels].mean()

    def of(self, variable):
        return self.values[id(variable)]

    def normalize(self, x, layer):
        return batch_normalize(x) * self.of(layer.gamma) + self.of(layer.beta)

    def run_cell(self, cell, x):
        if cell.plan.preprocess == ("residual_block",):
            x = self.residual_block(cell.preprocess[0], x)
        nodes = [x, 0.0, 0.0, 0.0]
        for target in (1, 2, 3):
            for source, into, name, factor, weights in self.edges_of(cell):
                if into == target:
                    own = {key: self.of(one)[index] for key, (one, index) in weights.items()}
                    nodes[target] = nodes[target] + factor * apply(name, nodes[source], own)
        return nodes[3]

    def residual_block(self, layer, x):
        weights = {name: self.of(one)[0] for name, one in layer.stacks.items() if one.trainable}
        y = x
        for stage, (name, stride) in enumerate((("first", 2), ("second", 1))):
            y = batch_normalize(convolve(np.maximum(y, 0), weights[name], stride))
            y = y * weights["gamma"][stage] + weights["beta"][stage]
        rows, columns = x.shape[1] // 2, x.shape[2] // 2
        blocks = x.reshape(len(x), rows, 2, columns, 2, -1).mean((2, 4))
        return y + blocks @ weights["shortcut"]


def apply(name, x, weights):
    """The operation of an edge."""
    if name == "skip_connect":
        return x
    if name == "avg_pool_3x3":
        return taps(x, 3).sum(0) / taps(np.ones_like(x), 3).sum(0)
    assert name in ("nor_conv_1x1", "nor_conv_3x3")
    y = batch_normalize(convolve(np.maximum(x, 0), weights["kernel"]))
    return y * weights.get("gamma", 1.0) + weights.get("beta", 0.0)


def convolve(x, kernel, stride=1):
    size = len(kernel)
    flat = kernel.reshape(size * size, *kernel.shape[2:])
    return np.einsum("tbhwi,tio->bhwo", taps(x, size, stride), flat)


def taps(x, size, stride=1):
    """The input of each tap of a window [taps, batch, height, width, channels]."""
    around = size // 2
    padded = np.pad(x, [(0, 0), (around, around), (around, around), (0, 0)])
    height, width = x.shape[1:3]
    return np.stack(
        [
            padded[:, row : row + height : stride, column : column + width : stride]
            for row in range(size)
            for column in range(size)
        ]
    )


def batch_normalize(x):
    mean, variance = x.mean((0, 1, 2)), x.var((0, 1, 2))
    return (x - mean) / np.sqrt(variance + EPSILON)
