"""Sessions in SQLite: reads as statements, writes as operations of the writer."""

from __future__ import annotations

import sqlite3
from typing import Any

from limen import ids
from limen.clock import Instant, Seconds
from limen.ids import AccountID, SessionID
from limen.revocations import Kind, Revocation, cut, lasting
from limen.sessions import Digest, Session
from limen.stores.base import Cut, Gone, NoAccount, Opened, Rotated, Stale, joined
from limen.stores.sqlite import rows
from limen.stores.sqlite.events import append
from limen.stores.sqlite.writer import Undo

BY_ID = f"SELECT {rows.SESSION} FROM limen_sessions WHERE id = ?"  # noqa: S608 - a constant of ours
LIVE_OF = f"SELECT {rows.SESSION} FROM limen_sessions WHERE account = ? AND ends > ? ORDER BY id DESC"  # noqa: S608
_ADMISSION = (
    "SELECT disabled, cutoff, "
    "(SELECT count(*) FROM (SELECT 1 FROM limen_sessions WHERE account = ?1 LIMIT ?2)) "
    "FROM limen_accounts WHERE id = ?1"
)
"""Counts no further than the limit: with a million sessions and no limit, one more costs the same."""
_INSERT = (
    "INSERT INTO limen_sessions VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"
)
_ROTATE = (
    "UPDATE limen_sessions SET digest = ?1, generation = generation + 1, rotated = ?2, touched = ?2, "  # noqa: S608
    f"ends = min(?3, expires) WHERE id = ?4 AND digest = ?5 AND ends > ?2 RETURNING {rows.SESSION_AFTER}"
)
_TOUCH = (
    "UPDATE limen_sessions SET touched = max(touched, ?1), ends = max(ends, min(?2, expires)) "
    "WHERE id = ?3 AND ends > ?1"
)


def open_(
    db: sqlite3.Connection, session: Session, limit: int | None, until: Instant, now: Instant
) -> Opened | Cut | NoAccount:
    found = db.execute(_ADMISSION, (rows.raw(session.account), limit or 0)).fetchone()
    if found is None or found[0] is not None or not rows.is_instant(found[1]):
        return NoAccount()
    ms, cutoff, held = ids.created_ms(session.id), Instant(found[1]), found[2]
    if ms <= int(cutoff * 1000):
        return Cut(cutoff)
    if db.execute(_INSERT, _values(session)).rowcount == 0:
        return Cut(cut(Instant(0.0), ms))
    if limit is None or held < limit:
        return Opened(())
    return Opened(_make_room(db, session, limit, until, now))


def _make_room(
    db: sqlite3.Connection, session: Session, limit: int, until: Instant, now: Instant
) -> tuple[Revocation, ...]:
    """End the oldest live sessions above the limit, never the new one."""
    query = "SELECT id FROM limen_sessions WHERE account = ? AND ends > ? AND id <> ? ORDER BY id"
    live = _ids(db.execute(query, (rows.raw(session.account), now, rows.raw(session.id))))
    excess = max(len(live) + 1 - limit, 0)
    return tuple(_end(db, sid, now, until, "session_limit") for sid in live[:excess])


def rotate(
    db: sqlite3.Connection, sid: SessionID, spent: Digest, fresh: Digest, now: Instant, idle: Seconds
) -> Rotated | Stale | Gone:
    id_ = rows.raw(sid)
    row = db.execute(_ROTATE, (fresh, now, now + idle, id_, spent)).fetchone()
    if row is not None:
        rotated = rows.session(row)
        if rotated is None or rotated.id != sid:
            raise Undo(Gone())
        return Rotated(rotated)
    row = db.execute(BY_ID, (id_,)).fetchone()
    session = None if row is None else rows.session(row)
    return Gone() if session is None or session.id != sid or now >= session.ends else Stale(session)


def touch(db: sqlite3.Connection, sid: SessionID, now: Instant, idle: Seconds) -> bool:
    return db.execute(_TOUCH, (now, now + idle, rows.raw(sid))).rowcount == 1


def revoke(
    db: sqlite3.Connection,
    sid: SessionID,
    account: AccountID | None,
    now: Instant,
    until: Instant,
    why: str,
) -> Revocation | None:
    """A row that cannot be read is ended all the same."""
    id_ = rows.raw(sid)
    found = db.execute("SELECT account FROM limen_sessions WHERE id = ?", (id_,)).fetchone()
    if found is None or (account is not None and found[0] != rows.raw(account)):
        return None
    return _end(db, id_, now, until, why)


def revoke_others(
    db: sqlite3.Connection, account: AccountID, keep: SessionID, now: Instant, until: Instant, why: str
) -> list[Revocation]:
    query = "SELECT id FROM limen_sessions WHERE account = ? AND id <> ? ORDER BY id"
    others = _ids(db.execute(query, (rows.raw(account), rows.raw(keep))))
    return [_end(db, sid, now, until, why) for sid in others]


def _ids(cursor: sqlite3.Cursor) -> list[bytes]:
    return [id_ for (id_,) in cursor.fetchall() if type(id_) is bytes and len(id_) == 16]


def _end(db: sqlite3.Connection, id_: bytes, now: Instant, until: Instant, why: str) -> Revocation:
    row = db.execute("DELETE FROM limen_sessions WHERE id = ? RETURNING rotated + 0.0", (id_,)).fetchone()
    until = lasting(until, now=now, latest=row[0] if rows.is_instant(row[0]) else None)
    return append(db, Revocation(Kind.SESSION, ids.from_bytes(id_), now, until, now, why))


def _values(session: Session) -> tuple[Any, ...]:
    s = session
    return (
        ids.to_bytes(s.id), ids.to_bytes(s.account), s.strategy.value, s.digest, s.generation, s.rotated,
        s.created, s.authenticated, joined(s.amr), joined(s.scopes), s.touched, s.ends, s.expires,
        s.user_agent, s.source,
    )  # fmt: skip
