"""Whether this process can do its work, for whoever balances load."""

from __future__ import annotations

from limen.auth import Limen
from limen.clock import Mono, Seconds
from limen.errors import Unavailable

_GOOD_FOR: Seconds = 1.0
"""A look is a write to the disk, and anybody may ask: one a second is enough for all."""


class Readiness:
    """The store reads and writes, and the view of the revocations is fresh."""

    __slots__ = ("_auth", "_seen", "leaving")

    def __init__(self, auth: Limen) -> None:
        self._auth = auth
        self._seen: Mono | None = None
        self.leaving = False
        """Whether this process was told to end: it answers what comes, and asks for no more of it."""

    async def check(self) -> None:
        """Unavailable unless both hold. That the store answers may have been seen a second ago."""
        if self.leaving:
            raise Unavailable("this process is ending", reason="leaving")
        if not self._auth.is_fresh():
            raise Unavailable("the view of the revocations is too old", reason="feed_stale")
        now = self._auth.clock.monotonic()
        if self._seen is None or now - self._seen >= _GOOD_FOR:
            await self._auth.store.ping()
            self._seen = now
