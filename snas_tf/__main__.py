"""The program: `snas`, or `python -m snas_tf`."""

import importlib.util


def main() -> None:
    """Run what the command line asks for, see `flags.program`."""
    # flags/ is inside the package in a wheel, and beside it in a checkout.
    if importlib.util.find_spec("snas_tf.flags"):
        from snas_tf.flags import program
    else:
        from flags import program
    program.run()


if __name__ == "__main__":
    main()
