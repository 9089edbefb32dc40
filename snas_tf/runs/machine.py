"""The machine, in words."""

import datetime
import importlib.metadata
import os
import pathlib
import platform

_CPU_INFO = pathlib.Path("/proc/cpuinfo")  # of Linux


def describe() -> dict[str, str]:
    """Describe the machine, what runs on it, and the date: texts by name."""
    return {
        "processor": _processor(),
        "cores": str(os.cpu_count() or 1),
        "system": f"{platform.system()} {platform.machine()}",
        "tensorflow": importlib.metadata.version("tensorflow"),
        "date": datetime.datetime.now().date().isoformat(),
    }


def _processor() -> str:
    """The name of the processor, or of its family where no name is known."""
    try:
        lines = _CPU_INFO.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        lines = []
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, "") or platform.processor() or platform.machine() or "unknown"
