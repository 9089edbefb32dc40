"""The program with an output that is closed, full, read no more, or of another encoding."""

import os
import subprocess
import sys

import pytest

from tests.programs import ROOT, command

SECURE = (
    "from flags import standard_streams, wording; standard_streams.secure(wording.FlagStream); "
)


def python(program, redirection="", **environment):
    """A shell's Python program: exit status, output, error."""
    done = subprocess.run(
        ["bash", "-c", f'set -o pipefail; "$@" {redirection}', "-", sys.executable, "-c", program],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=600,
    )
    return done.returncode, done.stdout, done.stderr


def test_a_closed_stream_does_not_give_its_number_to_a_file(tmp_path):
    program = SECURE + (
        f"file = open({str(tmp_path / 'x')!r}, 'w'); import os, sys; print('hello');"
        "print('oops', file=sys.stderr); os.write(1, b'raw'); os.write(2, b'raw');"
        "assert not sys.stdout.isatty(); file.write(str(file.fileno()))"
    )
    assert python(program, "<&- >&- 2>&-") == (0, "", "")
    assert int((tmp_path / "x").read_text()) > 2


@pytest.mark.parametrize("redirection", ["| head -1", ">/dev/full", "2>/dev/full | head -1"])
def test_work_goes_on_when_nobody_reads_it(tmp_path, redirection):
    program = SECURE + (
        "import sys\nfor line in range(20000): print(line, flush=line % 2)\n"
        "print('oops', file=sys.stderr)\n"
        f"open({str(tmp_path / 'done')!r}, 'w').close()"
    )
    status, output, _ = python(program, redirection)
    assert status == 0
    assert output in ("", "0\n")
    assert (tmp_path / "done").exists()


def test_a_letter_that_the_encoding_does_not_have_is_escaped():
    program = SECURE + "import sys; print('é'); print('é', file=sys.stderr); print(sys.stdout.name)"
    assert python(program, PYTHONIOENCODING="ascii") == (0, "\\xe9\n1\n", "\\xe9\n")
    assert python(program, PYTHONIOENCODING="utf-8") == (0, "é\n1\n", "é\n")


def test_the_program_itself_is_secured():
    line = " ".join(command("--help"))
    done = subprocess.run(
        ["bash", "-c", f"{line} | head -1; echo ${{PIPESTATUS[0]}}; {line} >&-; echo $?"],
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.stdout.splitlines()[1:] == ["0", "0"]
    assert done.stderr == ""
