"""The record of a run, run.json: what decides its result."""

import dataclasses
import json
import os
import pathlib
from collections.abc import Collection, Mapping
from typing import Any

from snas_tf.errors import UserError, format_setting, quote, shorten_path
from snas_tf.files import text_files

_OF_IMAGES = ("data_dir", "skip_corrupt_images")
_BY_CONTENT = {*_OF_IMAGES, "genotype", "initial_weights", "latency_table"}
"""Settings that say where an input is; the inputs themselves are recorded."""

_SOURCES = {
    "images": "`data_dir`: not the images",
    "genotype": "`genotype`: not the genotype",
    "initial_weights": "`initial_weights`: not the weights",
    "plugins": "`plugin`: not the plugins",
    "latency_table": "`latency_table`: not the latencies",
}
"""What a message says of an input that differs, by its name."""

_ACCEPTED = "accepted: the same, to resume it, or another `model_dir`"
_MAY_GROW = "accepted: the same or more, to resume it, or another `model_dir`"
_REASONS = {
    "epochs": ", and its schedules follow the number of epochs from the first step on",
}
"""Why a setting may not change, by its name."""

_FIRST = ("sweep",)
"""Settings that are compared first, because others follow from them."""


@dataclasses.dataclass(frozen=True)
class RunRecord:
    """Record of what decides the result of a run.

    Attributes:
        kind: "search", "evaluate", "imagenet", "compare" or "tune".
        settings: values of the configs, by field.
        inputs: the content of what the run reads, by name: "images", "genotype",
            "initial_weights", "latency_table", "plugins". Empty where they have not been read yet.
        sources: how the images are found again: "data_dir", "skip_corrupt_images", and
            "split_seed" once they have been read. It is not compared.
    """

    kind: str
    settings: Mapping[str, Any]
    inputs: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    sources: Mapping[str, Any] = dataclasses.field(default_factory=dict, compare=False)

    @classmethod
    def from_configs(cls, kind: str, *configs: Any, **settings: Any) -> "RunRecord":
        """Collect the fields of configs; the places of inputs are no settings."""
        given: dict[str, Any] = {}
        for config in configs:
            given |= dataclasses.asdict(config)
        fields = {name: value for name, value in given.items() if name not in _BY_CONTENT}
        sources = {name: given[name] for name in _OF_IMAGES if name in given}
        if sources.get("data_dir"):
            sources["data_dir"] = os.path.abspath(sources["data_dir"])
        return cls(kind, _as_json({**fields, **settings}), sources=sources)

    def with_inputs(self, split_seed: int | None = None, **inputs: Any) -> "RunRecord":
        """Return a record with these inputs.

        Args:
            split_seed: seed that decided which images are held out; None if several did.
            **inputs: see the attribute.
        """
        sources = {**self.sources, "split_seed": split_seed}
        return dataclasses.replace(self, inputs=_as_json(inputs), sources=sources)

    @property
    def proxy_seed(self) -> int | None:
        """The seed that drew a proxy of the images; None where there is no proxy."""
        return self.inputs.get("images", {}).get("proxy", {}).get("seed")

    def check_against(
        self, before: "RunRecord", path: pathlib.Path, may_grow: Collection[str] = ()
    ) -> None:
        """Check that a recorded run may be continued as this one.

        Inputs are compared where both records have them.

        Args:
            before: the record in the run directory.
            path: the run directory, for messages.
            may_grow: settings that may be greater than before.

        Raises:
            UserError: the kind, a setting or the content of an input differs; names the first.
        """
        where = f"the run in {format_setting('model_dir', path)}"
        if self.kind != before.kind:
            raise UserError(
                f"`kind`={self.kind}: {where} is of {format_setting('kind', before.kind)}, "
                "accepted: another `model_dir`"
            )
        names = {*before.settings, *self.settings}
        for name in sorted(names, key=lambda name: (name not in _FIRST, name)):
            old, new = before.settings.get(name), self.settings.get(name)
            if old == new or (name in may_grow and _greater(new, old)):
                continue
            shown = shorten_path(name)
            raise UserError(
                f"{format_setting(shown, new)}: {where} has {format_setting(shown, old)}"
                f"{'' if name in may_grow else _REASONS.get(name, '')}, "
                f"{_MAY_GROW if name in may_grow else _ACCEPTED}"
            )
        for name in sorted(before.inputs.keys() | self.inputs.keys()) if self.inputs else ():
            old, new = before.inputs.get(name), self.inputs.get(name)
            if old != new:
                source = _SOURCES.get(name, "run.json: not the inputs")
                if name == "plugins":  # None where there are none
                    old, new = old or {}, new or {}
                raise UserError(f"{source} of {where}{_difference(old, new)}, {_ACCEPTED}")

    def find_changed_plugin(self, digests: Mapping[str, str]) -> str | None:
        """Find a plugin that the run had with another content.

        Args:
            digests: digests of plugins, by the name of the file.

        Returns:
            Its name, or None.
        """
        recorded = self.inputs.get("plugins", {})
        changed = (name for name in digests if recorded.get(name, digests[name]) != digests[name])
        return next(changed, None)

    def to_json(self, **remarks: Any) -> str:
        """Convert to JSON text, with remarks that are not compared."""
        return json.dumps({**dataclasses.asdict(self), **remarks}, indent=2) + "\n"


def read(path: pathlib.Path) -> RunRecord:
    """Read a run's record.

    Args:
        path: path of run.json.

    Raises:
        UserError: there is none, or it is damaged.
    """
    try:
        content = text_files.read_json(path, max_bytes=16_000_000)
        content = {"sources": {}, **content}  # Runs of earlier versions have no such entry.
        fields = [content[field.name] for field in dataclasses.fields(RunRecord)]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UserError(f"{shorten_path(path)}: no record of a run ({error})") from error
    kind, *mappings = fields
    if not (isinstance(kind, str) and all(isinstance(one, dict) for one in mappings)):
        raise UserError(
            f"{shorten_path(path)}: no record of a run (its entries are {quote(fields)})"
        )
    return RunRecord(kind, *mappings)


def _as_json(content: Any) -> Any:
    """Convert values as writing and reading JSON does."""
    return json.loads(json.dumps(content))


def _greater(new: Any, old: Any) -> bool:
    return isinstance(new, int) and isinstance(old, int) and new > old


def _difference(before: Any, now: Any) -> str:
    """Describe the difference of two inputs; empty where only their digests differ."""
    if not (isinstance(before, dict) and isinstance(now, dict)):
        return ""
    for name in sorted(before.keys() | now.keys()):
        old, new = before.get(name), now.get(name)
        if name != "digest" and old != new:
            return f" ({shorten_path(name)}: {quote(new)}, {quote(old)} before)"
    return ""
