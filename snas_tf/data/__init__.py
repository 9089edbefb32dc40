"""Data sets of images, and the batches that a training takes of them."""
