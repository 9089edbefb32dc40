import numpy as np
import pytest
import tensorflow as tf

from snas_tf.data.tfds_records import TFRecords


def test_records_are_found_across_files_whatever_their_bytes(tmp_path):
    generator = np.random.default_rng(0)
    records = [generator.bytes(int(size)) + b"\0\0" for size in generator.integers(0, 99, 20)]
    paths = []
    for number, part in enumerate((records[:3], [], records[3:12], records[12:])):
        paths.append(tmp_path / str(number))
        with tf.io.TFRecordWriter(str(paths[-1])) as writer:
            for record in part:
                writer.write(record)
    found = TFRecords(paths)
    assert len(found) == 20
    assert [found[position] for position in range(20)] == records
    for position in (-1, 20):
        with pytest.raises(IndexError):
            found[position]
