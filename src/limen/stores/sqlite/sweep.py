"""Removing what has expired. Each statement walks an index from its old end and stops at the limit."""

from __future__ import annotations

import sqlite3

from limen.clock import Instant
from limen.letters import UNSENT_KEPT

_FORGET = (
    "UPDATE limen_state SET swept = max(swept, gone.position), forgotten = max(forgotten, gone.until) FROM "
    "(SELECT max(position) AS position, max(until) AS until FROM "
    "(SELECT position, until FROM limen_revocations WHERE until <= ? ORDER BY until, position LIMIT ?)"
    ") AS gone WHERE gone.position IS NOT NULL"
)
"""What the second of the statements below is about to remove."""
STATEMENTS = (
    "DELETE FROM limen_sessions WHERE id IN "
    "(SELECT id FROM limen_sessions WHERE ends <= ? ORDER BY ends, id LIMIT ?)",
    "DELETE FROM limen_revocations WHERE position IN "
    "(SELECT position FROM limen_revocations WHERE until <= ? ORDER BY until, position LIMIT ?)",
    "DELETE FROM limen_buckets WHERE key IN "
    "(SELECT key FROM limen_buckets WHERE ends <= ? ORDER BY ends, key LIMIT ?)",
)
RECOVERY = (
    "DELETE FROM limen_tickets WHERE (account, purpose) IN "
    "(SELECT account, purpose FROM limen_tickets WHERE ends <= ? ORDER BY ends, account, purpose LIMIT ?)",
    "DELETE FROM limen_letters WHERE id IN "
    "(SELECT id FROM limen_letters WHERE ends <= ? ORDER BY ends, id LIMIT ?)",
)


def sweep(db: sqlite3.Connection, now: Instant, limit: int) -> int:
    db.execute(_FORGET, (now, limit))
    return sum(db.execute(statement, (now, limit)).rowcount for statement in STATEMENTS)


def sweep_recovery(db: sqlite3.Connection, now: Instant, limit: int) -> int:
    tickets, letters = RECOVERY
    old = now - UNSENT_KEPT
    return db.execute(tickets, (now, limit)).rowcount + db.execute(letters, (old, limit)).rowcount
