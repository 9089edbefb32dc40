"""Runs: directory, record, epochs, checkpoints."""
