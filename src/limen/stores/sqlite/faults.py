"""What a failure of SQLite means to whom: the developer when a file is opened, the operator after that."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from limen.errors import LimenError, Misconfigured, Unavailable

_AT_START = {
    sqlite3.SQLITE_NOTADB: "is no SQLite database",
    sqlite3.SQLITE_CORRUPT: "is damaged: restore it from a backup",
    sqlite3.SQLITE_READONLY: "or its directory cannot be written by this user",
    sqlite3.SQLITE_PERM: "or its directory cannot be written by this user",
    sqlite3.SQLITE_CANTOPEN: "cannot be opened by this user",
}


def name_of(error: Exception) -> str:
    """`SQLITE_FULL` and the like: what may be logged. The message could quote what was stored."""
    return getattr(error, "sqlite_errorname", type(error).__name__)


def unavailable(error: Exception) -> Unavailable:
    """What a caller is told when SQLite fails while it serves."""
    if isinstance(error, Unavailable):
        return error
    return Unavailable("the database cannot be used just now", reason=name_of(error))


def at_start(error: sqlite3.Error, path: Path) -> LimenError:
    """What is said when a file cannot be opened: Misconfigured where waiting would not help."""
    sentence = _AT_START.get(getattr(error, "sqlite_errorcode", 0) & 0xFF)
    if sentence is None:
        return unavailable(error)
    return Misconfigured(f"the database {path} {sentence}", reason=name_of(error))


def closed() -> Unavailable:
    return Unavailable("the database is not open: Limen was not started, or has ended", reason="store_closed")


def forked() -> Unavailable:
    return Unavailable(
        "this store was opened before the process was forked: open one in each process",
        code="store_forked",
    )
