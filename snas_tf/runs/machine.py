"""The machine, in words."""

import datetime
import importlib.metadata
import os
import pathlib
import platform

_CPU_INFO = pathlib.Path("/proc/cpuinfo")  # of Linux

_INSTRUCTIONS = {
    "bfloat16": {"avx512_bf16", "amx_bf16", "bf16"},
    "float16": {"avx512_fp16", "amx_fp16", "asimdhp"},
}
"""Instructions for numbers of a precision, as Linux names them on x86 and ARM; one is enough."""


def describe() -> dict[str, str]:
    """Describe the machine, what runs on it, and the date: texts by name."""
    return {
        "processor": _processor(),
        "cores": str(os.cpu_count() or 1),
        "system": _system(),
        "tensorflow": importlib.metadata.version("tensorflow"),
        "date": datetime.datetime.now().date().isoformat(),
    }


def describe_briefly() -> str:
    """Describe the machine in a line, for a record."""
    return f"{_system()}, {os.cpu_count()} cores"


def lacks_instructions(precision: str) -> bool:
    """Whether the processor is known to have no instructions for a precision."""
    known = {*_read_entry("flags").split(), *_read_entry("Features").split()}
    return bool(known) and precision in _INSTRUCTIONS and not known & _INSTRUCTIONS[precision]


def _system() -> str:
    return f"{platform.system()} {platform.machine()}"


def _processor() -> str:
    """The name of the processor, or of its family where no name is known."""
    return _read_entry("model name") or platform.processor() or platform.machine() or "unknown"


def _read_entry(name: str) -> str:
    """Read what Linux says of the first core; empty where it does not."""
    try:
        lines = _CPU_INFO.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ""
    entries = (line.partition(":") for line in lines)
    return next((value.strip() for key, _, value in entries if key.strip() == name), "")
