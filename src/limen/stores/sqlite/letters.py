"""The outbox in SQLite."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from limen import ids
from limen.clock import Instant, Seconds
from limen.letters import Posted
from limen.stores.sqlite import rows

WAITING = "SELECT count(*) FROM (SELECT 1 FROM limen_letters WHERE due >= 0 LIMIT ?)"
_KEEP = "INSERT INTO limen_letters VALUES (?, ?, ?, ?, ?)"
_DUE = (
    f"SELECT {rows.LETTER} FROM limen_letters "  # noqa: S608 - a constant of ours
    "WHERE due <= ? ORDER BY due, id LIMIT ?"
)
_TAKE = "UPDATE limen_letters SET due = ?, attempts = ? WHERE id = ?"


def keep(db: sqlite3.Connection, letters: Sequence[Posted]) -> None:
    db.executemany(_KEEP, [(ids.to_bytes(p.id), p.sealed, p.due, p.ends, p.attempts) for p in letters])


def take(db: sqlite3.Connection, now: Instant, lease: Seconds, limit: int) -> list[Posted]:
    due = rows.readable(rows.letter, db.execute(_DUE, (now, limit)).fetchall())
    held = [Posted(p.id, p.sealed, Instant(now + lease), p.ends, p.attempts + 1) for p in due]
    db.executemany(_TAKE, [(p.due, p.attempts, ids.to_bytes(p.id)) for p in held])
    return sorted(held, key=lambda p: p.id)


def sent(db: sqlite3.Connection, letter: str) -> None:
    db.execute("DELETE FROM limen_letters WHERE id = ?", (rows.raw(letter),))


def failed(db: sqlite3.Connection, letter: str, attempts: int, due: Instant) -> None:
    sql = "UPDATE limen_letters SET due = ? WHERE id = ? AND attempts = ?"
    db.execute(sql, (due, rows.raw(letter), attempts))
