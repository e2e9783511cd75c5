"""Following the feed where the issuer keeps it: keys by HTTP, revocations from the store."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from limen.clock import Clock, Seconds
from limen.feed import Follower
from limen.revocations import Filter, Kind, Revocation
from limen.stores import open_feed
from limen.verifier.known_keys import KnownKeys


class StoreFollower:
    """Reads the issuer's store into a filter.

    Keys are read before a view counts as fresh that may have missed word of one. A key that was compromised
    is dropped as soon as its event comes, whatever a cache says.
    """

    def __init__(
        self,
        url: str,
        keys: KnownKeys,
        known: Filter,
        clock: Clock,
        max_staleness: Seconds,
        read_keys: Callable[[], Awaitable[None]],
    ) -> None:
        self.max_staleness = max_staleness
        self._keys, self._feed = keys, open_feed(url)
        self._follower = Follower(self._feed, known, clock, max_staleness=max_staleness, on_ring=read_keys)
        known.hearing.append(self._hear)

    async def catch_up(self) -> None:
        await self._follower.catch_up()

    async def run(self) -> None:
        await self._follower.run()

    async def hasten(self) -> None:
        """The store calls by itself."""

    async def close(self) -> None:
        await self._feed.close()

    def _hear(self, revocation: Revocation) -> None:
        if revocation.kind is Kind.KEY:
            self._keys.drop(revocation.subject)
