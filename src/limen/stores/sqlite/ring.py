"""The key ring in SQLite."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from limen.keys import StoredKey, StoredRing
from limen.revocations import Revocation
from limen.stores.sqlite import rows
from limen.stores.sqlite.events import append

_KEYS = f"SELECT {rows.KEY} FROM limen_keys ORDER BY ordinal"  # noqa: S608 - a constant of ours
_KEEP = "INSERT OR REPLACE INTO limen_keys VALUES (?, ?, ?, ?, ?, ?, ?)"


def read(db: sqlite3.Connection) -> StoredRing:
    """Keys and version of one moment."""
    db.execute("BEGIN")
    try:
        version = db.execute("SELECT ring FROM limen_state").fetchone()
        keys = db.execute(_KEYS).fetchall()
    finally:
        db.rollback()
    return StoredRing(tuple(rows.readable(rows.key, keys)), version[0] if version else 0)


def replace(
    db: sqlite3.Connection, keys: Sequence[StoredKey], version: int, revocation: Revocation | None
) -> int | None:
    if db.execute("UPDATE limen_state SET ring = ring + 1 WHERE ring = ?", (version,)).rowcount == 0:
        return None
    had = {row[0] for row in db.execute("SELECT kid FROM limen_keys").fetchall()}
    if not had <= {key.kid for key in keys}:
        raise ValueError("a key id that the ring had is never taken away")
    ordered = sorted(keys, key=lambda k: k.created)
    values = [
        (k.kid, n, k.algorithm.value, k.state.value, k.sealed, k.created, k.since)
        for n, k in enumerate(ordered)
    ]
    db.executemany(_KEEP, values)
    if revocation is not None:
        append(db, revocation)
    return version + 1
