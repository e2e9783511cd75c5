"""A command on a terminal of its own, as a person has it."""

from __future__ import annotations

import contextlib
import os
import pty
import select
import subprocess
from pathlib import Path
from time import monotonic

from support.shell import surroundings


def on_a_terminal(folder: Path, *command: str, keys: str = "", patience: float = 60.0) -> tuple[int, str]:
    """Its exit code and all that was to be seen; `keys` are typed from the start."""
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        command, stdin=theirs, stdout=theirs, stderr=theirs, cwd=folder,
        env=surroundings(TERM="xterm", COLUMNS="100"), start_new_session=True,
    ) as process:  # fmt: skip
        os.close(theirs)
        os.write(ours, keys.encode())
        seen, end = b"", monotonic() + patience
        with contextlib.suppress(OSError):  # how a terminal says that nobody is there any more
            while monotonic() < end and select.select([ours], [], [], end - monotonic())[0]:
                seen += os.read(ours, 65_536)
        if monotonic() >= end:
            process.kill()
    os.close(ours)
    return process.returncode, seen.decode(errors="replace").replace("\r\n", "\n")
