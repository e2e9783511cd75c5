"""Where the view of the feed cannot tell about a token, the issuer is asked, or nobody is let in."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from enum import StrEnum

from limen.clock import Clock, Instant, Mono, Seconds
from limen.errors import Denied, LimenError, Misconfigured, Unavailable
from limen.insecure import AcceptStale
from limen.strategies.base import Verified
from limen.verifier.issuer import Issuer

_AT_ONCE = 32
_SHUT_FOR: Seconds = 0.5


class OnOutage(StrEnum):
    """What to do while the view is too old."""

    ASK = "ask"
    """Ask the issuer about each token."""
    REFUSE = "refuse"
    """Let nobody in."""


class Asking:
    """Introspection, bounded: so many questions at once, and none for a moment after one that failed.

    A question about a token is answered by the issuer's store, so the answer holds for the moment and is not
    kept.
    """

    def __init__(self, issuer: Issuer, clock: Clock, on_outage: OnOutage | str | AcceptStale) -> None:
        self._issuer, self._clock = issuer, clock
        self.asks = True
        if not isinstance(on_outage, AcceptStale):
            try:
                self.asks = OnOutage(on_outage) is OnOutage.ASK
            except ValueError:
                raise Misconfigured(
                    "on_outage is `ask` or `refuse`; to believe views that are too old, import AcceptStale "
                    "from limen.insecure"
                ) from None
        self._places = asyncio.Semaphore(_AT_ONCE)
        self._shut_until = Mono(float("-inf"))

    def close(self) -> None:
        """The next start may be on another loop."""
        self._places = asyncio.Semaphore(_AT_ONCE)

    async def ask(self, token: str, verified: Verified, *, outage: bool, now: Instant) -> Verified:
        """The token as the issuer sees it at this moment, good for this request; Denied, or Unavailable."""
        if outage and not self.asks:
            raise _unavailable("feed_stale")
        if self._places.locked() or self._clock.monotonic() < self._shut_until:
            raise _unavailable("issuer_busy")
        async with self._places:
            try:
                said = await self._issuer.introspect(token)
            except LimenError as error:
                self._shut_until = Mono(self._clock.monotonic() + _SHUT_FOR)
                raise _unavailable(error.reason) from error
        who = verified.identity
        if not said.active:
            raise Denied("this session has ended", code="credential_revoked", reason="not_active")
        if (said.sub, said.sid) != (who.account, who.session):
            raise _unavailable("introspection_mixed_up")
        scopes = who.scopes & frozenset(said.scope.split())
        return replace(verified, identity=replace(who, scopes=scopes), good_until=now)


def _unavailable(reason: str) -> Unavailable:
    return Unavailable("nobody can tell just now whether this session is still good", reason=reason)
