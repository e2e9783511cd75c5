"""The memory store: the contract in plain dictionaries, for tests and as the model of every other store.

No step awaits anything, and each holds one lock from its first look to its last change, so each is one
step for tasks and for threads. Nothing outlives the process.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from threading import Lock
from typing import TypeVar

from limen import ids, revocations
from limen.accounts import Account
from limen.clock import Instant, Seconds
from limen.errors import Unavailable
from limen.ids import AccountID, SessionID
from limen.keys import StoredKey, StoredRing
from limen.letters import Posted
from limen.revocations import Kind, Page, Revocation
from limen.sessions import Digest, Session
from limen.stores.base import (
    BEYOND,
    Cut,
    Gone,
    NoAccount,
    Opened,
    Rotated,
    Schema,
    Stale,
    joined,
    storable,
)
from limen.stores.memory_admin import MemoryAdmin
from limen.stores.memory_recovery import MemoryRecovery
from limen.stores.memory_throttles import MemoryThrottles
from limen.throttle import Bucket
from limen.tickets import Purpose, Ticket

_K = TypeVar("_K", int, str)
_V = TypeVar("_V")


class MemoryStore(MemoryAdmin, MemoryRecovery, MemoryThrottles):
    """Everything in this process. Closing it forgets nothing: started again, it goes on."""

    def __init__(self) -> None:
        self.names_ended = False
        self._lock = Lock()
        self._closed = False
        self._accounts: dict[AccountID, Account] = {}
        self._keys: dict[str, AccountID] = {}
        self._sessions: dict[SessionID, Session] = {}
        self._of: dict[AccountID, set[SessionID]] = {}
        self._events: dict[int, Revocation] = {}
        self._position = 0
        self._swept, self._forgotten = 0, Instant(0.0)
        self._buckets: dict[str, Bucket] = {}
        self._ring = StoredRing((), 0)
        self._marks: dict[str, int] = {}
        self._entries, self._tickets, self._letters = {}, {}, {}

    # -- accounts ----------------------------------------------------------------------------------------

    async def add_account(
        self, account: Account, *, tickets: Sequence[Ticket] = (), letters: Sequence[Posted] = ()
    ) -> bool:
        storable(account.email, account.key, account.password or "", account.name)
        joined(account.scopes)
        with self._step():
            if account.id in self._accounts or account.key in self._keys:
                return False
            self._accounts[account.id] = account
            self._keys[account.key] = account.id
            self._keep_tickets(account.id, tickets, letters)
            return True

    async def account(self, account: AccountID) -> Account | None:
        with self._step():
            return self._accounts.get(account)

    async def account_by_key(self, key: str) -> Account | None:
        with self._step():
            found = self._keys.get(key)
            return None if found is None else self._accounts[found]

    async def accounts(self, *, after: AccountID | None = None, limit: int = 100) -> list[Account]:
        with self._step():
            later = sorted(a for a in self._accounts if after is None or a > after)
            return [self._accounts[a] for a in later[:limit]]

    async def upgrade_password(self, account: AccountID, *, spent: str, fresh: str) -> bool:
        storable(fresh)
        with self._step():
            found = self._accounts.get(account)
            if found is None or found.password != spent:
                return False
            self._accounts[account] = replace(found, password=fresh)
            return True

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
        with self._step():
            found = self._accounts.get(account)
            if found is None or spent not in (None, found.password):
                return None
            self._accounts[account] = replace(found, password=fresh)
            self._void(account, but=Purpose.VERIFY, letters=letters)
            return self._end_all(account, now, until, "password_changed")

    async def set_scopes(
        self, account: AccountID, scopes: tuple[str, ...], *, upto: Instant, until: Instant, now: Instant
    ) -> Revocation | None:
        joined(scopes)
        with self._step():
            found = self._accounts.get(account)
            if found is None:
                return None
            cut = revocations.claims_cut(upto, found.claims_changed)
            self._accounts[account] = replace(found, scopes=scopes, claims_changed=cut)
            for sid in self._of.get(account, ()):
                session = self._sessions[sid]
                kept = tuple(scope for scope in session.scopes if scope in scopes)
                self._sessions[sid] = replace(session, scopes=kept)
            rotated = max((self._sessions[sid].rotated for sid in self._of.get(account, ())), default=None)
            until = revocations.lasting(Instant(until + (cut - upto)), now=now, latest=rotated)
            return self._append(Revocation(Kind.CLAIMS, account, cut, until, now, "scopes_changed"))

    async def disable_account(self, account: AccountID, *, now: Instant, until: Instant) -> Revocation | None:
        with self._step():
            found = self._accounts.get(account)
            if found is None:
                return None
            if found.disabled is None:
                self._accounts[account] = replace(found, disabled=now)
            self._void(account)
            return self._end_all(account, now, until, "account_disabled")

    async def set_name(self, account: AccountID, name: str) -> bool:
        storable(name)
        with self._step():
            found = self._accounts.get(account)
            if found is not None:
                self._accounts[account] = replace(found, name=name)
            return found is not None

    async def enable_account(self, account: AccountID) -> bool:
        with self._step():
            found = self._accounts.get(account)
            if found is None:
                return False
            self._accounts[account] = replace(found, disabled=None)
            return True

    async def delete_account(
        self, account: AccountID, *, now: Instant, until: Instant, letters: Sequence[Posted] = ()
    ) -> Revocation | None:
        with self._step():
            if account not in self._accounts:
                return None
            event = self._end_all(account, now, until, "account_deleted")
            del self._keys[self._accounts.pop(account).key]
            self._void(account, letters=letters)
            return event

    async def raise_cutoff(self, account: AccountID, upto: Instant) -> None:
        with self._step():
            found = self._accounts.get(account)
            if found is not None:
                self._accounts[account] = replace(found, cutoff=max(found.cutoff, upto))

    # -- sessions ----------------------------------------------------------------------------------------

    async def open_session(
        self, session: Session, *, limit: int | None, until: Instant, now: Instant
    ) -> Opened | Cut | NoAccount:
        storable(session.user_agent, session.source)
        joined(session.amr)
        joined(session.scopes)
        with self._step():
            account = self._accounts.get(session.account)
            if account is None or account.disabled is not None:
                return NoAccount()
            ms = ids.created_ms(session.id)
            if ms <= int(account.cutoff * 1000):
                return Cut(account.cutoff)
            if session.id in self._sessions:
                return Cut(revocations.cut(Instant(0.0), ms))
            live = [s.id for s in self._live(session.account, now)]
            excess = 0 if limit is None else max(len(live) + 1 - limit, 0)
            ended = tuple(self._end(sid, now, until, "session_limit") for sid in sorted(live)[:excess])
            self._sessions[session.id] = session
            self._of.setdefault(session.account, set()).add(session.id)
            return Opened(ended)

    async def session(self, sid: SessionID) -> Session | None:
        with self._step():
            return self._sessions.get(sid)

    async def sessions_of(self, account: AccountID, *, now: Instant) -> list[Session]:
        with self._step():
            return sorted(self._live(account, now), key=lambda s: s.id, reverse=True)

    async def rotate(
        self, sid: SessionID, spent: Digest, fresh: Digest, *, now: Instant, idle: Seconds
    ) -> Rotated | Stale | Gone:
        with self._step():
            session = self._sessions.get(sid)
            if session is None or now >= session.ends:
                return Gone()
            if session.digest != spent:
                return Stale(session)
            self._sessions[sid] = rotated = replace(
                session,
                digest=fresh,
                generation=session.generation + 1,
                rotated=now,
                touched=now,
                ends=Instant(min(now + idle, session.expires)),
            )
            return Rotated(rotated)

    async def touch(self, sid: SessionID, *, now: Instant, idle: Seconds) -> bool:
        with self._step():
            session = self._sessions.get(sid)
            if session is None or now >= session.ends:
                return False
            ends = max(session.ends, min(now + idle, session.expires))
            self._sessions[sid] = replace(session, touched=max(session.touched, now), ends=Instant(ends))
            return True

    async def revoke_session(
        self, sid: SessionID, *, account: AccountID | None, now: Instant, until: Instant, why: str
    ) -> Revocation | None:
        with self._step():
            session = self._sessions.get(sid)
            if session is None or account not in (None, session.account):
                return None
            return self._end(sid, now, until, why)

    async def revoke_others(
        self, account: AccountID, *, keep: SessionID, now: Instant, until: Instant, why: str
    ) -> list[Revocation]:
        with self._step():
            others = sorted(self._of.get(account, set()) - {keep})
            return [self._end(sid, now, until, why) for sid in others]

    async def revoke_account(
        self, account: AccountID, *, now: Instant, until: Instant, why: str
    ) -> Revocation:
        with self._step():
            return self._end_all(account, now, until, why)

    # -- feed, keys, marks -------------------------------------------------------------------------------

    async def read_feed(self, after: int, *, now: Instant) -> Page:
        with self._step():
            later = [e for p, e in self._events.items() if p > after]
            young = tuple(e for e in later if now < e.until)
            over = [e.until for e in later if now >= e.until]
            swept = [self._forgotten] if self._swept > after else []
            forgotten = max((*over, *swept), default=Instant(0.0))
            return Page(young, self._position, self._ring.version, forgotten)

    async def wait(self, after: int, *, every: Seconds, at_most: Seconds) -> None:
        await asyncio.sleep(every)

    async def revoke(self, revocation: Revocation) -> Revocation:
        storable(revocation.subject, revocation.why)
        with self._step():
            return self._append(revocation)

    async def begin_anew(self, *, now: Instant, until: Instant, why: str) -> None:
        with self._step():
            held = list(self._sessions.values())
            newest = max((ids.created_ms(s.id) for s in held), default=None)
            latest = max((s.rotated for s in held), default=None)
            for session in held:
                self._remove(session.id)
            self._position += BEYOND
            until = revocations.lasting(until, now=now, latest=latest)
            self._append(Revocation(Kind.ISSUER, "", revocations.cut(now, newest), until, now, why))

    async def ring(self) -> StoredRing:
        with self._step():
            return self._ring

    async def replace_ring(
        self, keys: Sequence[StoredKey], *, version: int, revocation: Revocation | None = None
    ) -> int | None:
        with self._step():
            if self._ring.version != version:
                return None
            if not {k.kid for k in self._ring.keys} <= {k.kid for k in keys}:
                raise ValueError("a key id that the ring had is never taken away")
            self._ring = StoredRing(tuple(sorted(keys, key=lambda k: k.created)), version + 1)
            if revocation is not None:
                self._append(revocation)
            return version + 1

    async def marks(self) -> Mapping[str, int]:
        with self._step():
            return dict(self._marks)

    async def raise_marks(self, marks: Mapping[str, int]) -> None:
        with self._step():
            self._marks |= {name: max(to, self._marks.get(name, to)) for name, to in marks.items()}

    # -- its own life ------------------------------------------------------------------------------------

    async def schema(self) -> Schema:
        return Schema((), ())

    async def migrate(self) -> Schema:
        return Schema((), ())

    async def start(self) -> None:
        self._closed = False

    async def close(self) -> None:
        self._closed = True

    async def ping(self) -> None:
        with self._step():
            return

    async def sweep(self, *, now: Instant, limit: int = 1_000) -> int:
        with self._step():
            past = sorted((s.ends, s.id) for s in self._sessions.values() if s.ends <= now)
            for _, sid in past[:limit]:
                self._remove(sid)
            old = _oldest(self._events, lambda e: e.until, now, limit)
            for event in old:
                self._swept = max(self._swept, event.position)
                self._forgotten = max(self._forgotten, event.until)
            idle = _oldest(self._buckets, lambda b: b.ends, now, limit)
            return len(past[:limit]) + len(old) + len(idle)

    # -- inside a step -----------------------------------------------------------------------------------

    @contextmanager
    def _step(self) -> Iterator[None]:
        if self._closed:
            raise Unavailable(
                "the store is not open: Limen was not started, or has ended",
                code="unavailable",
                reason="store_closed",
            )
        with self._lock:
            yield

    def _live(self, account: AccountID, now: Instant) -> list[Session]:
        return [s for sid in self._of.get(account, ()) if now < (s := self._sessions[sid]).ends]

    def _end(self, sid: SessionID, now: Instant, until: Instant, why: str) -> Revocation:
        until = revocations.lasting(until, now=now, latest=self._sessions[sid].rotated)
        self._remove(sid)
        return self._append(Revocation(Kind.SESSION, sid, now, until, now, why))

    def _end_all(self, account: AccountID, now: Instant, until: Instant, why: str) -> Revocation:
        mine = sorted(self._of.get(account, ()))
        upto = revocations.cut(now, ids.created_ms(mine[-1]) if mine else None)
        latest = max((upto, *(self._sessions[sid].rotated for sid in mine)))
        for sid in mine:
            if self.names_ended:
                self._end(sid, now, until, why)
            else:
                self._remove(sid)
        found = self._accounts.get(account)
        if found is not None:
            self._accounts[account] = replace(found, cutoff=max(found.cutoff, upto))
        until = revocations.lasting(until, now=now, latest=latest)
        return self._append(Revocation(Kind.ACCOUNT, account, upto, until, now, why))

    def _remove(self, sid: SessionID) -> None:
        self._of[self._sessions.pop(sid).account].discard(sid)

    def _append(self, revocation: Revocation) -> Revocation:
        self._position += 1
        self._events[self._position] = event = replace(revocation, position=self._position)
        return event


def _oldest(table: dict[_K, _V], end: Callable[[_V], Instant], now: Instant, limit: int) -> list[_V]:
    """Take the first `limit` that are past their end out of a table."""
    past = sorted((end(value), key) for key, value in table.items() if end(value) <= now)[:limit]
    return [table.pop(key) for _, key in past]
