"""The run directory: what a run was asked, what it measured, what it found."""

import csv
import io
import json
import os
import pathlib
import platform
import tempfile
from collections.abc import Mapping
from typing import Any

from snas_tf.errors import UserError


class RunDirectory:
    """One run's files under `path`. Every file is written whole, then renamed into place.

    Args:
        path: the directory, `--model_dir`.
    """

    def __init__(self, path: pathlib.Path) -> None:
        self.path = path
        self.flags = path / "flags.json"
        self.checkpoints = path / "checkpoints"
        self.tensorboard = path / "tensorboard"
        self.best = path / "best"
        self.network = path / "network.json"
        self.genotype = path / "genotype.json"
        self.export = path / "export"
        self.metrics = path / "metrics.csv"
        self.genotypes = path / "genotypes"
        self.result = path / "result.json"

    def open(self, flags: Mapping[str, Any], versions: Mapping[str, str]) -> None:
        """Creates the directory, or checks that an existing one was made by the same flags.

        Args:
            flags: the flags that decide the run's results, by name.
            versions: of the packages in use, recorded only.

        Raises:
            UserError: the directory can't be written, or holds a run of other flags.
        """
        self.check(flags)
        if self.flags.exists():
            return
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            content = {
                "flags": flags,
                "seed": flags.get("seed"),
                "versions": versions,
                "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores",
            }
            self.write_json(self.flags, content)
        except OSError as error:
            raise UserError(
                f"--model_dir={self.path}: can't be written ({error.strerror}), "
                "accepted: a directory that is empty, new, or holds an earlier run"
            ) from error

    def check(self, flags: Mapping[str, Any]) -> None:
        """Checks that the run in the directory, if there is one, was made by the same flags.

        Raises:
            UserError: it was not; names the first flag that differs.
        """
        if not self.flags.exists():
            return
        try:
            before = json.loads(self.flags.read_text(encoding="utf-8"))["flags"]
        except (OSError, ValueError, KeyError) as error:
            raise UserError(f"{self.flags}: not a record of flags ({error})") from error
        for name in sorted({*before, *flags}):
            if before.get(name) != flags.get(name):
                raise UserError(
                    f"--{name}={flags.get(name)}: the run in --model_dir={self.path} has "
                    f"--{name}={before.get(name)}, accepted: the same flags, to resume it, or "
                    "another --model_dir"
                )

    def write_text(self, path: pathlib.Path, text: str) -> None:
        """Writes a text file whole or not at all."""
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(text)
            pathlib.Path(temporary).chmod(0o644)
            os.replace(temporary, path)
        except BaseException:
            pathlib.Path(temporary).unlink(missing_ok=True)
            raise

    def write_json(self, path: pathlib.Path, content: Any) -> None:
        """Writes JSON whole or not at all."""
        self.write_text(path, json.dumps(content, indent=2) + "\n")

    def read_rows(self) -> list[dict[str, float]]:
        """The rows of metrics.csv, oldest first; none where there is no file yet."""
        if not self.metrics.exists():
            return []
        with self.metrics.open(encoding="utf-8", newline="") as file:
            return [
                {name: float(value) for name, value in row.items()} for row in csv.DictReader(file)
            ]

    def write_rows(self, rows: list[dict[str, float]]) -> None:
        """Replaces metrics.csv."""
        text = io.StringIO()
        writer = csv.DictWriter(text, fieldnames=list(rows[0]) if rows else ["epoch"])
        writer.writeheader()
        writer.writerows(rows)
        self.write_text(self.metrics, text.getvalue())
