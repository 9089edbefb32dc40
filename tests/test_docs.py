"""The documents agree with the program: links, commands, flags and public names."""

import dataclasses
import re
import shlex
import subprocess
import sys

import pytest
from absl import flags

import snas_tf
from docs import flag_reference
from flags import command_line
from tests.programs import ROOT

PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
PROGRAM = re.compile(r"^    (?:\.venv/bin/)?(?:python main\.py|snas) (--.+)$", re.MULTILINE)
PYTHON_PAGE = ROOT / "docs" / "reference" / "python.md"


def name_of(page):
    return str(page.relative_to(ROOT))


def anchors(page):
    """The anchors that GitHub gives the headings of a page."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_link_leads_to_a_file_and_a_heading(page):
    prose = re.sub(r"^    .*$", "", page.read_text(), flags=re.MULTILINE)
    for link in re.findall(r"\]\(([^)\s]+)\)", prose):
        if "://" in link:
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link


def commands():
    for page in PAGES:
        text = page.read_text().replace("\\\n", " ")
        for line in PROGRAM.findall(text):
            if "..." not in line and "=MODE" not in line:
                yield pytest.param(line, id=f"{name_of(page)}: {line[:60]}")


@pytest.mark.parametrize("line", commands())
def test_the_program_has_the_flags_of_every_command(line):
    values = flags.FlagValues()
    line = line.replace("presets/NAME.flags", "presets/demo.flags")
    command_line.parse(["main.py", *shlex.split(line)], values)


def test_the_page_of_the_flags_is_that_of_the_program():
    # In a process of its own: other tests register search spaces, which the page would name.
    program = "from docs import flag_reference; print(flag_reference.make(), end='')"
    command = [sys.executable, "-X", "utf8", "-c", program]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, check=True)
    text = flag_reference.PAGE.read_text(encoding="utf-8")
    assert text == done.stdout.decode(), "run: python docs/flag_reference.py"


def test_the_python_page_has_every_public_name_and_every_field():
    named = set(re.findall(r"`(\w+)`", PYTHON_PAGE.read_text()))
    assert set(snas_tf.__all__) <= named
    for config in (snas_tf.SearchConfig, snas_tf.ImageNetConfig, snas_tf.DataConfig):
        assert {field.name for field in dataclasses.fields(config)} <= named


@pytest.mark.parametrize("folder", ["benchmarks", "experiments", "flags", "presets", "snas_tf"])
def test_every_document_that_the_code_names_exists(folder):
    for path in (ROOT / folder).rglob("*"):
        if path.suffix in (".py", ".flags"):
            for name in re.findall(r"\bdocs/[\w/]+\.(?:md|json)\b", path.read_text()):
                assert (ROOT / name).exists(), f"{path}: {name}"
