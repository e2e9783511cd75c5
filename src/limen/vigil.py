"""Connections that are open for long, and end when the session does that opened them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from limen import ids
from limen.clock import Clock, Seconds
from limen.errors import Denied, LimenError, Unavailable
from limen.revocations import Filter, Revocation
from limen.strategies.base import Identity


class _Watch:
    __slots__ = ("identity", "sid_ms", "timeout", "why")

    def __init__(self, identity: Identity, timeout: asyncio.Timeout) -> None:
        self.identity, self.timeout = identity, timeout
        self.sid_ms = 0
        self.why: LimenError = Denied("this credential has expired", code="token_expired")


class Vigil:
    """Ends what is done for an identity as soon as the feed covers it, or its view is too old to tell.

    One timer for all connections; an event costs a look at each of them.
    """

    def __init__(self, known: Filter, clock: Clock, *, max_staleness: Seconds, leeway: Seconds) -> None:
        self._known, self._clock = known, clock
        self.max_staleness, self._leeway = max_staleness, leeway
        self._watches: set[_Watch] = set()
        self._timer: asyncio.TimerHandle | None = None
        self._missed = known.missed

    @asynccontextmanager
    async def keep(self, identity: Identity, *, follows_feed: bool) -> AsyncIterator[None]:
        """Run the body while the identity is good. Then it is cancelled, and Denied or Unavailable raised."""
        left = identity.expires + self._leeway - self._clock.now()
        watch = _Watch(identity, asyncio.timeout(left))
        try:
            async with watch.timeout:
                if follows_feed:
                    self._begin(watch)
                yield
        except TimeoutError:
            if not watch.timeout.expired():
                raise
            raise watch.why from None
        finally:
            self._watches.discard(watch)
            if not self._watches:
                self._rest()

    def _begin(self, watch: _Watch) -> None:
        if not self._watches:
            self._known.hearing.append(self._hear)
            self._missed = self._known.missed
        watch.sid_ms = ids.created_ms(watch.identity.session)
        self._watches.add(watch)
        self._look(watch)
        if self._timer is None:
            self._arm()

    def _rest(self) -> None:
        if self._hear in self._known.hearing:
            self._known.hearing.remove(self._hear)
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _hear(self, event: Revocation) -> None:
        for watch in self._watches:
            self._look(watch)

    def _look(self, watch: _Watch) -> None:
        who, known = watch.identity, self._known
        if known.covering(sid=who.session, account=who.account, sid_ms=watch.sid_ms, kid=None) is not None:
            _end(watch, Denied("this session has ended", code="credential_revoked"))
        elif known.doubts(sid=who.session, account=who.account):
            # One who comes again is asked about in the store, which costs a reconnection.
            _end(watch, Unavailable("come again: this session must be looked up", reason="filter_doubts"))

    def _arm(self) -> None:
        age = self._clock.monotonic() - self._known.fresh_at
        if age > self.max_staleness or self._known.missed != self._missed:
            for watch in self._watches:
                _end(watch, Unavailable("the view of the revocations is too old", reason="feed_stale"))
            age, self._missed = 0.0, self._known.missed
        wait = self.max_staleness - age + 0.01
        self._timer = asyncio.get_running_loop().call_later(wait, self._arm)


def _end(watch: _Watch, why: LimenError) -> None:
    if watch.timeout.when() != 0:
        watch.why = why
        watch.timeout.reschedule(0)
