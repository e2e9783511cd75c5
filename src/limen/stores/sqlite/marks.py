"""Marks in SQLite: what another engine beside this one must not fall behind."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping

ALL = "SELECT name, value FROM limen_marks"
_RAISE = (
    "INSERT INTO limen_marks VALUES (?, ?) "
    "ON CONFLICT (name) DO UPDATE SET value = max(value, excluded.value)"
)


def raise_(db: sqlite3.Connection, marks: Mapping[str, int]) -> None:
    db.executemany(_RAISE, list(marks.items()))
