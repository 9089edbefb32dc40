"""Architectures: cells, or a network of keras.applications; and where they come from."""

import json
import os
import pathlib

from snas_tf.architecture import application, genotype_json, genotype_source
from snas_tf.architecture.application import Application
from snas_tf.architecture.genotype import Genotype
from snas_tf.errors import UserError, shorten_path
from snas_tf.files.text_files import read_json

Architecture = Genotype | Application


def load(source: str | os.PathLike[str]) -> Architecture:
    """Load an architecture by its name, or the genotype in a file.

    Args:
        source: `keras:NAME`, or what `load_genotype` takes.

    Raises:
        UserError: there is no such name, or the file can't be read or holds no genotype.
    """
    source = os.fspath(source)
    if source.startswith(application.PREFIX):
        return Application(source.removeprefix(application.PREFIX))
    return genotype_source.load_genotype(source)


def read(path: pathlib.Path) -> Architecture:
    """Read the genotype.json of a run.

    Raises:
        UserError: it can't be read, or holds neither a genotype nor the name of a network.
    """
    try:
        content = read_json(path)
    except (OSError, ValueError):
        content = None
    if not isinstance(content, dict) or "keras" not in content:
        return genotype_source.read_genotype(path)
    try:
        return Application.from_content(content)
    except ValueError as error:
        raise UserError(f"{shorten_path(path)}: {error}") from error


def to_json(architecture: Architecture) -> str:
    """Convert to the text of a run's genotype.json."""
    if isinstance(architecture, Genotype):
        return genotype_json.to_json(architecture)
    return json.dumps(architecture.to_content(), indent=2) + "\n"


def short_name(source: str) -> str:
    """Shorten a source to a word for the name of a run."""
    return genotype_source.short_name(source.removeprefix(application.PREFIX))
