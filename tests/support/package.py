"""The package as a stranger gets it: built from what git holds, installed into an environment of its own."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from support.source import ROOT

PYTHON = ROOT / ".venv" / "bin" / "python"
_OURS = ("LIMEN_", "PYTHON", "PIP_", "VIRTUAL_ENV", "COVERAGE_")


def copied(folder: Path) -> Path:
    """What git holds of this tree, as it stands here, in `folder`."""
    names = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT, capture_output=True, check=True, text=True,
    ).stdout  # fmt: skip
    for name in filter(None, names.split("\0")):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, folder / name)
            (folder / name).chmod((ROOT / name).stat().st_mode & 0o777)
    return folder


def run(*command: str | Path, cwd: Path, **environment: str) -> str:
    """What it printed; AssertionError with all of it where it failed."""
    done = subprocess.run(
        command, cwd=cwd, env=clean(**environment), capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, f"{command}: {done.stdout}\n{done.stderr}"
    return done.stdout


def clean(**environment: str) -> dict[str, str]:
    """An environment in which nothing of ours is set: no package of the tests' is found, and no cache."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(_OURS)}
    kept["PATH"] = os.pathsep.join(
        place for place in os.environ["PATH"].split(os.pathsep) if not place.startswith(str(ROOT))
    )
    places = {key: value for key, value in os.environ.items() if key in ("PIP_INDEX_URL", "PIP_CONFIG_FILE")}
    return kept | places | {"PIP_NO_CACHE_DIR": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1"} | environment


def constraints(folder: Path) -> Path:
    """The versions of the lock, so that a package that came out today decides nothing here."""
    pins = re.findall(
        r"^[a-z0-9][a-z0-9.-]*==[^\\\n]+", (ROOT / "requirements" / "test.txt").read_text(), re.M
    )
    path = folder / "constraints.txt"
    path.write_text("\n".join(pins) + "\n")
    return path


def environment(folder: Path) -> Path:
    """A virtual environment with pip and nothing else; the path of its `bin`."""
    subprocess.run([sys.executable, "-m", "venv", folder], check=True, env=clean(), timeout=120)
    return folder / "bin"
