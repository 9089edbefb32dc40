"""The command line: absl flags in, frozen configs out. Only `main.py` imports this package."""
