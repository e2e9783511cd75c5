"""The canary: a session that a process opens and ends itself, to measure until when it is refused.

What the design promises of a revocation is thus seen happening, minute by minute, on the very store and feed
that everybody's sessions depend on. The end is committed as another process would commit it, and this one
has to hear of it by the feed. With the strategy `jwt` nothing is heard, for there is nothing to hear: what is
measured is what is true, the rest of the token's life.

Its account has no password and a key that no address has, so nobody signs in to it, asks for a letter to it,
or finds it by what they type. Each round costs one session, which is ended, and one event of the feed, which
is over when its token would be.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress

from limen import ids
from limen.accounts import CANARY_KEY, Account
from limen.clock import Instant, Mono, Seconds
from limen.counts import outcome
from limen.errors import Denied, LimenError, Unavailable
from limen.flows.parts import Parts
from limen.ids import AccountID, SessionID
from limen.revocations import Kind, Revocation
from limen.sessions import StrategyName
from limen.strategies.base import Grant, Identity, SignIn

_log = logging.getLogger("limen.canary")
NAME = "Limen's canary: no person, see docs/operating.md"
_SIGN_IN = SignIn(("canary",), (), user_agent="limen canary")


class Canary:
    """`patience`: whoever is not refused by then breaks the promise. `look`: how often it is tried where the
    feed says nothing."""

    def __init__(
        self,
        parts: Parts,
        authenticate: Callable[[str], Awaitable[Identity]],
        *,
        patience: Seconds | None = None,
        look: Seconds | None = None,
    ) -> None:
        self._parts, self._authenticate = parts, authenticate
        s = parts.settings
        self._remembered = s.access_lifetime + s.leeway + s.max_staleness
        self._patience = 2 * s.max_staleness if patience is None else patience
        self._look = s.max_staleness / 50 if look is None else look
        self.ended: list[Callable[[int, Mono], None]] = []
        """Who is told of the position of each end, and when it was acknowledged: those who know followers."""

    async def round(self) -> None:
        """Open, end, and measure. What it found is counted; it raises what kept it from finding out."""
        found: BaseException | None = None
        try:
            lag = await self._lag()
        except BaseException as error:
            found = error
            raise
        finally:
            self._parts.counts.canary[outcome(found, "refused")] += 1
        self._parts.counts.canary_lag, self._parts.counts.canary_at = lag, self._parts.clock.now()

    async def _lag(self) -> Seconds:
        parts, account, now = self._parts, await self._account(), self._parts.clock.now()
        grant = await parts.strategy.issue(account, _SIGN_IN, now=now)
        try:
            identity = await self._authenticate(grant.credential)
        except BaseException:
            await self._forget(grant)
            raise
        if parts.strategy.name is StrategyName.JWT:
            return parts.strategy.effective(identity, now=now).effective - now
        heard = asyncio.Event()

        def hear(event: Revocation) -> None:
            if event.kind is Kind.SESSION and event.subject == grant.session:
                heard.set()

        parts.filter.hearing.append(hear)
        try:
            return await self._until_refused(grant, heard)
        finally:
            parts.filter.hearing.remove(hear)

    async def _until_refused(self, grant: Grant, heard: asyncio.Event) -> Seconds:
        acknowledged = await self._end(grant.account, grant.session)
        while True:
            lag = max(self._parts.clock.monotonic() - acknowledged, 0.0)
            try:
                await self._authenticate(grant.credential)
            except Denied:
                return lag
            if lag > self._patience:
                self._parts.counts.canary_lag = lag
                _log.critical("a session that ended %.3f s ago is still accepted here", lag)
                raise Unavailable("the end of the canary's session has no effect here", reason="canary_late")
            with suppress(TimeoutError):
                async with asyncio.timeout(self._look):
                    await heard.wait()

    async def _end(self, account: AccountID, sid: SessionID) -> Mono:
        now = self._parts.clock.now()
        until = Instant(now + self._remembered)
        event = await self._parts.store.revoke_session(
            sid, account=account, now=now, until=until, why="canary"
        )
        acknowledged = self._parts.clock.monotonic()
        if event is None:
            raise Unavailable("the canary's session was gone before its end", reason="canary_lost")
        for told in self.ended:
            told(event.position, acknowledged)
        return acknowledged

    async def _forget(self, grant: Grant) -> None:
        """End a session that was not measured: a round that fails each minute must leave no heap of them."""
        now = self._parts.clock.now()
        until = Instant(now + self._remembered)
        with suppress(LimenError):
            await self._parts.store.revoke_session(
                grant.session, account=grant.account, now=now, until=until, why="canary"
            )

    async def _account(self) -> Account:
        """The one account of all canaries of a database; made by whichever process comes first."""
        found = await self._parts.store.account_by_key(CANARY_KEY)
        if found is None:
            now = self._parts.clock.now()
            made = AccountID(ids.uuid7(now, self._parts.entropy))
            found = Account(made, "limen-canary", CANARY_KEY, None, (), now, name=NAME)
            if not await self._parts.store.add_account(found):
                found = await self._parts.store.account_by_key(CANARY_KEY) or found
        return found
