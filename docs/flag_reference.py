"""Writes docs/reference/command_line.md, the flags of every mode, from the flags themselves.

python docs/flag_reference.py
"""

import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from flags import help_text
from flags.modes import DEFAULT, MODES

PAGE = ROOT / "docs" / "reference" / "command_line.md"

_HEAD = f"""\
# The command line

    snas --mode=MODE [--FLAG=VALUE ...]

or `python main.py --mode=MODE ...` in a checkout. This page is made from the flags by
`python docs/flag_reference.py`. `--help` prints the same; `--mode=MODE --help` is for one mode.

A flag that a mode does not have is refused with exit code 2, and so is a value that is not
accepted. Exit code 1 means that the machine cannot do more (disk, memory), that a run of a
comparison failed, or that no trial of a sweep succeeded or some were not run; 3 that another of
several machines is lost; 130 or 143 that the run was interrupted, by Ctrl-C or SIGTERM. Paths may
begin with `~`. Without `--mode`, the mode is `{DEFAULT}`.

"""
_EVERY_MODE = """\
## Every mode

| flag | meaning |
| --- | --- |
| `--flagfile=FILE` | Take the flags of a file, one per line: `presets/NAME.flags`, from any \
directory, or your own. A flag that comes later replaces an earlier one. |
| `--help` | Print the flags and exit. |
| `--helpfull` | Print the flags of the libraries too. |
"""


def make() -> str:
    """Make the text of the page."""
    lines = ["| mode | what it does |", "| --- | --- |"]
    lines += [f"| `{name}` | {mode.meaning} |" for name, mode in MODES.items()]
    for names, grouped in help_text.group(MODES).items():
        lines += ["", f"## {', '.join(names)}", ""]
        lines += ["| flag | default | meaning |", "| --- | --- | --- |"]
        for by_mode in grouped:
            usage = help_text.format_usage(by_mode).replace("|", r"\|")
            default, meaning = help_text.format_default(by_mode), help_text.format_meaning(by_mode)
            lines.append(f"| `{usage}` | {default} | {meaning} |")
    words = ["## The line of an epoch", "", "| word | meaning |", "| --- | --- |"]
    words += [f"| `{word}` | {meaning} |" for word, meaning in help_text.EPOCH_LINE.items()]
    return "\n".join([_HEAD + "\n".join(lines), "", _EVERY_MODE, *words, ""])


if __name__ == "__main__":
    PAGE.write_text(make(), encoding="utf-8")
