"""Sessions in PostgreSQL: reads as statements, writes as operations of the writer."""

from __future__ import annotations

from typing import Any

from limen import ids
from limen.clock import Instant, Seconds
from limen.ids import AccountID, SessionID
from limen.revocations import Kind, Revocation, cut, lasting
from limen.sessions import Digest, Session
from limen.stores.base import Cut, Gone, NoAccount, Opened, Rotated, Stale, joined
from limen.stores.postgres import rows
from limen.stores.postgres.events import LOCK, latest
from limen.stores.postgres.faults import Undo
from limen.stores.postgres.step import Step

BY_ID = f"SELECT {rows.SESSION} FROM limen_sessions WHERE id = $1"  # noqa: S608 - a constant of ours
BY_IDS = f"SELECT {rows.SESSION} FROM limen_sessions WHERE id = ANY($1::uuid[])"  # noqa: S608
LIVE_OF = f"SELECT {rows.SESSION} FROM limen_sessions WHERE account = $1 AND ends > $2 ORDER BY id DESC"  # noqa: S608
_INSERT = (
    f"INSERT INTO limen_sessions ({rows.SESSION}) "  # noqa: S608
    "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15) ON CONFLICT DO NOTHING"
)
_EXCESS = (
    "DELETE FROM limen_sessions WHERE id IN (SELECT id FROM limen_sessions "
    "WHERE account = $1 AND ends > $2 AND id <> $3 ORDER BY id DESC OFFSET $4) RETURNING id, rotated"
)
_ROTATE = (
    "UPDATE limen_sessions SET digest = $2, generation = generation + 1, rotated = $3, touched = $3, "  # noqa: S608
    f"ends = least($4, expires) WHERE id = $1 AND digest = $5 AND ends > $3 RETURNING {rows.SESSION}"
)
_TOUCH = (
    "UPDATE limen_sessions SET touched = greatest(touched, $2), ends = greatest(ends, least($3, expires)) "
    "WHERE id = $1 AND ends > $2"
)
_REVOKE = (
    "DELETE FROM limen_sessions WHERE id = $1 AND ($2::uuid IS NULL OR account = $2) RETURNING id, rotated"
)
_REVOKE_OTHERS = "DELETE FROM limen_sessions WHERE account = $1 AND id <> $2 RETURNING id, rotated"


async def open_(
    step: Step, session: Session, limit: int | None, until: Instant, now: Instant
) -> Opened | Cut | NoAccount:
    """The account's row is locked first, so that openings of one account are one after another."""
    found = await step.row(LOCK, rows.raw(session.account))
    if found is None or found[0] is not None or type(found[1]) is not float:
        return NoAccount()
    ms, cutoff = ids.created_ms(session.id), Instant(found[1])
    if ms <= int(cutoff * 1000):
        return Cut(cutoff)
    if await step.change(_INSERT, *_values(session)) == 0:
        return Cut(cut(Instant(0.0), ms))
    if limit is None:
        return Opened(())
    gone = await step.changed(_EXCESS, session.account, now, session.id, max(limit - 1, 0))
    return Opened(tuple(_ended(step, gone, now, until, "session_limit")))


async def rotate(
    step: Step, sid: SessionID, spent: Digest, fresh: Digest, now: Instant, idle: Seconds
) -> Rotated | Stale | Gone:
    id_ = rows.raw(sid)
    changed = await step.changed(_ROTATE, id_, fresh, now, now + idle, spent)
    if changed:
        rotated = rows.session(changed[0])
        if rotated is None or rotated.id != sid:
            raise Undo(Gone())
        return Rotated(rotated)
    row = await step.row(BY_ID, id_)
    session = None if row is None else rows.session(row)
    return Gone() if session is None or now >= session.ends else Stale(session)


async def touch(step: Step, sid: SessionID, now: Instant, idle: Seconds) -> bool:
    return await step.change(_TOUCH, rows.raw(sid), now, now + idle) == 1


async def revoke(
    step: Step, sid: SessionID, account: AccountID | None, now: Instant, until: Instant, why: str
) -> Revocation | None:
    """A row that cannot be read is ended all the same."""
    gone = await step.changed(_REVOKE, rows.raw(sid), None if account is None else rows.raw(account))
    ended = _ended(step, gone, now, until, why)
    return ended[0] if ended else None


async def revoke_others(
    step: Step, account: AccountID, keep: SessionID, now: Instant, until: Instant, why: str
) -> list[Revocation]:
    id_ = rows.raw(account)
    await step.row(LOCK, id_)
    gone = await step.changed(_REVOKE_OTHERS, id_, rows.raw(keep))
    return _ended(step, gone, now, until, why)


def _ended(step: Step, gone: list[Any], now: Instant, until: Instant, why: str) -> list[Revocation]:
    """An event for each session, oldest first."""
    events = []
    for sid, rotated in sorted((str(sid), rotated) for sid, rotated in gone):
        good = lasting(until, now=now, latest=latest([rotated]))
        events.append(step.append(Revocation(Kind.SESSION, sid, now, good, now, why)))
    return events


def _values(session: Session) -> tuple[Any, ...]:
    s = session
    return (
        ids.parse(s.id), ids.parse(s.account), s.strategy.value, s.digest, s.generation, s.rotated,
        s.created, s.authenticated, joined(s.amr), joined(s.scopes), s.touched, s.ends, s.expires,
        s.user_agent, s.source,
    )  # fmt: skip
