"""`limen dev` in a process of its own, over an application that a test writes and changes."""

from __future__ import annotations

import json
import os
import queue
import signal
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

from support.redis import moment
from support.shell import COMMAND, surroundings
from support.source import ROOT

PATIENCE = 30


class Developing:
    """Leave the `with` to end it; whatever it has started must be gone by then."""

    def __init__(self, folder: Path, *arguments: str, **environment: str) -> None:
        self.folder = folder
        self._lines: queue.Queue[str] = queue.Queue()
        with open(folder / "stderr", "wb") as errors:
            self.process = subprocess.Popen(
                [*COMMAND, "dev", "--json", "--port", "0", *arguments],
                cwd=folder, env=surroundings(PYTHONPATH=str(ROOT), **environment),
                stdout=subprocess.PIPE, stderr=errors, text=True,
            )  # fmt: skip
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._lines.put(line)

    def serving(self) -> dict[str, Any]:
        """What it says when the application has started, the first time or anew."""
        while True:
            try:
                said = json.loads(self._lines.get(timeout=PATIENCE))
            except queue.Empty:
                raise AssertionError(self.errors) from None
            if said["event"] == "serving":
                found: dict[str, Any] = said
                return found

    @property
    def errors(self) -> str:
        return (self.folder / "stderr").read_text()

    @property
    def children(self) -> list[int]:
        """The processes that it has started and that are there, those of these too."""
        found, asked = [], [self.process.pid]
        while asked:
            place = Path(f"/proc/{asked.pop()}/task")
            below = [int(pid) for file in place.glob("*/children") for pid in file.read_text().split()]
            found += below
            asked += below
        return found

    def ended(self) -> int:
        return self.process.wait(PATIENCE)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        before = self.children
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.ended()
        self.process.stdout.close() if self.process.stdout else None
        until(lambda: not any(is_there(pid) for pid in before))


def until(what: Callable[[], bool]) -> None:
    """Ask again and again: another process does it."""
    for _ in range(int(PATIENCE / 0.01)):
        if what():
            return
        moment()
    raise AssertionError("it did not happen")


def is_there(pid: int) -> bool:
    """Whether a process runs; one that has ended and that nobody asked about does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def kill(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)
