"""Connections: one that writes, two that read. What each is set to, and why."""

from __future__ import annotations

import logging
import sqlite3
from pathlib import Path

from limen.clock import Seconds
from limen.errors import Misconfigured
from limen.stores.sqlite.rows import whole_or_raw

_log = logging.getLogger("limen.stores")

Factory = type[sqlite3.Connection]
Version = tuple[int, ...]

NEEDED: Version = (3, 37, 0)
"""STRICT tables; RETURNING came with 3.35."""
_READ_PATIENCE: Seconds = 0.25  # point reads run on the event loop: better a 503 than a standstill
_FIXED: tuple[tuple[Version, Version], ...] = (((3, 44, 6), (3, 45, 0)), ((3, 50, 7), (3, 51, 0)))
_warned: set[Version] = set()


def open_writer(path: Path, factory: Factory, *, patience: Seconds) -> sqlite3.Connection:
    """The connection that writes: every commit is on the disk before it returns.

    Checkpoints are made by the writer when it chooses to, under the lock, and never by a commit.
    """
    connection = _connect(path, factory, patience)
    mode = connection.execute("PRAGMA journal_mode = WAL").fetchone()[0]
    if mode != "wal":
        connection.close()
        raise Misconfigured(
            f"the file system of {path} carries no SQLite write-ahead log: put the database on a local disk"
        )
    for setting in ("synchronous = FULL", "fullfsync = ON", "checkpoint_fullfsync = ON", "foreign_keys = ON"):
        connection.execute(f"PRAGMA {setting}")
    return connection


def open_reader(path: Path, factory: Factory) -> sqlite3.Connection:
    """A connection that cannot write."""
    connection = _connect(path, factory, _READ_PATIENCE)
    connection.execute("PRAGMA query_only = ON")
    return connection


def warning_about(version: Version) -> str | None:
    """What to say of this SQLite library; Misconfigured where it is too old to be used."""
    text = ".".join(map(str, version))
    if version < NEEDED:
        raise Misconfigured(f"SQLite {text} is too old; Limen needs 3.37 or newer")
    if version >= (3, 51, 3) or any(first <= version < end for first, end in _FIXED):
        return None
    return (
        f"SQLite {text} may corrupt a database when two connections write and checkpoint at once (fixed in "
        "3.51.3). Limen's own processes take turns, so this cannot happen among them; let no other program "
        "write to the file"
    )


def warn_once(version: Version = sqlite3.sqlite_version_info) -> None:
    """Log what `warning_about` says, once a process."""
    warning = warning_about(version)
    if warning is not None and version not in _warned:
        _warned.add(version)
        _log.warning("%s", warning)


def _connect(path: Path, factory: Factory, patience: Seconds) -> sqlite3.Connection:
    connection = sqlite3.connect(
        path, timeout=patience, isolation_level=None, check_same_thread=False, factory=factory
    )
    connection.text_factory = whole_or_raw
    for setting in ("wal_autocheckpoint = 0", "mmap_size = 0", "trusted_schema = OFF", "temp_store = MEMORY"):
        connection.execute(f"PRAGMA {setting}")
    return connection
