"""The feed in SQLite: appending events, and reading them.

Positions are given inside the one writing transaction of the moment, so they are in the order of commits: a
reader that has seen a position has seen, or could have seen, every lower one. None ever comes late.
"""

from __future__ import annotations

import sqlite3
from dataclasses import replace

from limen import ids
from limen.clock import Instant
from limen.ids import AccountID
from limen.revocations import Kind, Page, Revocation, cut, lasting
from limen.stores.base import BEYOND
from limen.stores.sqlite import rows

_AFTER = (
    f"SELECT {rows.REVOCATION} FROM limen_revocations "  # noqa: S608 - a constant of ours
    "WHERE position > ? AND until > ? ORDER BY position"
)
_POSITION = "SELECT seq FROM sqlite_sequence WHERE name = 'limen_revocations'"
_OVER = "SELECT max(until) FROM limen_revocations WHERE position > ? AND until <= ?"
_STATE = "SELECT ring, swept, forgotten FROM limen_state"


def append(db: sqlite3.Connection, revocation: Revocation) -> Revocation:
    """Add an event to the feed; the answer carries its position."""
    r = revocation
    cursor = db.execute(
        "INSERT INTO limen_revocations (kind, subject, upto, until, at, why) VALUES (?, ?, ?, ?, ?, ?)",
        (r.kind.value, r.subject, r.upto, r.until, r.at, r.why),
    )
    return replace(revocation, position=cursor.lastrowid or 0)


def end_all(
    db: sqlite3.Connection, account: AccountID, now: Instant, until: Instant, why: str, named: bool
) -> Revocation:
    """End every session of an account by one event, which covers the newest, whatever the clock says.

    `named`: after one for each of them.
    """
    id_ = rows.raw(account)
    newest = db.execute("SELECT max(id) FROM limen_sessions WHERE account = ?", (id_,)).fetchone()[0]
    upto = cut(now, None if newest is None else int.from_bytes(newest[:6]))
    until = lasting(until, now=now, latest=max(upto, latest_rotation(db, id_) or upto))
    gone = db.execute("DELETE FROM limen_sessions WHERE account = ? RETURNING id", (id_,)).fetchall()
    for sid in sorted(sid for (sid,) in gone if named and type(sid) is bytes and len(sid) == 16):
        append(db, Revocation(Kind.SESSION, ids.from_bytes(sid), now, until, now, why))
    db.execute("UPDATE limen_accounts SET cutoff = max(cutoff, ?) WHERE id = ?", (upto, id_))
    return append(db, Revocation(Kind.ACCOUNT, account, upto, until, now, why))


def begin_anew(db: sqlite3.Connection, now: Instant, until: Instant, why: str) -> None:
    """End all sessions by one event, beyond every position that was given before the restore."""
    newest, latest = db.execute("SELECT max(id), max(rotated) FROM limen_sessions").fetchone()
    upto = cut(now, int.from_bytes(newest[:6]) if type(newest) is bytes else None)
    until = lasting(until, now=now, latest=latest if rows.is_instant(latest) else None)
    db.execute("DELETE FROM limen_sessions")
    last = (db.execute(_POSITION).fetchone() or (0,))[0]
    db.execute(
        "INSERT INTO limen_revocations (position, kind, subject, upto, until, at, why) "
        "VALUES (?, ?, '', ?, ?, ?, ?)",
        (last + BEYOND + 1, Kind.ISSUER.value, upto, until, now, why),
    )


def latest_rotation(db: sqlite3.Connection, account: bytes) -> Instant | None:
    """The latest of the rotations of an account's sessions."""
    query = "SELECT max(rotated) FROM limen_sessions WHERE account = ?"
    rotated = db.execute(query, (account,)).fetchone()[0]
    return rotated if rows.is_instant(rotated) else None


class FeedReader:
    """Reads the feed on a connection of its own, and hardly at all while nothing changes.

    `data_version` changes on this connection when any other, of whichever process, has committed.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection
        self._version, self._position, self._ring = -1, 0, 0

    def read(self, after: int, now: Instant) -> Page:
        version = self._db.execute("PRAGMA data_version").fetchone()[0]
        if version == self._version and after >= self._position:
            return Page((), self._position, self._ring)
        page = self._snapshot(after, now)
        # The version of before the snapshot: a commit in between is seen twice rather than never.
        self._version, self._position, self._ring = version, page.position, page.ring
        return page

    def close(self) -> None:
        self._db.close()

    def _snapshot(self, after: int, now: Instant) -> Page:
        """Events, position and ring of one moment."""
        self._db.execute("BEGIN")
        try:
            position = self._db.execute(_POSITION).fetchone()
            ring, swept, forgotten = self._db.execute(_STATE).fetchone() or (0, 0, 0.0)
            found = self._db.execute(_AFTER, (after, now)).fetchall()
            over = self._db.execute(_OVER, (after, now)).fetchone()[0]
        finally:
            self._db.rollback()
        events = rows.readable(rows.revocation, found)
        left_out = Instant(max(over or 0.0, forgotten if swept > after else 0.0))
        return Page(tuple(events), position[0] if position else 0, ring, left_out)
