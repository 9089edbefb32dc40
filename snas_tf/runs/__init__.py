"""A run: its directory, its record, its epochs, its checkpoints."""
