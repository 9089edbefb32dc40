"""Two replicas on two logical CPU devices; a process of its own, as devices are set up once."""

import subprocess
import sys
import textwrap

from tests.programs import ROOT

PROGRAM = textwrap.dedent(
    """
    import numpy as np
    import tensorflow as tf

    tf.config.set_logical_device_configuration(
        tf.config.list_physical_devices("CPU")[0], [tf.config.LogicalDeviceConfiguration()] * 2
    )

    from snas_tf.architecture import space
    from snas_tf.config import SearchConfig
    from snas_tf.data.batches import VALIDATION, BatchConfig
    from snas_tf.data.images import Images
    from snas_tf.data.memory_dataset import MemoryDataset
    from snas_tf.layers.normalization import BatchNormalization
    from snas_tf.models.description import NetworkDescription
    from snas_tf.runs import devices
    from snas_tf.training import optimizers
    from snas_tf.training.means import Means, sums
    from snas_tf.algorithms.search_model import SearchModel
    import keras

    devices.configure()
    generator = np.random.default_rng(0)
    images = Images(generator.integers(0, 256, (16, 8, 8, 3), np.uint8), np.arange(16) % 4)
    dataset = MemoryDataset("x", images, images, tuple("abcd"), True)
    config = SearchConfig(
        num_cells=3, init_channels=2, constraint_weight=3.0, theta_clip_norm=0, alpha_clip_norm=0,
        skip_threshold=0,
    )

    statistics = dataset.channel_statistics()
    description = NetworkDescription(3, 2, (8, 8), dataset.class_names, *statistics)

    strategy = devices.strategy(batch_size=8)
    assert strategy.num_replicas_in_sync == 2, strategy
    keras.utils.set_random_seed(0)
    with strategy.scope():
        model = SearchModel(description.parent(config.skip_threshold), config, num_steps=10, seed=0)
    keras.utils.set_random_seed(0)
    twin = SearchModel(description.parent(config.skip_threshold), config, num_steps=10, seed=0)

    # Each replica draws for itself.
    def draw():
        replica = tf.distribute.get_replica_context().replica_id_in_sync_group
        return model.draw(0, replica)["normal"]

    draws = [one.numpy() for one in strategy.experimental_local_results(strategy.run(draw))]
    assert not np.allclose(*draws)
    for replica in (0, 1):
        np.testing.assert_allclose(draws[replica], twin.draw(0, replica)["normal"], rtol=1e-6)

    # What one device would do with both halves of the batch, each with its replica's draw.
    batches = dataset.training_batches(BatchConfig(batch_size=8), 0, 1)
    batch = next(iter(batches))
    total = None
    for replica in (0, 1):
        half = {name: value[4 * replica : 4 * replica + 4] for name, value in batch.items()}
        variables = [one.value for one in (*twin.theta, *twin.alpha)]
        with tf.GradientTape() as tape:
            logits = twin.network(half["image"], z=twin.draw(0, replica), training=True)
            entropy = tf.nn.sparse_softmax_cross_entropy_with_logits(half["label"], logits)
            loss = tf.reduce_sum(entropy) / 8 + twin.penalty() / 2
        part = tape.gradient(loss, variables)
        total = part if total is None else [a + b for a, b in zip(total, part)]

    received = {}
    for name in ("theta", "alpha"):
        optimizer = getattr(model, f"{name}_optimizer")
        weights = getattr(model, name)
        received[name] = [one.numpy() for one in weights]
    model.fit(batches, epochs=1, steps_per_epoch=1, verbose=0, shuffle=False)
    gradients = dict(theta=total[:-2], alpha=total[-2:])
    rate = 0.025
    for before, after, gradient in zip(received["theta"], model.theta, gradients["theta"]):
        expected = -rate * (gradient.numpy() + 3e-4 * before)
        np.testing.assert_allclose(after.numpy() - before, expected, atol=2e-6)
    for gradient, slot in zip(gradients["alpha"], model.alpha_optimizer._momentums):
        expected = 0.5 * gradient.numpy()  # Adam's mean after one step
        np.testing.assert_allclose(slot.numpy(), expected, atol=1e-6, rtol=1e-4)

    # The rate multiplies the velocity on every device.
    with strategy.scope():
        optimizer = optimizers.MomentumSGD(
            keras.optimizers.schedules.PiecewiseConstantDecay([0], [0.5, 0.05]), momentum=0.9
        )
        weight = keras.Variable(1.0)
        optimizer.build([weight])
    for _ in range(3):
        strategy.run(tf.function(lambda: optimizer.apply([tf.constant(1.0)], [weight])))
    expected = 1 - 0.5 * 2 - 0.05 * (0.9 * 2 + 2) - 0.05 * (0.9 * (0.9 * 2 + 2) + 2)
    for one in strategy.experimental_local_results(weight.value):
        np.testing.assert_allclose(one.numpy(), expected, rtol=1e-5)

    # The last batch is padded, so that the replicas hold different numbers of examples.
    batches = dataset.evaluation_batches(VALIDATION, 7 * 2 - 4)
    model.evaluates_child.assign(True)
    z = {kind: model.edges[kind].most_probable() for kind in DARTS.kinds}
    logits = model.network(tf.constant(images.images), z, training=False)
    losses = tf.nn.sparse_softmax_cross_entropy_with_logits(images.labels, logits)
    received = model.measure(batches)
    expected = {"cross_entropy": losses, "accuracy": np.argmax(logits, 1) == images.labels}
    for name, values in expected.items():
        np.testing.assert_allclose(received[name], np.mean(values), rtol=1e-6, err_msg=name)
    for variable in model.network.non_trainable_variables:
        one, other = strategy.experimental_local_results(variable.value)
        np.testing.assert_array_equal(one, other, err_msg=variable.path)

    # The moving statistics of a layer are the mean of what each replica's share would give.
    with strategy.scope():
        layer = BatchNormalization()
        layer.build((None, 2, 2, 3))
    shares = generator.normal(3, 2, (2, 4, 2, 2, 3)).astype(np.float32) * [[[[[1]]]], [[[[5]]]]]
    strategy.run(lambda: layer(
        tf.constant(shares, tf.float32)[
            tf.distribute.get_replica_context().replica_id_in_sync_group
        ],
        training=True,
    ))
    expected = dict(
        moving_mean=0.1 * shares.mean((1, 2, 3)).mean(0),
        moving_variance=0.9 + 0.1 * shares.var((1, 2, 3)).mean(0),
    )
    for name, values in expected.items():
        for one in strategy.experimental_local_results(getattr(layer, name).value):
            np.testing.assert_allclose(one, values, rtol=1e-4, err_msg=name)

    # Means are over all examples, although one replica has more that count than the other.
    values = generator.normal(size=(2, 3, 8)).astype(np.float32)
    weights = np.float32([[[1] * 8, [1] * 8], [[1] * 8, [1, 0, 0, 0, 0, 0, 0, 0]],
                          [[1] * 4 + [0] * 4, [0] * 8]])
    with strategy.scope():
        means = Means(("loss", "whole"), name="means")
    for step in range(3):
        def measure():
            replica = tf.distribute.get_replica_context().replica_id_in_sync_group
            return sums(
                {
                    "loss": tf.gather(values[:, step], replica),
                    "whole": tf.cast(replica + step, tf.float32),
                },
                tf.gather(weights[step], replica),
            )
        means.add(strategy, strategy.run(measure))
    counts = weights.sum(axis=2)
    whole = np.add.outer(np.arange(3), np.arange(2))
    result = means.result()
    expected = np.average(values.transpose(1, 0, 2), weights=weights)
    np.testing.assert_allclose(result["loss"], expected, rtol=1e-6)
    np.testing.assert_allclose(result["whole"], np.average(whole, weights=counts), rtol=1e-12)
    print("same")
    """
)


def test_two_replicas_make_the_step_of_one_with_independent_draws_and_one_penalty():
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], cwd=ROOT, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert done.stdout.endswith("same\n")
