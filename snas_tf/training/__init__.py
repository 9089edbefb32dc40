"""Training steps, optimizers and schedules."""
