"""Our training steps on synthetic images, as the modes run them."""

import dataclasses

import numpy as np

from benchmarks import rounds
from snas_tf.algorithms.search_model import SearchModel
from snas_tf.architecture import zoo
from snas_tf.config import ChildConfig, SearchConfig, algorithms
from snas_tf.data.batches import HELD_OUT, BatchConfig
from snas_tf.data.held_out_dataset import HeldOutDataset
from snas_tf.data.images import Images
from snas_tf.data.memory_dataset import MemoryDataset
from snas_tf.models.description import NetworkDescription
from snas_tf.runs import devices
from snas_tf.training.child_model import ChildModel

_STEPS = 10_000  # more than any benchmark makes


def search(config, batch_size, image_size, phases, algorithm_class=None):
    """Make the candidate of a search, by another class than its algorithm's if one is given."""
    devices.configure()
    algorithm_class = algorithm_class or algorithms.get(config.algorithm).load()
    dataset, held_out = synthetic(batch_size, image_size), None
    if algorithm_class.learns_from_held_out_images(config):
        dataset = HeldOutDataset.divide(synthetic(batch_size, image_size, 4), 0.5, 0, batch_size)
        held_out = dataset.evaluation_batches(HELD_OUT, batch_size)
    described = describe(config, dataset)
    parent = described.make_parent(config.search_space, config.skip_threshold, config.precision)
    algorithm = algorithm_class(parent, config, _STEPS, seed=0)
    parameters = count(algorithm.trainable_variables)
    model = SearchModel(algorithm, held_out)
    return candidate(model, dataset, batch_size, phases, parameters)


def child(config, batch_size, image_size, phases):
    """Make the candidate of the training of a child of the zoo."""
    devices.configure()
    dataset = synthetic(batch_size, image_size)
    genotype = zoo.genotypes()[config.genotype]
    network = describe(config, dataset).make_child(genotype, True, config.precision)
    model = ChildModel(network, config, _STEPS // config.epochs, seed=0)
    return candidate(model, dataset, batch_size, phases, count(model.theta), config.cutout_length)


def make(values, share):
    """Make the model of flags, of a child if a genotype is given, and a process's batches."""
    dataset = dataclasses.replace(synthetic(values.batch_size, values.image_size), share=share)
    size = values.num_cells, values.init_channels
    if values.genotype:
        config = ChildConfig(*size, genotype=values.genotype)
        network = describe(config, dataset).make_child(zoo.genotypes()[values.genotype], True)
        model = ChildModel(network, config, _STEPS, seed=0)
    else:
        config = SearchConfig(*size, constraint_weight=0.1)
        parent = describe(config, dataset).make_parent(config.search_space, config.skip_threshold)
        algorithm = algorithms.get(config.algorithm).load()(parent, config, _STEPS, seed=0)
        model = SearchModel(algorithm)
    return model, dataset.training_batches(BatchConfig(values.batch_size), 0, _STEPS)


def synthetic(batch_size, image_size, batches=2):
    """A data set of a few batches."""
    shape = (batch_size * batches, image_size, image_size, 3)
    pixels = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
    images = Images(pixels, np.arange(shape[0]) % 10)
    return MemoryDataset("synthetic", images, images, tuple("0123456789"), mirror=True)


def describe(config, dataset):
    """The network of a config, for the data set's images."""
    return NetworkDescription(
        config.num_cells,
        config.init_channels,
        dataset.image_size,
        dataset.class_names,
        (120,) * 3,
        (60,) * 3,
    )


def candidate(model, dataset, batch_size, phases, parameters, cutout_length=0):
    """Make the candidate of a model; write into `phases` when it is built and traced."""
    config = BatchConfig(batch_size, cutout_length=cutout_length)
    batches = iter(dataset.training_batches(config, 0, _STEPS))
    train_step = model.train_step

    def traced_step(batch):
        results = train_step(batch)
        phases["trace"] = rounds.process_age()
        return results

    model.train_step = traced_step
    model.make_train_function()
    phases["build"] = rounds.process_age()
    return rounds.Candidate(
        lambda: float(model.train_function(batches)["loss"]), parameters, phases
    )


def count(variables):
    """Count the numbers of variables."""
    return sum(variable.value.shape.num_elements() for variable in variables)
