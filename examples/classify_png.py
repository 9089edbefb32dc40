"""Classifies a picture with an export: python examples/classify_png.py RUN/export PICTURE

RUN is the run directory of a trained child. This program needs TensorFlow and Pillow only: the
export has the size of the images, their normalization and the names of the classes.
"""

import argparse

import numpy as np
import PIL.Image
import PIL.ImageOps
import tensorflow as tf

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("export", help="directory of the SavedModel")
    parser.add_argument("picture", help="file of a picture of any size")
    args = parser.parse_args()
    classify = tf.saved_model.load(args.export).signatures["serving_default"]
    with PIL.Image.open(args.picture) as picture:
        # As in the training: upright, 8 bits, and white where the picture is transparent.
        upright = PIL.ImageOps.exif_transpose(picture)
    if upright.mode.startswith("I;16"):
        upright = PIL.Image.fromarray((np.asarray(upright) >> 8).astype(np.uint8))
    upright = upright.convert("RGBA")
    white = PIL.Image.new("RGBA", upright.size, "white")
    pixels = np.asarray(PIL.Image.alpha_composite(white, upright).convert("RGB"))
    result = classify(image=tf.constant(pixels[np.newaxis]))
    probabilities = result["probabilities"][0].numpy()
    names = [name.decode() for name in result["class_names"].numpy()]
    for index in probabilities.argsort()[::-1][:5]:
        print(f"{probabilities[index]:.3f}  {names[index]}")
