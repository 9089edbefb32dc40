"""Files: written whole, read with limits, whatever their names."""
