"""Prints what a SavedModel makes of images, without this package; run by test_export.py."""

import json
import sys

import numpy as np
import tensorflow as tf


def main(export, images):
    serve = tf.saved_model.load(export).signatures["serving_default"]
    result = serve(image=tf.constant(np.load(images)))
    assert not any(name.startswith("snas_tf") for name in sys.modules)
    names = [name.decode() for name in result["class_names"].numpy()]
    print(json.dumps([result["probabilities"].numpy().tolist(), names]))


if __name__ == "__main__":
    main(*sys.argv[1:])
