"""The audit log in SQLite."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Any

from limen import ids
from limen.audit import Entry, EntryID, Wanted
from limen.clock import Instant
from limen.stores.sqlite import rows

_KEEP = "INSERT INTO limen_entries VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"
_FORGET = (
    "DELETE FROM limen_entries WHERE id IN (SELECT id FROM limen_entries WHERE id < ? ORDER BY id LIMIT ?)"
)


def keep(db: sqlite3.Connection, entries: Sequence[Entry]) -> None:
    db.executemany(_KEEP, [_values(entry) for entry in entries])


def forget(db: sqlite3.Connection, upto: Instant, limit: int) -> int:
    return db.execute(_FORGET, (_first(upto), limit)).rowcount


def page(wanted: Wanted, before: EntryID | None, limit: int) -> tuple[str, list[Any]]:
    """The statement for a page, and its values.

    Where several columns are asked for, one is looked up, the one that leaves least; a `+` keeps SQLite,
    which has no statistics here, from choosing another.
    """
    asked = {
        "account": None if wanted.account is None else rows.raw(wanted.account),
        "source": wanted.source,
        "actor": wanted.actor,
        "event": wanted.event,
        "result": wanted.result,
    }
    given = {name: value for name, value in asked.items() if value not in (None, "")}
    where = [f"{'' if n == 0 else '+'}{name} = ?" for n, name in enumerate(given)]
    values = list(given.values())
    if wanted.result not in ("", "ok"):
        where.append("result <> 'ok'")  # what the index of these says of itself
    for bound, value in (
        ("id < ?", None if before is None else rows.raw(before)),
        ("id >= ?", None if wanted.since is None else _first(wanted.since)),
        ("id < ?", None if wanted.until is None else _first(wanted.until)),
    ):
        if value is not None:
            where.append(bound)
            values.append(value)
    text = f" WHERE {' AND '.join(where)}" if where else ""
    return f"SELECT {rows.ENTRY} FROM limen_entries{text} ORDER BY id DESC LIMIT ?", [*values, limit]  # noqa: S608 - names of ours


def _first(moment: Instant) -> bytes:
    """The lowest id of its millisecond."""
    return ids.to_bytes(ids.uuid7(moment, bytes))


def _values(entry: Entry) -> tuple[Any, ...]:
    return (
        ids.to_bytes(ids.parse(entry.id)),
        entry.at,
        entry.event,
        entry.result,
        entry.actor,
        None if entry.account is None else ids.to_bytes(ids.parse(entry.account)),
        None if entry.session is None else ids.to_bytes(ids.parse(entry.session)),
        entry.source,
        entry.detail,
    )
