"""What a sweep needs of KerasTuner: hyperparameters, oracles, chief and workers."""
