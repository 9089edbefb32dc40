"""The command line: absl flags in, frozen configs out. Nothing below imports this package."""
