"""The command line: from arguments to the flags of one mode."""

import itertools
import sys

from absl import app, flags

from snas_tf.errors import UserError

from . import flag_file, help_text, modes, plugin, wording
from .program_name import program_name

_HELP = {"--help", "-help", "-h", "-?", "--helpshort", "-helpshort"}
_LONG_HELP = {"--helpfull", "-helpfull"}


def parse(arguments: list[str], values: flags.FlagValues = flags.FLAGS) -> list[str]:
    """Parse the flags; exit with 2 and one line on standard error at a bad one.

    Args:
        arguments: the program's name and its arguments. Help, if asked for, is printed, and
            the program exits with 0.
        values: takes the flags of the mode that is asked for, and no others.

    Returns:
        The program's name.
    """
    try:
        return _parse(arguments, values)
    except (UserError, flags.Error) as error:
        message = " ".join(wording.to_flags(str(error)).split())
        print(f"{program_name(arguments)}: {message}", file=sys.stderr)
        sys.exit(2)


def _parse(arguments: list[str], values: flags.FlagValues) -> list[str]:
    program, *given = flag_file.expand(arguments)
    mode = _mode(given)
    if _HELP & set(given):
        asked = modes.MODES if mode is None else {mode: modes.MODES[mode]}
        print(help_text.make(asked, program_name(arguments)))
        sys.exit(0)
    mode = mode or modes.DEFAULT
    flags.DEFINE_enum("mode", mode, list(modes.MODES), "What to do.", flag_values=values)
    modes.MODES[mode].define(values)
    if _LONG_HELP & set(given):
        app.usage(writeto_stdout=True, exitcode=0)
    try:
        rest = values([program, *given])
    except flags.UnrecognizedFlagError as error:
        raise _explain(error, mode) from error
    if len(rest) > 1:
        raise UserError(f"{rest[1]!r} is not a flag, accepted: --NAME=VALUE")
    plugin.load(values)
    modes.adapt_defaults(values)
    return rest


def _mode(arguments: list[str]) -> str | None:
    """Return the mode that is asked for; the last one counts, as of every flag."""
    mode = None
    for argument, after in itertools.zip_longest(arguments, arguments[1:]):
        name, given, value = argument.partition("=")
        if name in ("--mode", "-mode"):
            mode = value if given else after
    if mode is not None and mode not in modes.MODES:
        raise UserError(f"--mode={mode}: unknown, accepted: {', '.join(modes.MODES)}")
    return mode


def _explain(error: flags.UnrecognizedFlagError, mode: str) -> Exception:
    """Say which modes have a flag that this mode does not have."""
    others = modes.having(error.flagname)
    if not others:
        return error
    return UserError(
        f"--{error.flagname}: not a flag of --mode={mode}, accepted: with --mode="
        f"{' or '.join(others)}"
    )
