"""The PostgreSQL store: lookups of one turn of the event loop are one query, writes go in groups.

A store belongs to the event loop that it was started in.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Never
from weakref import WeakSet

from limen import ids
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
from limen.stores.postgres import (
    accounts,
    address,
    arrivals,
    audit,
    directory,
    events,
    faults,
    ring,
    rows,
    sessions,
    throttles,
)
from limen.stores.postgres import marks as marks_table
from limen.stores.postgres.connection import PATIENCE
from limen.stores.postgres.opening import Parts, inspect, migrate_only, open_parts
from limen.stores.postgres.ranks import ACCOUNT, NONE, RING, SESSION
from limen.stores.postgres.reader import Reader
from limen.stores.postgres.recovery import PostgresRecovery
from limen.stores.postgres.step import Step
from limen.stores.postgres.sweep import sweep
from limen.stores.postgres.writer import Writer
from limen.throttle import Limit, Wait
from limen.tickets import Ticket


class PostgresStore(PostgresRecovery):
    """One database on one primary, shared by any number of processes and machines.

    `patience` is how long a step may take, whatever it has to wait for, before it is Unavailable.
    """

    def __init__(self, url: str, *, patience: Seconds = PATIENCE) -> None:
        self._address, self._patience = address.parse(url), patience
        self.names_ended = False
        self._parts: Parts | _Shut = _Shut(faults.closed())

    # -- accounts ----------------------------------------------------------------------------------------

    async def add_account(
        self, account: Account, *, tickets: Sequence[Ticket] = (), letters: Sequence[Posted] = ()
    ) -> bool:
        storable(account.email, account.key, account.password or "", account.name)
        joined(account.scopes)
        return await self._parts.writer.do(
            accounts.add, (ACCOUNT, account.id), account, tuple(tickets), tuple(letters)
        )

    async def account(self, account: AccountID) -> Account | None:
        row = await self._parts.reader.row(accounts.BY_ID, rows.raw(account))
        found = None if row is None else rows.account(row)
        if found is not None and found.id != account:
            rows.mixed_up("limen_accounts")
            return None
        return found

    async def account_by_key(self, key: str) -> Account | None:
        reader = self._parts.reader
        row = await reader.row(accounts.BY_KEY, key) if is_storable(key) else None
        found = None if row is None else rows.account(row)
        if found is not None and found.key != key:
            rows.mixed_up("limen_accounts")
            return None
        return found

    async def accounts(self, *, after: AccountID | None = None, limit: int = 100) -> list[Account]:
        first = ids.NIL if after is None else rows.raw(after)
        return rows.readable(rows.account, await self._parts.reader.rows(accounts.PAGE, first, limit))

    async def upgrade_password(self, account: AccountID, *, spent: str, fresh: str) -> bool:
        storable(fresh)
        writer, rank = self._parts.writer, (ACCOUNT, account)
        return is_storable(spent) and await writer.do(accounts.upgrade_password, rank, account, spent, fresh)

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
        return await self._parts.writer.end(
            accounts.change_password,
            (ACCOUNT, account),
            account,
            spent,
            fresh,
            now,
            until,
            self.names_ended,
            tuple(letters),
        )

    async def set_scopes(
        self, account: AccountID, scopes: tuple[str, ...], *, upto: Instant, until: Instant, now: Instant
    ) -> Revocation | None:
        joined(scopes)
        return await self._parts.writer.end(
            accounts.set_scopes, (ACCOUNT, account), account, scopes, upto, until, now
        )

    async def disable_account(self, account: AccountID, *, now: Instant, until: Instant) -> Revocation | None:
        return await self._parts.writer.end(
            accounts.disable, (ACCOUNT, account), account, now, until, self.names_ended
        )

    async def set_name(self, account: AccountID, name: str) -> bool:
        storable(name)
        return await self._parts.writer.do(accounts.set_name, (ACCOUNT, account), account, name)

    async def enable_account(self, account: AccountID) -> bool:
        return await self._parts.writer.do(accounts.enable, (ACCOUNT, account), account)

    async def delete_account(
        self, account: AccountID, *, now: Instant, until: Instant, letters: Sequence[Posted] = ()
    ) -> Revocation | None:
        named = self.names_ended
        return await self._parts.writer.end(
            accounts.delete, (ACCOUNT, account), account, now, until, named, tuple(letters)
        )

    async def raise_cutoff(self, account: AccountID, upto: Instant) -> None:
        await self._parts.writer.do(accounts.raise_cutoff, (ACCOUNT, account), account, upto)

    # -- sessions ----------------------------------------------------------------------------------------

    async def open_session(
        self, session: Session, *, limit: int | None, until: Instant, now: Instant
    ) -> Opened | Cut | NoAccount:
        storable(session.user_agent, session.source)
        joined(session.amr)
        joined(session.scopes)
        rank = (ACCOUNT, session.account)
        return await self._parts.writer.do(sessions.open_, rank, session, limit, until, now)

    async def session(self, sid: SessionID) -> Session | None:
        lookups = self._parts.lookups
        return None if rows.raw(sid) != sid else await lookups.find(sid)

    async def sessions_of(self, account: AccountID, *, now: Instant) -> list[Session]:
        found = await self._parts.reader.rows(sessions.LIVE_OF, rows.raw(account), now)
        return rows.readable(rows.session, found)

    async def rotate(
        self, sid: SessionID, spent: Digest, fresh: Digest, *, now: Instant, idle: Seconds
    ) -> Rotated | Stale | Gone:
        return await self._parts.writer.do(sessions.rotate, (SESSION, sid), sid, spent, fresh, now, idle)

    async def touch(self, sid: SessionID, *, now: Instant, idle: Seconds) -> bool:
        return await self._parts.writer.do(sessions.touch, (SESSION, sid), sid, now, idle)

    async def revoke_session(
        self, sid: SessionID, *, account: AccountID | None, now: Instant, until: Instant, why: str
    ) -> Revocation | None:
        return await self._parts.writer.end(sessions.revoke, (SESSION, sid), sid, account, now, until, why)

    async def revoke_others(
        self, account: AccountID, *, keep: SessionID, now: Instant, until: Instant, why: str
    ) -> list[Revocation]:
        return await self._parts.writer.end(
            sessions.revoke_others, (ACCOUNT, account), account, keep, now, until, why
        )

    async def revoke_account(
        self, account: AccountID, *, now: Instant, until: Instant, why: str
    ) -> Revocation:
        return await self._parts.writer.end(
            events.end_all, (ACCOUNT, account), account, now, until, why, self.names_ended
        )

    # -- feed, throttles, keys ---------------------------------------------------------------------------

    async def read_feed(self, after: int, *, now: Instant) -> Page:
        return await self._parts.feed.read(after, now)

    async def wait(self, after: int, *, every: Seconds, at_most: Seconds) -> None:
        await self._parts.feed.wait(after, every=every, at_most=at_most)

    async def revoke(self, revocation: Revocation) -> Revocation:
        storable(revocation.subject, revocation.why)
        return await self._parts.writer.end(events.revoke, (NONE, ""), revocation)

    async def begin_anew(self, *, now: Instant, until: Instant, why: str) -> None:
        await self._parts.writer.end(events.begin_anew, (NONE, ""), now, until, why)

    async def charge(self, charges: Sequence[tuple[str, Limit]], *, now: Instant) -> Wait | None:
        keys = frozenset(key for key, _ in charges)
        storable(*keys)
        return await self._parts.throttler.do(throttles.charge, (NONE, ""), tuple(charges), now, keys)

    async def settle(self, *, clear: Sequence[str] = (), refund: Sequence[tuple[str, Limit]] = ()) -> None:
        known = tuple(key for key in clear if is_storable(key))
        back = tuple(pair for pair in refund if is_storable(pair[0]))
        keys = frozenset((*known, *(key for key, _ in back)))
        await self._parts.throttler.do(throttles.settle, (NONE, ""), known, back, keys)

    async def ring(self) -> StoredRing:
        return ring.ring(await self._parts.reader.rows(ring.READ))

    async def replace_ring(
        self, keys: Sequence[StoredKey], *, version: int, revocation: Revocation | None = None
    ) -> int | None:
        return await self._parts.writer.end(ring.replace, (RING, ""), tuple(keys), version, revocation)

    async def marks(self) -> Mapping[str, int]:
        return {row[0]: row[1] for row in await self._parts.reader.rows(marks_table.ALL)}

    async def raise_marks(self, marks: Mapping[str, int]) -> None:
        await self._parts.writer.do(marks_table.raise_, (NONE, ""), dict(marks))

    # -- arrivals ----------------------------------------------------------------------------------------

    async def add_accounts(self, accounts: Sequence[Account]) -> frozenset[AccountID]:
        for a in accounts:
            storable(a.email, a.key, a.password or "", a.name)
            joined(a.scopes)
        return await self._parts.writer.do(arrivals.add, (NONE, ""), tuple(accounts))

    async def taken(
        self, *, keys: Sequence[str], ids: Sequence[AccountID] = ()
    ) -> list[tuple[AccountID, str]]:
        known, raw = [key for key in keys if is_storable(key)], [rows.raw(one) for one in ids]
        found = await self._parts.reader.rows(arrivals.TAKEN, known, raw)
        return [(AccountID(str(row[0])), row[1]) for row in found]

    # -- administration ----------------------------------------------------------------------------------

    async def newest_accounts(
        self, among: Among = Among.ALL, *, before: AccountID | None = None, limit: int = 100
    ) -> list[Account]:
        statement, values = directory.newest(among, before, limit)
        return rows.readable(rows.account, await self._parts.reader.rows(statement, *values))

    async def accounts_beginning(self, prefix: str, *, after: str = "", limit: int = 100) -> list[Account]:
        if not is_storable(prefix) or not is_storable(after):
            return []
        statement, values = directory.beginning(prefix, after, limit)
        return rows.readable(rows.account, await self._parts.reader.rows(statement, *values))

    async def count_accounts(self, among: Among = Among.ALL, *, most: int = 10_000) -> int:
        statement, values = directory.count(among, most)
        return int((await self._parts.reader.rows(statement, *values))[0][0])

    async def add_first_administrator(self, account: Account) -> bool:
        storable(account.email, account.key, account.password or "", account.name)
        joined(account.scopes)
        return await self._parts.writer.do(directory.add_first_administrator, (ACCOUNT, account.id), account)

    async def keep_entries(self, entries: Sequence[Entry]) -> None:
        for entry in entries:
            storable(entry.event, entry.result, entry.actor, entry.source, entry.detail)
        await self._parts.writer.do(audit.keep, (NONE, ""), tuple(entries))

    async def entries(
        self, wanted: Wanted, *, before: EntryID | None = None, limit: int = 100
    ) -> list[Entry]:
        statement, values = audit.page(wanted, before, limit)
        return rows.readable(rows.entry, await self._parts.reader.rows(statement, *values))

    async def forget_entries(self, upto: Instant, *, limit: int = 1_000) -> int:
        return await self._parts.writer.do(audit.forget, (NONE, ""), upto, limit)

    # -- its own life ------------------------------------------------------------------------------------

    async def schema(self) -> Schema:
        return await inspect(self._address)

    async def migrate(self) -> Schema:
        return await migrate_only(self._address)

    async def start(self) -> None:
        if isinstance(self._parts, Parts):
            return
        self._parts = await open_parts(self._address, self._patience)
        _open_stores.add(self)

    async def close(self) -> None:
        parts, self._parts = self._parts, _Shut(faults.closed())
        _open_stores.discard(self)
        if isinstance(parts, Parts):
            await parts.close()

    async def ping(self) -> None:
        await self._parts.writer.do(_ping, (NONE, ""))

    async def sweep(self, *, now: Instant, limit: int = 1_000) -> int:
        return await self._parts.writer.do(sweep, (NONE, ""), now, limit)

    @property
    def _writer(self) -> Writer[Step]:
        return self._parts.writer

    @property
    def _reader(self) -> Reader:
        return self._parts.reader

    def orphan(self) -> None:
        """In the child of a fork: touch nothing of the parent's, and say so to whoever asks."""
        _left_to_the_parent.append(self._parts)
        self._parts = _Shut(faults.forked())


class _Shut:
    """Stands where the parts of an open store would, and says why there are none."""

    def __init__(self, why: Unavailable) -> None:
        self._why = why

    def _refuse(self) -> Never:
        raise type(self._why)(self._why.message, code=self._why.code, reason=self._why.reason)

    pool = reader = lookups = writer = throttler = feed = property(_refuse)


async def _ping(step: Step) -> None:
    """The transaction's receipt is really written: that `BEGIN` works says nothing about a full disk."""
    step.wrote = True


_open_stores: WeakSet[PostgresStore] = WeakSet()
_left_to_the_parent: list[object] = []
"""Never closed here: what the child says on the parent's connections, the parent would be answered for."""


def _after_fork() -> None:
    for store in list(_open_stores):
        store.orphan()
    _open_stores.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
