"""SNAS: Stochastic Neural Architecture Search (Xie et al., ICLR 2019) in TensorFlow / Keras.

Importing this package reads no file, defines no flag and touches no device.
"""

__version__ = "0.1.0"
