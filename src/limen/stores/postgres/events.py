"""The feed in PostgreSQL: positions are in the order of commits, so no reader can skip one that comes late.

Whoever appends raises the counter in `limen_state` first, and holds its row until the commit; the next one
gets it only when that commit can be seen. It is the last statement of a transaction, and one for all events
of it, so the row is held for the time of a commit. Steps of one moment share theirs (`writer`).

After a failover the new primary may lack the last positions of the old one. Its timeline is another: the
first event on it leaves a gap that no reader can have got beyond, so no reader takes what is new for what it
has seen.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from limen.clock import Instant
from limen.ids import AccountID
from limen.revocations import Kind, Revocation, cut, lasting
from limen.stores.base import BEYOND, Opened
from limen.stores.postgres import rows
from limen.stores.postgres.step import Step

CHANNEL = "limen_feed"
LOCK = "SELECT disabled, cutoff FROM limen_accounts WHERE id = $1 FOR NO KEY UPDATE"
_APPEND = f"""
WITH now AS (SELECT left(pg_walfile_name(pg_current_wal_lsn()), 8) AS timeline),
place AS (
    UPDATE limen_state SET timeline = now.timeline, position = position + cardinality($1::text[])
        + CASE WHEN limen_state.timeline = now.timeline THEN 0 ELSE {BEYOND} END
    FROM now RETURNING position - cardinality($1::text[]) AS last
)
INSERT INTO limen_revocations (position, kind, subject, upto, until, at, why)
SELECT place.last + e.n, e.kind, e.subject, e.upto, e.until, e.at, e.why
FROM place, unnest($1::text[], $2::text[], $3::float8[], $4::float8[], $5::float8[], $6::text[])
    WITH ORDINALITY AS e (kind, subject, upto, until, at, why, n)
RETURNING position, pg_notify('{CHANNEL}', position::text)
"""  # noqa: S608 - constants of ours
_END_ALL = "DELETE FROM limen_sessions WHERE account = $1 RETURNING id, rotated"
_CUT_OFF = "UPDATE limen_accounts SET cutoff = greatest(cutoff, $2) WHERE id = $1"


async def append(step: Step) -> dict[int, Revocation]:
    """Give the step's events their positions: identity of what the operation holds → the event as kept."""
    events = step.appended
    if not events:
        return {}
    columns = zip(*((e.kind.value, e.subject, e.upto, e.until, e.at, e.why) for e in events), strict=True)
    kept = await step.changed(_APPEND, *map(list, columns))
    positions = sorted(row[0] for row in kept)
    return {id(e): replace(e, position=p) for e, p in zip(events, positions, strict=True)}


def with_positions(answer: Any, placed: dict[int, Revocation]) -> Any:
    """An operation's answer, with its events as they were kept."""
    match answer:
        case Revocation():
            return placed.get(id(answer), answer)
        case Opened(ended) if ended:
            return Opened(tuple(placed[id(event)] for event in ended))
        case list():
            return [with_positions(each, placed) for each in answer]
    return answer


async def revoke(step: Step, revocation: Revocation) -> Revocation:
    return step.append(replace(revocation))


async def end_all(
    step: Step, account: AccountID, now: Instant, until: Instant, why: str, named: bool
) -> Revocation:
    """End every session of an account by one event, which covers the newest, whatever the clock says.

    `named`: after one for each of them.

    The account's row is locked first: a session is opened before this or after it, and never beside it.
    """
    id_ = rows.raw(account)
    await step.row(LOCK, id_)
    gone = await step.changed(_END_ALL, id_)
    newest = max((sid.bytes for sid, _ in gone), default=None)
    upto = cut(now, None if newest is None else int.from_bytes(newest[:6]))
    await step.change(_CUT_OFF, id_, upto)
    until = lasting(until, now=now, latest=latest((upto, *(rotated for _, rotated in gone))))
    for sid in sorted(str(sid) for sid, _ in gone if named):
        step.append(Revocation(Kind.SESSION, sid, now, until, now, why))
    return step.append(Revocation(Kind.ACCOUNT, account, upto, until, now, why))


async def begin_anew(step: Step, now: Instant, until: Instant, why: str) -> None:
    """End all sessions by one event, beyond every position that was given before the restore."""
    newest = await step.row("SELECT id FROM limen_sessions ORDER BY id DESC LIMIT 1")
    rotated = await step.row("SELECT max(rotated) FROM limen_sessions")
    upto = cut(now, None if newest is None else int.from_bytes(newest[0].bytes[:6]))
    until = lasting(until, now=now, latest=latest(rotated or ()))
    await step.change("DELETE FROM limen_sessions")
    await step.change("UPDATE limen_state SET position = position + $1", BEYOND)
    step.append(Revocation(Kind.ISSUER, "", upto, until, now, why))


def latest(instants: Iterable[Any]) -> Instant | None:
    """The latest of what sessions say of their rotations, leaving out what is none."""
    return max((at for at in instants if rows.is_instant(at)), default=None)
