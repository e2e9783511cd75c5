"""`limen serve` in a process of its own, with what it says."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

from support.shell import COMMAND, surroundings


class Serving:
    """A server that was started with these arguments; leave the `with` to end it."""

    def __init__(
        self, folder: Path, *arguments: str, before: Callable[[], None] | None = None, **environment: str
    ) -> None:
        self.said: dict[str, Any] = {}
        self._process = subprocess.Popen(
            [*COMMAND, "serve", "--json", *arguments], cwd=folder, env=surroundings(**environment),
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, preexec_fn=before,
        )  # fmt: skip

    def ready(self) -> Self:
        """Waits for the line that says where it is; AssertionError with what it said instead."""
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, self.ended()
        self.said = json.loads(line)
        return self

    @property
    def address(self) -> str:
        return str(self.said["address"])

    def stop(self, how: signal.Signals = signal.SIGTERM) -> tuple[int, str, str]:
        """Send a signal, and answer code, stdout and stderr."""
        self.signal(how)
        return self.ended()

    def drain(self) -> Self:
        """Read on and forget what it writes to stdout: it waits where a pipe is full, as any program does."""

        def forget(pipe: int) -> None:
            with suppress(OSError):  # closed, since it has ended
                while os.read(pipe, 65_536):
                    pass

        assert self._process.stdout is not None
        threading.Thread(target=forget, args=(self._process.stdout.fileno(),), daemon=True).start()
        return self

    def signal(self, how: signal.Signals) -> None:
        self._process.send_signal(how)

    @property
    def pid(self) -> int:
        return self._process.pid

    def workers(self) -> list[int]:
        """The ids of the processes of `--workers`, the oldest first (Linux)."""
        found = []
        for place in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                parent = (place / "stat").read_text().rpartition(")")[2].split()[1]
                if int(parent) == self._process.pid and b"spawn_main" in (place / "cmdline").read_bytes():
                    found.append(int(place.name))
        return sorted(found)

    def ended(self) -> tuple[int, str, str]:
        """Code, stdout and stderr, once it has ended by itself."""
        out, err = self._process.communicate(timeout=30)
        return self._process.returncode, out, err

    def __enter__(self) -> Self:
        return self.ready()

    def __exit__(self, *_: object) -> None:
        if self._process.poll() is None:
            self._process.kill()
            self._process.communicate()
