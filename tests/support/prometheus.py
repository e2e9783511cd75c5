"""Prometheus and its tool, where they are installed: Debian's package, which `scripts/servers` brings."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest


def command(name: str) -> str:
    """The program; skips the test where there is none."""
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"no {name} here: `scripts/servers` installs Debian's package prometheus")
    return found


def promtool(
    *arguments: str, given: str = "", folder: Path | None = None
) -> subprocess.CompletedProcess[str]:
    """What promtool says of these."""
    return subprocess.run(
        [command("promtool"), *arguments], input=given, text=True, capture_output=True, cwd=folder, timeout=60
    )
