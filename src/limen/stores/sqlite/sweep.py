"""Removing what has expired. Each statement walks an index from its old end and stops at the limit."""

from __future__ import annotations

import sqlite3

from limen.clock import Instant

STATEMENTS = (
    "DELETE FROM limen_sessions WHERE id IN "
    "(SELECT id FROM limen_sessions WHERE ends <= ? ORDER BY ends, id LIMIT ?)",
    "DELETE FROM limen_revocations WHERE position IN "
    "(SELECT position FROM limen_revocations WHERE until <= ? ORDER BY until, position LIMIT ?)",
    "DELETE FROM limen_buckets WHERE key IN "
    "(SELECT key FROM limen_buckets WHERE ends <= ? ORDER BY ends, key LIMIT ?)",
)


def sweep(db: sqlite3.Connection, now: Instant, limit: int) -> int:
    return sum(db.execute(statement, (now, limit)).rowcount for statement in STATEMENTS)
