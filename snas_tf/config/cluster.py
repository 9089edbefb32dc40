"""The machines that train together, as TensorFlow's environment variable TF_CONFIG names them."""

import dataclasses
import json
import re
from collections.abc import Mapping
from typing import Any

from snas_tf.errors import UserError, quote

VARIABLE = "TF_CONFIG"
_JOBS = ("chief", "worker")
_ACCEPTED = (
    'accepted: {"cluster": {"worker": ["HOST:PORT", "HOST:PORT"]}, "task": {"type": "worker", '
    '"index": 0}}'
)


@dataclasses.dataclass(frozen=True)
class ClusterConfig:
    """Processes that train together, one on each machine; the first is the chief.

    Attributes:
        addresses: "HOST:PORT" of each.
        index: which of them this process is, counted from 0.
    """

    addresses: tuple[str, ...] = ("localhost:0",)
    index: int = 0

    @property
    def count(self) -> int:
        """The number of processes."""
        return len(self.addresses)

    @property
    def is_chief(self) -> bool:
        """Whether this process writes the files of a run."""
        return self.index == 0

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "ClusterConfig":
        """Read TF_CONFIG; where it is not set, this process trains alone.

        Raises:
            UserError: it can't be used.
        """
        text = environment.get(VARIABLE, "")
        if not text.strip():
            return cls()
        try:
            content = json.loads(text)
            cluster, task = content.get("cluster", {}), content.get("task", {})
            return cls._read(cluster, task) if cluster else cls()
        except (ValueError, TypeError, AttributeError, KeyError, RecursionError) as error:
            reason = f" ({error})" if isinstance(error, _ClusterError) else ""
            raise UserError(f"{VARIABLE}={quote(text)}: no cluster{reason}, {_ACCEPTED}") from error

    @classmethod
    def _read(cls, cluster: Mapping[str, Any], task: Mapping[str, Any]) -> "ClusterConfig":
        others = sorted(set(cluster) - set(_JOBS))
        if others:
            raise _ClusterError(f"of {quote(others[0])} tasks")
        jobs = {job: list(cluster.get(job, ())) for job in _JOBS}
        if len(jobs["chief"]) > 1:
            raise _ClusterError("of two chiefs")
        addresses = [address for job in _JOBS for address in jobs[job]]
        for address in addresses:
            if not re.fullmatch(r"\S+:\d{1,5}", address):
                raise _ClusterError(f"{quote(address)} is no HOST:PORT")
        if len(set(addresses)) < len(addresses):
            raise _ClusterError("an address is there twice")
        job, index = task["type"], int(task["index"])
        if not 0 <= index < len(jobs[job]):
            raise _ClusterError(f"it has no {job} {index}")
        before = len(jobs["chief"]) if job == "worker" else 0
        return cls(tuple(addresses), before + index)


class _ClusterError(ValueError):
    """A value of TF_CONFIG that is not accepted, for a reason of a few words."""
