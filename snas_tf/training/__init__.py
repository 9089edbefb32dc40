"""Schedules, optimisers, monitoring and the run directory."""
