"""The command line in this process: fast, with the environment and the directory of the test alone."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from limen.cli import run

COMMAND = (sys.executable, "-m", "limen.cli")


@dataclass(frozen=True)
class Ran:
    """How one run ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


class Shell:
    """Runs verbs in a directory of their own; `shell("id", "new", stdin="…", LIMEN_STRATEGY="jwt")`."""

    def __init__(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        self.folder, self._monkeypatch, self._capsys = folder, monkeypatch, capsys
        monkeypatch.chdir(folder)

    def __call__(self, *arguments: str, stdin: str | bytes = "", **environment: str) -> Ran:
        """In this process. Nothing of it stays in the environment."""
        raw = stdin.encode() if isinstance(stdin, str) else stdin
        self._monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(raw)))
        before = dict(os.environ)
        self._capsys.readouterr()
        try:
            os.environ.clear()
            os.environ.update(surroundings(**environment))
            code = run(arguments)
        finally:
            os.environ.clear()
            os.environ.update(before)
        said = self._capsys.readouterr()
        return Ran(code, said.out, said.err)

    def apart(self, *arguments: str, stdin: str = "", **environment: str) -> Ran:
        """In a process of its own."""
        done = subprocess.run(
            [*COMMAND, *arguments],
            input=stdin.encode(),
            capture_output=True,
            cwd=self.folder,
            env=surroundings(**environment),
            timeout=60,
        )
        return Ran(done.returncode, done.stdout.decode(), done.stderr.decode())


def surroundings(**environment: str) -> dict[str, str]:
    """This process's environment without anything of Limen's but what is named."""
    return {k: v for k, v in os.environ.items() if not k.startswith("LIMEN_")} | environment
