"""What can be seen of the machine that a deployment runs on: files, clock, the SQLite library."""

from __future__ import annotations

import ctypes
import os
import sqlite3
import stat
import sys
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

import limen
from limen.clock import Instant
from limen.doctor import SeenFile
from limen.errors import LimenError
from limen.settings import DEVELOPMENT_DIRECTORY
from limen.stores.sqlite.connection import warning_about

_TIME_ERROR = 5
"""adjtimex(2): the clock is not synchronised."""
_TIMEX_BYTES = 512
"""More than `struct timex` has on any platform."""


def places(database: str) -> list[tuple[Path, bool]]:
    """The files of a deployment and whether each is private. Those that are not there are left out."""
    found = [(Path(DEVELOPMENT_DIRECTORY), True), (Path(DEVELOPMENT_DIRECTORY, "secret"), True)]
    if (named := os.environ.get("LIMEN_SECRET_FILE")) is not None:
        found.append((Path(named), True))
    found.append((Path(os.environ.get("LIMEN_CONFIG", "limen.toml")), False))
    if database.startswith("sqlite:///"):
        base = database.removeprefix("sqlite:///")
        found += [(Path(base + ending), True) for ending in ("", "-wal", "-shm", "-lock")]
        found.append((Path(base).parent, False))
    return [(path, private) for path, private in found if os.path.lexists(path)]


def looked_at(paths: Iterable[tuple[Path, bool]]) -> list[SeenFile]:
    """Mode and owner of each, as far as this user may know them."""
    seen = []
    for path, private in paths:
        with suppress(OSError):
            said = path.stat()
            foreign = said.st_uid not in (0, os.geteuid())
            shared = str(path) == os.environ.get("LIMEN_SECRET_FILE")
            seen.append(SeenFile(str(path), stat.S_IMODE(said.st_mode), foreign, private, shared))
    return seen


def newest(paths: Iterable[tuple[Path, bool]]) -> Instant | None:
    """The latest time that these files, or Limen's own, were written."""
    times = []
    for path in (*(path for path, _ in paths), Path(limen.__file__)):
        with suppress(OSError):
            times.append(path.stat().st_mtime)
    return Instant(max(times)) if times else None


def clock_follows_a_server() -> bool | None:
    """What the kernel says (adjtimex); None where it says nothing."""
    if sys.platform != "linux":
        return None
    state = ctypes.CDLL(None).adjtimex(ctypes.create_string_buffer(_TIMEX_BYTES))  # all zero: only asks
    return None if state < 0 else state != _TIME_ERROR


def word_about_sqlite() -> tuple[str | None, LimenError | None]:
    """A warning about this library, or why it cannot be used."""
    try:
        return warning_about(sqlite3.sqlite_version_info), None
    except LimenError as error:
        return None, error
