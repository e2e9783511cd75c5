"""Sessions, feed and throttles in Redis or Valkey: each operation one script, lookups one question a turn.

What follows from what is done, who is told and what a failure means is said in `stores.base`
and `stores.base_beside`.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any
from weakref import WeakSet

from limen import ids
from limen.clock import Instant, Seconds
from limen.errors import Unavailable
from limen.ids import AccountID, SessionID
from limen.revocations import Kind, Page, Revocation, cut
from limen.sessions import Digest, Session
from limen.stores.base import (
    Cut,
    Gone,
    Marks,
    Opened,
    Rotated,
    Stale,
    is_storable,
    joined,
    storable,
)
from limen.stores.base_beside import Ahead, Gap
from limen.stores.redis import faults, feed, records, scripts
from limen.stores.redis.address import parse
from limen.stores.redis.driver import Driver
from limen.stores.redis.settling import Settler
from limen.throttle import Limit, Wait

_DAY_MS = 86_400_000


class RedisStore:
    """One Redis, whoever is its master. `url` as `address.FORMS` says."""

    def __init__(self, url: str) -> None:
        self._address = parse(url)
        self.names_ended = False
        self._open: Driver | Unavailable = faults.closed()

    # -- sessions ----------------------------------------------------------------------------------------

    async def open_session(
        self, session: Session, *, cutoff: Instant, limit: int | None, until: Instant, now: Instant
    ) -> Opened | Cut | Ahead:
        storable(session.user_agent, session.source)
        joined(session.amr)
        joined(session.scopes)
        ms = ids.created_ms(session.id)
        given = await self._driver.step(
            scripts.OPEN,
            ids.to_bytes(session.id),
            ids.to_bytes(session.account),
            records.pack(session),
            repr(session.ends),
            _ttl(session, now),
            "" if limit is None else limit,
            repr(now),
            repr(until),
            repr(cutoff),
            now=now,
            repeats=True,
            confirm=lambda given: given[0] == b"opened",  # a token outlives its session, if that is lost
        )
        match given[0]:
            case b"opened":
                return Opened(tuple(_ended(given[2:], now, "session_limit")))
            case b"ahead":
                return Ahead(Instant(float(given[2])))
            case b"floor":
                return Cut(cut(Instant(0.0), int(given[2])))
        return Cut(cut(Instant(0.0), ms))

    async def session(self, sid: SessionID) -> Session | None:
        raw = records.raw(sid)
        if raw is None:
            return None
        driver = self._driver
        record = await driver.look_up(b"s", raw)
        return None if record is None else records.session(record, driver.epoch, sid)

    async def sessions_of(self, account: AccountID, *, now: Instant) -> list[Session]:
        raw = records.raw(account)
        if raw is None:
            return []
        driver = self._driver
        given = await driver.step(scripts.LIST, raw, now=now, repeats=True)
        found = (records.session(record, driver.epoch) for record in given[1:])
        return [s for s in found if s is not None and s.account == account and now < s.ends]

    async def rotate(
        self, sid: SessionID, spent: Digest, fresh: Digest, *, now: Instant, idle: Seconds
    ) -> Rotated | Stale | Gone:
        raw = records.raw(sid)
        if raw is None:
            return Gone()
        driver = self._driver
        given = await driver.step(
            scripts.ROTATE, raw, spent, fresh, repr(now), repr(now + idle),
            now=now, repeats=True, confirm=lambda given: len(given) > 1,
        )  # fmt: skip
        session = records.session(given[2], driver.epoch, sid) if len(given) > 1 else None
        if session is None:
            return Gone()
        return Rotated(session) if given[0] == b"rotated" else Stale(session)

    async def touch(self, sid: SessionID, *, now: Instant, idle: Seconds) -> bool:
        raw = records.raw(sid)
        if raw is None:
            return False
        given = await self._driver.step(
            scripts.TOUCH, raw, repr(now), repr(now + idle), now=now, repeats=True
        )
        return bool(given[0] == b"touched")

    async def revoke_session(
        self, sid: SessionID, *, account: AccountID | None, now: Instant, until: Instant, why: str
    ) -> Revocation | None:
        raw, owner = records.raw(sid), b"" if account is None else records.raw(account)
        if raw is None or owner is None:
            return None
        given = await self._driver.step(
            scripts.REVOKE, raw, owner, repr(now), repr(until), why,
            now=now, repeats=True, confirm=lambda given: int(given[1]) > 0,
        )  # fmt: skip
        if given[0] != b"ended":
            return None
        return Revocation(Kind.SESSION, sid, now, Instant(float(given[3])), now, why, given[2])

    async def revoke_others(
        self, account: AccountID, *, keep: SessionID, now: Instant, until: Instant, why: str
    ) -> list[Revocation]:
        raw = records.raw(account)
        if raw is None:
            return []
        given = await self._driver.step(
            scripts.OTHERS,
            raw,
            records.raw(keep) or b"",
            repr(now),
            repr(until),
            why,
            now=now,
            confirm=_always,
        )
        return _ended(given[2:], now, why)

    # -- feed --------------------------------------------------------------------------------------------

    @property
    def epoch(self) -> int:
        return self._driver.epoch

    async def apply(
        self, event: Revocation, *, after: int, scopes: Sequence[str], now: Instant
    ) -> Revocation | Gap:
        of_account = event.kind in (Kind.ACCOUNT, Kind.CLAIMS)
        account = (records.raw(event.subject) if of_account else None) or b""
        given = await self._driver.step(
            scripts.APPLY, after, event.position, event.kind.value, event.subject, account, repr(event.upto),
            repr(event.until), repr(event.at), event.why, joined(scopes), _DAY_MS,
            "1" if self.names_ended else "",
            now=now, repeats=True, confirm=lambda given: given[0] != b"gap",
        )  # fmt: skip
        match given[0]:
            case b"gap":
                return Gap(int(given[2]))
            case b"applied":
                upto, until = Instant(float(given[3])), Instant(float(given[4]))
                return replace(event, upto=upto, until=until, position=given[2])
        return replace(event, position=0)

    async def applied(self, *, now: Instant) -> int:
        return int((await self._driver.read(now=now, led=False))[0][2] or 0)

    async def read_feed(self, after: int, *, now: Instant) -> Page:
        return await feed.read(self._driver, after, now)

    async def wait(self, after: int, *, every: Seconds, at_most: Seconds) -> None:
        await feed.wait(self._driver, after, every=every, at_most=at_most)

    async def revoke(self, revocation: Revocation, *, now: Instant) -> Revocation:
        r = revocation
        storable(r.subject, r.why)
        given = await self._driver.step(
            scripts.APPEND, r.kind.value, r.subject, repr(r.upto), repr(r.until), repr(r.at), r.why,
            now=now, confirm=_always,
        )  # fmt: skip
        return replace(revocation, position=given[2])

    # -- throttles ---------------------------------------------------------------------------------------

    async def charge(self, charges: Sequence[tuple[str, Limit]], *, now: Instant) -> Wait | None:
        storable(*(key for key, _ in charges))
        flat: list[Any] = []
        for key, limit in charges:
            drain = "" if limit.drain is None else repr(float(limit.drain))
            cap = "" if limit.cap is None else limit.cap
            flat += (key, limit.free, repr(float(limit.first)), repr(float(limit.longest)), drain, cap)
            flat.append(repr(float(limit.keep)))
        given = await self._driver.step(scripts.CHARGE, repr(now), *flat, now=now)
        if given[0] == b"charged":
            return None
        return Wait(charges[given[1]][0], float(given[2]), shut=bool(given[3]))

    async def settle(self, *, clear: Sequence[str] = (), refund: Sequence[tuple[str, Limit]] = ()) -> None:
        forgotten = [key for key in clear if is_storable(key)]
        back = [part for key, limit in refund if is_storable(key) for part in (key, limit.free)]
        await self._driver.step(scripts.SETTLE, len(forgotten), *forgotten, *back, now=None)

    # -- its own life ------------------------------------------------------------------------------------

    async def start(self, marks: Marks, *, fresh: bool) -> None:
        if isinstance(self._open, Driver):
            return
        driver = Driver(self._address, Settler(self._address, marks, fresh=fresh))
        try:
            await driver.start()
        except BaseException:
            await driver.close()
            raise
        self._open = driver
        _open_stores.add(self)

    async def close(self) -> None:
        driver, self._open = self._open, faults.closed()
        _open_stores.discard(self)
        if isinstance(driver, Driver):
            with suppress(Unavailable):
                await driver.remember()
            await driver.close()

    async def ready(self, *, now: Instant) -> None:
        await self._driver.settled(now)

    async def ping(self) -> None:
        await self._driver.step(scripts.BEAT, now=None, repeats=True, confirm=_always)

    async def sweep(self, *, now: Instant, limit: int) -> int:
        given = await self._driver.step(scripts.SWEEP, repr(now), limit, now=now, repeats=True)
        with suppress(Unavailable):  # what cannot be remembered now is remembered in a minute
            await self._driver.step(scripts.BEAT, now=now, repeats=True, confirm=_always)
            await self._driver.remember()
        return int(given[1])

    async def begin_anew(self, why: str, *, now: Instant) -> None:
        await self._driver.begin_anew(why, now)

    def orphan(self) -> None:
        """In the child of a fork: the connections are the parent's."""
        _left_to_the_parent.append(self._open)
        self._open = faults.forked()

    # -- inside ------------------------------------------------------------------------------------------

    @property
    def _driver(self) -> Driver:
        if isinstance(self._open, Unavailable):
            why = self._open
            raise type(why)(why.message, code=why.code, reason=why.reason)
        return self._open


def _always(given: list[Any]) -> bool:
    return True


def _ttl(session: Session, now: Instant) -> int:
    """A last resort where nobody sweeps, a day late by Redis's own clock: what is alive, `ends` decides."""
    return max(int((session.expires - now) * 1_000), 0) + _DAY_MS


def _ended(triples: Sequence[Any], now: Instant, why: str) -> list[Revocation]:
    return [
        Revocation(Kind.SESSION, ids.from_bytes(sid), now, Instant(float(until)), now, why, position)
        for position, sid, until in zip(triples[::3], triples[1::3], triples[2::3], strict=True)
    ]


_open_stores: WeakSet[RedisStore] = WeakSet()
_left_to_the_parent: list[object] = []
"""Never closed here: closing in the child would speak on the parent's connections."""


def _after_fork() -> None:
    for store in list(_open_stores):
        store.orphan()
    _open_stores.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
