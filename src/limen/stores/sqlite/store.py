"""The SQLite store: point reads inline on the event loop, writes through one thread that groups them.

A point read is a coroutine that never waits: a hop to a thread would cost ten times the read. Each is a
statement of its own and sees everything that was committed before it, by whichever process.
"""

from __future__ import annotations

import asyncio
import os
import sqlite3
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Never
from weakref import WeakSet

from limen.accounts import Account, Among
from limen.audit import Entry, EntryID, Wanted
from limen.clock import Instant, Seconds
from limen.errors import Unavailable
from limen.ids import AccountID, SessionID
from limen.keys import StoredKey, StoredRing
from limen.letters import Posted
from limen.revocations import Page, Revocation
from limen.sessions import Digest, Session
from limen.stores.base import (
    Cut,
    Gone,
    NoAccount,
    Opened,
    Rotated,
    Schema,
    Stale,
    is_storable,
    joined,
    storable,
)
from limen.stores.sqlite import accounts, audit, directory, events, faults, ring, rows, sessions, throttles
from limen.stores.sqlite import marks as marks_table
from limen.stores.sqlite.connection import Factory
from limen.stores.sqlite.opening import Parts, inspect, migrate_only, open_parts
from limen.stores.sqlite.recovery import SQLiteRecovery
from limen.stores.sqlite.sweep import sweep
from limen.stores.sqlite.writer import Writer
from limen.throttle import Limit, Wait
from limen.tickets import Ticket

PATIENCE: Seconds = 5.0


class SQLiteStore(SQLiteRecovery):
    """One file, shared by the processes of one machine.

    `patience` is how long a write waits for another process before it is Unavailable; `factory` makes the
    connections.
    """

    def __init__(
        self, path: str | Path, *, patience: Seconds = PATIENCE, factory: Factory = sqlite3.Connection
    ) -> None:
        self._path, self._patience, self._factory = Path(path).absolute(), patience, factory
        self.names_ended = False
        self._parts: Parts | _Shut = _Shut(faults.closed())

    # -- accounts ----------------------------------------------------------------------------------------

    async def add_account(
        self, account: Account, *, tickets: Sequence[Ticket] = (), letters: Sequence[Posted] = ()
    ) -> bool:
        storable(account.email, account.key, account.password or "", account.name)
        joined(account.scopes)
        return await self._parts.writer.do(accounts.add, account, tuple(tickets), tuple(letters))

    async def account(self, account: AccountID) -> Account | None:
        row = self._one(accounts.BY_ID, rows.raw(account))
        found = None if row is None else rows.account(row)
        if found is not None and found.id != account:
            rows.mixed_up("limen_accounts")
            return None
        return found

    async def account_by_key(self, key: str) -> Account | None:
        row = self._one(accounts.BY_KEY, key) if is_storable(key) else None
        found = None if row is None else rows.account(row)
        if found is not None and found.key != key:
            rows.mixed_up("limen_accounts")
            return None
        return found

    async def accounts(self, *, after: AccountID | None = None, limit: int = 100) -> list[Account]:
        first = b"" if after is None else rows.raw(after)
        return rows.readable(rows.account, self._all(accounts.PAGE, first, limit))

    async def upgrade_password(self, account: AccountID, *, spent: str, fresh: str) -> bool:
        storable(fresh)
        if not is_storable(spent):
            return False
        return await self._parts.writer.do(accounts.upgrade_password, account, spent, fresh)

    async def change_password(
        self,
        account: AccountID,
        *,
        spent: str | None,
        fresh: str,
        now: Instant,
        until: Instant,
        letters: Sequence[Posted] = (),
    ) -> Revocation | None:
        storable(fresh)
        if spent is not None and not is_storable(spent):
            return None
        return await self._parts.writer.do(
            accounts.change_password, account, spent, fresh, now, until, self.names_ended, tuple(letters)
        )

    async def set_scopes(
        self, account: AccountID, scopes: tuple[str, ...], *, upto: Instant, until: Instant, now: Instant
    ) -> Revocation | None:
        joined(scopes)
        return await self._parts.writer.do(accounts.set_scopes, account, scopes, upto, until, now)

    async def disable_account(self, account: AccountID, *, now: Instant, until: Instant) -> Revocation | None:
        return await self._parts.writer.do(accounts.disable, account, now, until, self.names_ended)

    async def set_name(self, account: AccountID, name: str) -> bool:
        storable(name)
        return await self._parts.writer.do(accounts.set_name, account, name)

    async def enable_account(self, account: AccountID) -> bool:
        return await self._parts.writer.do(accounts.enable, account)

    async def delete_account(
        self, account: AccountID, *, now: Instant, until: Instant, letters: Sequence[Posted] = ()
    ) -> Revocation | None:
        return await self._parts.writer.do(
            accounts.delete, account, now, until, self.names_ended, tuple(letters)
        )

    async def raise_cutoff(self, account: AccountID, upto: Instant) -> None:
        await self._parts.writer.do(accounts.raise_cutoff, account, upto)

    # -- sessions ----------------------------------------------------------------------------------------

    async def open_session(
        self, session: Session, *, limit: int | None, until: Instant, now: Instant
    ) -> Opened | Cut | NoAccount:
        storable(session.user_agent, session.source)
        joined(session.amr)
        joined(session.scopes)
        return await self._parts.writer.do(sessions.open_, session, limit, until, now)

    async def session(self, sid: SessionID) -> Session | None:
        key = rows.raw(sid)
        row = self._one(sessions.BY_ID, key)
        if row is None:
            return None
        if row[0] != key:
            rows.mixed_up("limen_sessions")
            return None
        return rows.session(row, sid)

    async def sessions_of(self, account: AccountID, *, now: Instant) -> list[Session]:
        found = rows.readable(rows.session, self._all(sessions.LIVE_OF, rows.raw(account), now))
        mine = [session for session in found if session.account == account]
        if len(mine) < len(found):
            rows.mixed_up("limen_sessions")
        return mine

    async def rotate(
        self, sid: SessionID, spent: Digest, fresh: Digest, *, now: Instant, idle: Seconds
    ) -> Rotated | Stale | Gone:
        return await self._parts.writer.do(sessions.rotate, sid, spent, fresh, now, idle)

    async def touch(self, sid: SessionID, *, now: Instant, idle: Seconds) -> bool:
        return await self._parts.writer.do(sessions.touch, sid, now, idle)

    async def revoke_session(
        self, sid: SessionID, *, account: AccountID | None, now: Instant, until: Instant, why: str
    ) -> Revocation | None:
        return await self._parts.writer.do(sessions.revoke, sid, account, now, until, why)

    async def revoke_others(
        self, account: AccountID, *, keep: SessionID, now: Instant, until: Instant, why: str
    ) -> list[Revocation]:
        return await self._parts.writer.do(sessions.revoke_others, account, keep, now, until, why)

    async def revoke_account(
        self, account: AccountID, *, now: Instant, until: Instant, why: str
    ) -> Revocation:
        return await self._parts.writer.do(events.end_all, account, now, until, why, self.names_ended)

    # -- feed, throttles, keys ---------------------------------------------------------------------------

    async def read_feed(self, after: int, *, now: Instant) -> Page:
        self._parts.place.look()
        try:
            return self._parts.feed.read(after, now)
        except sqlite3.Error as error:
            raise faults.unavailable(error) from error

    async def wait(self, after: int, *, every: Seconds, at_most: Seconds) -> None:
        await asyncio.sleep(every)

    async def revoke(self, revocation: Revocation) -> Revocation:
        storable(revocation.subject, revocation.why)
        return await self._parts.writer.do(events.append, revocation)

    async def begin_anew(self, *, now: Instant, until: Instant, why: str) -> None:
        await self._parts.writer.do(events.begin_anew, now, until, why)

    async def charge(self, charges: Sequence[tuple[str, Limit]], *, now: Instant) -> Wait | None:
        storable(*(key for key, _ in charges))
        return await self._parts.writer.do(throttles.charge, tuple(charges), now)

    async def settle(self, *, clear: Sequence[str] = (), refund: Sequence[tuple[str, Limit]] = ()) -> None:
        known = tuple(key for key in clear if is_storable(key))
        back = tuple(pair for pair in refund if is_storable(pair[0]))
        await self._parts.writer.do(throttles.settle, known, back)

    async def ring(self) -> StoredRing:
        try:
            return ring.read(self._reader())
        except sqlite3.Error as error:
            raise faults.unavailable(error) from error

    async def replace_ring(
        self, keys: Sequence[StoredKey], *, version: int, revocation: Revocation | None = None
    ) -> int | None:
        return await self._parts.writer.do(ring.replace, tuple(keys), version, revocation)

    async def marks(self) -> Mapping[str, int]:
        return dict(self._all(marks_table.ALL))

    async def raise_marks(self, marks: Mapping[str, int]) -> None:
        await self._parts.writer.do(marks_table.raise_, dict(marks))

    # -- administration ----------------------------------------------------------------------------------

    async def newest_accounts(
        self, among: Among = Among.ALL, *, before: AccountID | None = None, limit: int = 100
    ) -> list[Account]:
        statement, values = directory.newest(among, before, limit)
        return rows.readable(rows.account, self._all(statement, *values))

    async def accounts_beginning(self, prefix: str, *, after: str = "", limit: int = 100) -> list[Account]:
        if not is_storable(prefix) or not is_storable(after):
            return []
        statement, values = directory.beginning(prefix, after, limit)
        return rows.readable(rows.account, self._all(statement, *values))

    async def count_accounts(self, among: Among = Among.ALL, *, most: int = 10_000) -> int:
        statement, values = directory.count(among, most)
        return int((self._all(statement, *values))[0][0])

    async def add_first_administrator(self, account: Account) -> bool:
        storable(account.email, account.key, account.password or "", account.name)
        joined(account.scopes)
        return await self._parts.writer.do(directory.add_first_administrator, account)

    async def keep_entries(self, entries: Sequence[Entry]) -> None:
        for entry in entries:
            storable(entry.event, entry.result, entry.actor, entry.source, entry.detail)
        await self._parts.writer.do(audit.keep, tuple(entries))

    async def entries(
        self, wanted: Wanted, *, before: EntryID | None = None, limit: int = 100
    ) -> list[Entry]:
        statement, values = audit.page(wanted, before, limit)
        return rows.readable(rows.entry, self._all(statement, *values))

    async def forget_entries(self, upto: Instant, *, limit: int = 1_000) -> int:
        return await self._parts.writer.do(audit.forget, upto, limit)

    # -- its own life ------------------------------------------------------------------------------------

    async def schema(self) -> Schema:
        return await asyncio.to_thread(inspect, self._path, self._factory)

    async def migrate(self) -> Schema:
        return await asyncio.to_thread(migrate_only, self._path, self._factory, self._patience)

    async def start(self) -> None:
        if isinstance(self._parts, Parts):
            return
        self._parts = await asyncio.to_thread(open_parts, self._path, self._factory, self._patience)
        _open_stores.add(self)

    async def close(self) -> None:
        parts, self._parts = self._parts, _Shut(faults.closed())
        _open_stores.discard(self)
        if isinstance(parts, Parts):
            await asyncio.to_thread(parts.close)

    async def ping(self) -> None:
        await self._parts.writer.do(_ping)

    async def sweep(self, *, now: Instant, limit: int = 1_000) -> int:
        return await self._parts.writer.do(sweep, now, limit)

    @property
    def _writer(self) -> Writer:
        return self._parts.writer

    # -- reading -----------------------------------------------------------------------------------------

    def _reader(self) -> sqlite3.Connection:
        self._parts.place.check()
        return self._parts.reader

    def _one(self, statement: str, key: bytes | str) -> rows.Row | None:
        try:
            row: rows.Row | None = self._reader().execute(statement, (key,)).fetchone()
        except sqlite3.Error as error:
            found = self._again(error, statement, (key,))
            return found[0] if found else None
        return row

    def _all(self, statement: str, *values: Any) -> list[rows.Row]:
        try:
            return self._reader().execute(statement, values).fetchall()
        except sqlite3.Error as error:
            return self._again(error, statement, values)

    def _again(self, error: sqlite3.Error, statement: str, values: tuple[Any, ...]) -> list[rows.Row]:
        """Read once more, slowly, where text is no UTF-8, so that only its own row is refused."""
        if hasattr(error, "sqlite_errorcode"):  # of the library's making, not of the text's
            raise faults.unavailable(error) from error
        reader = self._parts.reader
        reader.text_factory = rows.whole_or_raw
        try:
            return reader.execute(statement, values).fetchall()
        except sqlite3.Error as second:
            raise faults.unavailable(second) from second
        finally:
            reader.text_factory = str

    def orphan(self) -> None:
        """In the child of a fork: touch nothing of the parent's, and say so to whoever asks.

        The child has the file of the lock open too, and would go on holding what the parent held when it
        died. Closing it here takes nothing from a parent that lives: its own descriptor keeps the lock.
        """
        if isinstance(self._parts, Parts):
            self._parts.lock.close()
        _left_to_the_parent.append(self._parts)
        self._parts = _Shut(faults.forked())


class _Shut:
    """Stands where the parts of an open store would, and says why there are none."""

    def __init__(self, why: Unavailable) -> None:
        self._why = why

    def _refuse(self) -> Never:
        raise type(self._why)(self._why.message, code=self._why.code, reason=self._why.reason)

    writer = reader = feed = place = property(_refuse)


def _ping(db: sqlite3.Connection) -> None:
    """A row is really written: that `BEGIN` works says nothing about a full disk."""
    db.execute("UPDATE limen_state SET pings = pings + 1")


_open_stores: WeakSet[SQLiteStore] = WeakSet()
_left_to_the_parent: list[object] = []
"""Never closed here: closing a connection in the child would let go of what the parent holds."""


def _after_fork() -> None:
    for store in list(_open_stores):
        store.orphan()
    _open_stores.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
