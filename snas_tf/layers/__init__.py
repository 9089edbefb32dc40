"""Keras layers: the candidate operations, the stochastic edge and the cells."""
