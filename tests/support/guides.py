"""A guide in Markdown as it is followed: its files written, its commands run, its applications served."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2

from support.shell import surroundings

DOCS = Path(__file__).parents[2] / "docs"
_BLOCK = re.compile(r"^```(\w+)(?: title=\"([^\"]+)\")?\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_RUNNING = re.compile(r"Uvicorn running on (http://[0-9.:]+)")


@dataclass(frozen=True)
class Command:
    """A block that is run, and what it is said to print; None: it is not said."""

    text: str
    prints: str | None


class Guide:
    """One page. Its blocks with a title are files, `sh` is run, `text` after it is what that prints."""

    def __init__(self, page: str, folder: Path) -> None:
        self._folder = folder
        blocks = _BLOCK.findall((DOCS / page).read_text())
        self.commands: list[Command] = []
        for number, (kind, title, text) in enumerate(blocks):
            if title:
                (folder / title).write_text(text)
            elif kind == "sh":
                after = blocks[number + 1] if number + 1 < len(blocks) else ("", "", "")
                self.commands.append(Command(text, after[2] if after[0] == "text" else None))

    def run(self, command: Command) -> str:
        """What it printed; AssertionError where it failed."""
        ran = subprocess.run(
            ["bash", "-euc", command.text],
            cwd=self._folder, env=_environment(), capture_output=True, text=True, timeout=60,
        )  # fmt: skip
        assert ran.returncode == 0, ran.stderr + ran.stdout
        return ran.stdout

    @contextmanager
    def serving(self, app: str, **environment: str) -> Iterator[httpx2.Client]:
        """A client of `app`, which runs in a process of its own."""
        command = [sys.executable, "-m", "uvicorn", app, "--port", "0", "--no-access-log"]
        with subprocess.Popen(
            command, cwd=self._folder, env=_environment(**environment), stderr=subprocess.PIPE, text=True
        ) as process:
            try:
                with httpx2.Client(base_url=_address(process)) as client:
                    yield client
            finally:
                process.terminate()
                process.communicate(timeout=30)


def _address(process: subprocess.Popen[str]) -> str:
    assert process.stderr is not None
    said = []
    for line in process.stderr:
        said.append(line)
        if (found := _RUNNING.search(line)) is not None:
            return found[1]
    raise AssertionError("".join(said))


def _environment(**more: str) -> dict[str, str]:
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    return surroundings(PATH=path, **more)
