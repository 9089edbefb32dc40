"""Schedules, optimizers, monitoring and the run directory."""
