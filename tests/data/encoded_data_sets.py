"""Data sets that stay on disk, for tests: their configs, TFDS copies and contents."""

import io

import PIL.Image
import tensorflow as tf
import tensorflow_datasets as tfds

from snas_tf.config import DataConfig
from snas_tf.data import encoded_collection
from snas_tf.data.batches import VALIDATION
from snas_tf.data.encoded_dataset import EncodedDataset
from snas_tf.data.image_errors import as_user_errors
from tests.data.images_on_disk import picture


def config(root, dataset="folder", batch_size=4, **values):
    return DataConfig(dataset, root, batch_size=batch_size, **values)


def load(config):
    return encoded_collection.read(config).split(seed=0)


def examples(source):
    """What the reader gives for every position."""
    read = tf.function(source.make_reader())
    return [
        tuple(value.numpy() for value in read(tf.constant(p, tf.int64))) for p in range(len(source))
    ]


def jpeg(seed):
    stream = io.BytesIO()
    PIL.Image.fromarray(picture(seed, 20 + seed, 30)).save(stream, "JPEG")
    return stream.getvalue()


def prepare(root, splits=("train", "validation"), withheld=(), file_format=None, name="tiny"):
    """Write a TFDS copy of 7 JPEGs of different sizes per split; return (bytes, label) of each."""
    images = {
        split: [(jpeg(10 * number + i), -1 if split in withheld else i % 3) for i in range(7)]
        for number, split in enumerate(splits)
    }
    tfds.dataset_builders.store_as_tfds_dataset(
        name=name,
        version="1.0.0",
        data_dir=root,
        split_datasets={
            split: [
                (i, {"image": io.BytesIO(data), "label": label, "file_name": f"{i}.JPEG"})
                for i, (data, label) in enumerate(of_split)
            ]
            for split, of_split in images.items()
        },
        features=tfds.features.FeaturesDict(
            {
                "image": tfds.features.Image(encoding_format="jpeg"),
                "label": tfds.features.ClassLabel(names=["p", "q", "r"]),
                "file_name": tfds.features.Text(),
            }
        ),
        file_format=file_format,
    )
    return images


def rewrite(root, change, split="train", name="tiny"):
    """Rewrite a split, with right checksums; `change` is given a `tf.train.Example`."""
    (path,) = root.glob(f"{name}/1.0.0/*-{split}.*")
    records = [record.numpy() for record in tf.data.TFRecordDataset(str(path))]
    with tf.io.TFRecordWriter(str(path)) as writer:
        for number, record in enumerate(records):
            example = tf.train.Example.FromString(record)
            change(number, example)
            writer.write(example.SerializeToString())


def read_all(source):
    dataset = EncodedDataset("x", source, source, ("a", "b"), (32, 32))
    with as_user_errors():
        return list(dataset.evaluation_batches(VALIDATION, 1))
