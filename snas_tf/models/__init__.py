"""Networks built from cells."""
