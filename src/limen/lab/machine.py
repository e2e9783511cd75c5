"""The machine that is measured on, and what else it was doing meanwhile."""

from __future__ import annotations

import os
import platform
import re
import sqlite3
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from limen.lab.records import Machine

_STANDS_ON = (
    "limen",
    "cryptography",
    "msgspec",
    "argon2-cffi",
    "starlette",
    "uvicorn",
    "uvloop",
    "httptools",
)
_STAT, _CPUINFO = Path("/proc/stat"), Path("/proc/cpuinfo")
_TICKS = os.sysconf("SC_CLK_TCK") if hasattr(os, "sysconf") else 100


def describe() -> Machine:
    """This machine, without its name."""
    return Machine(
        cores=cores(),
        processor=_processor(),
        system=f"{platform.system()} {platform.release()}",
        python=f"{platform.python_implementation()} {platform.python_version()}",
        memory=_memory(),
    )


def versions() -> dict[str, str]:
    """What Limen stands on, and its own."""
    found = {"sqlite": sqlite3.sqlite_version}
    for name in _STANDS_ON:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def cores() -> int:
    """Processors that this process may use."""
    allowed = getattr(os, "sched_getaffinity", None)
    return len(allowed(0)) if allowed else (os.cpu_count() or 1)


def load_average() -> float | None:
    """Of the last minute; None where the system has none."""
    try:
        return os.getloadavg()[0]
    except (AttributeError, OSError):
        return None


def busy() -> float | None:
    """Processor seconds that everything on the machine has used, stolen ones included; None where the
    system does not say."""
    try:
        numbers = [int(word) for word in _STAT.read_text().split("\n", 1)[0].split()[1:9]]
    except (OSError, ValueError):
        return None
    user, nice, system, _idle, _wait, irq, soft, steal = numbers
    return (user + nice + system + irq + soft + steal) / _TICKS


def _processor() -> str:
    try:
        found = re.search(r"^model name\s*:\s*(.+)$", _CPUINFO.read_text(), re.MULTILINE)
    except OSError:
        found = None
    return found[1].strip() if found else (platform.processor() or platform.machine())


def _memory() -> int | None:
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return None
