"""What a verb does not need is not imported."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from support.shell import surroundings

HEAVY = {"cryptography", "starlette", "uvicorn", "rich", "asyncio", "sqlite3", "argon2", "zxcvbn", "msgspec"}


def imported(tmp_path: Path, *arguments: str) -> set[str]:
    """The packages that are there after a run."""
    text = f"import sys\nfrom limen.cli import run\nrun({arguments!r})\nprint(*sys.modules, file=sys.stderr)"
    done = subprocess.run(
        [sys.executable, "-c", text], capture_output=True, text=True, cwd=tmp_path, env=surroundings()
    )
    return {name.partition(".")[0] for name in done.stderr.split()}


@pytest.mark.parametrize("arguments", [("--help",), ("id", "new"), ("--version",)])
def test_the_light_verbs_are_light(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    assert imported(tmp_path, *arguments) & HEAVY == set()


def test_the_core_alone_says_what_to_install(tmp_path: Path) -> None:
    text = "import sys; sys.modules['click'] = None; import limen.cli"
    done = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 4
    assert done.stderr == "limen: the command line needs more than the core: pip install 'limen[server]'\n"


def test_token_and_hash_ask_for_no_server(tmp_path: Path) -> None:
    for arguments in (("token", "--help"), ("hash", "--help")):
        assert imported(tmp_path, *arguments) & {"starlette", "uvicorn", "rich", "sqlite3"} == set()
