"""The audit log in PostgreSQL."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from limen import ids
from limen.audit import Entry, EntryID, Wanted
from limen.clock import Instant
from limen.stores.postgres import rows
from limen.stores.postgres.step import Step

_KEEP = f"""
INSERT INTO limen_entries ({rows.ENTRY})
SELECT * FROM unnest($1::uuid[], $2::float8[], $3::text[], $4::text[], $5::text[], $6::uuid[], $7::uuid[],
    $8::text[], $9::text[])
ON CONFLICT DO NOTHING
"""  # noqa: S608 - a constant of ours
_FORGET = (
    "DELETE FROM limen_entries WHERE id IN (SELECT id FROM limen_entries WHERE id < $1 "
    "ORDER BY id LIMIT $2 FOR UPDATE SKIP LOCKED)"
)


async def keep(step: Step, entries: Sequence[Entry]) -> None:
    if entries:
        await step.change(_KEEP, *map(list, zip(*map(_values, entries), strict=True)))


async def forget(step: Step, upto: Instant, limit: int) -> int:
    return await step.change(_FORGET, _first(upto), limit)


def page(wanted: Wanted, before: EntryID | None, limit: int) -> tuple[str, list[Any]]:
    """The statement for a page, and its values. Which index to take, the server knows best."""
    asked = {
        "account = ": None if wanted.account is None else rows.raw(wanted.account),
        "source = ": wanted.source or None,
        "actor = ": wanted.actor or None,
        "event = ": wanted.event or None,
        "result = ": wanted.result or None,
        "id < ": None if before is None else rows.raw(before),
        "id >= ": None if wanted.since is None else _first(wanted.since),
        "id <  ": None if wanted.until is None else _first(wanted.until),
    }
    given = {bound: value for bound, value in asked.items() if value is not None}
    where = [f"{bound}${n}" for n, bound in enumerate(given, 1)]
    if wanted.result not in ("", "ok"):
        where.append("result <> 'ok'")  # what the index of these says of itself
    text = f" WHERE {' AND '.join(where)}" if where else ""
    last = f" ORDER BY id DESC LIMIT ${len(given) + 1}"
    return f"SELECT {rows.ENTRY} FROM limen_entries{text}{last}", [*given.values(), limit]  # noqa: S608 - names of ours


def _first(moment: Instant) -> str:
    """The lowest id of its millisecond."""
    return ids.uuid7(moment, bytes)


def _values(entry: Entry) -> tuple[Any, ...]:
    return (
        ids.parse(entry.id),
        entry.at,
        entry.event,
        entry.result,
        entry.actor,
        None if entry.account is None else ids.parse(entry.account),
        None if entry.session is None else ids.parse(entry.session),
        entry.source,
        entry.detail,
    )
