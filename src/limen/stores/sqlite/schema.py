"""The schema of a SQLite database: which migrations it has had, and applying the others."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from functools import cache

from limen.stores.base import Schema
from limen.stores.migrations import Migration, load, pending

_TABLE = """CREATE TABLE IF NOT EXISTS limen_migrations (
    number INTEGER NOT NULL PRIMARY KEY, name TEXT NOT NULL, checksum TEXT NOT NULL
) STRICT"""


@cache
def known() -> tuple[Migration, ...]:
    """The migrations that came with this Limen."""
    return load("sqlite")


def schema(db: sqlite3.Connection | None) -> Schema:
    """What the database has had and what it needs; None is a database that does not exist yet."""
    applied = _applied(db) if db is not None else {}
    missing = pending(known(), applied)
    return Schema(
        tuple(m.name for m in known() if m not in missing),
        tuple(m.name for m in missing),
    )


def migrate(db: sqlite3.Connection) -> tuple[str, ...]:
    """Apply what is missing, each migration in one transaction with its record. The caller holds the lock."""
    missing = pending(known(), _applied(db))
    for migration in missing:
        _apply(db, migration)
    return tuple(m.name for m in missing)


def _applied(db: sqlite3.Connection) -> dict[int, str]:
    there = db.execute("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'limen_migrations'")
    if there.fetchone() is None:
        return {}
    return dict(db.execute("SELECT number, checksum FROM limen_migrations").fetchall())


def _apply(db: sqlite3.Connection, migration: Migration) -> None:
    db.execute("BEGIN IMMEDIATE")
    try:
        db.execute(_TABLE)
        for statement in _statements(migration.text):
            db.execute(statement)
        record = (migration.number, migration.name, migration.checksum)
        db.execute("INSERT INTO limen_migrations (number, name, checksum) VALUES (?, ?, ?)", record)
        db.commit()
    except BaseException:
        db.rollback()
        raise


def _statements(text: str) -> Iterator[str]:
    """The statements of a file, one by one: `executescript` would commit before the first."""
    statement = ""
    for line in text.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""
