"""Following the feed: keeps a filter fresh, and says how fresh it is."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable

from limen.clock import Clock, Seconds
from limen.errors import Unavailable
from limen.revocations import Filter
from limen.stores.base import Followed

_log = logging.getLogger("limen.feed")
_BACKOFF_MAX: Seconds = 1.0
POLLED: Seconds = 0.02
"""How often the feed is read where the engine does not call."""
CALLED: Seconds = 0.25
"""How often it is read without a call where the engine calls: calls can get lost."""


class Follower:
    """Reads the feed into a filter, over and over. A failure costs freshness, never correctness."""

    def __init__(
        self,
        store: Followed,
        filter_: Filter,
        clock: Clock,
        *,
        every: Seconds = POLLED,
        max_staleness: Seconds = 4 * CALLED,
        on_ring: Callable[[], Awaitable[None]],
    ) -> None:
        self._store, self._filter, self._clock = store, filter_, clock
        self._every, self._at_most, self._on_ring = every, min(CALLED, max_staleness / 4), on_ring

    async def catch_up(self) -> None:
        """Take in everything that was acknowledged before this call; Unavailable if it cannot be read.

        A new key ring is loaded before the view counts as fresh: a compromised key is out by then. The events
        are known even where it cannot be loaded, for they can only make us refuse.
        """
        sent = self._clock.monotonic()
        page = await self._store.read_feed(self._filter.position, now=self._clock.now())
        if page.ring != self._filter.ring:
            for revocation in page.revocations:
                self._filter.add(revocation)
            await self._on_ring()
        self._filter.follow(page, sent=sent)

    async def run(self) -> None:
        """Catch up for ever. After a failure, back off with jitter, so that many come back spread out."""
        failures = 0
        while True:
            try:
                await self.catch_up()
                if failures:
                    _log.warning("the feed is read again")
                failures = 0
                await self._store.wait(self._filter.position, every=self._every, at_most=self._at_most)
            except Unavailable as error:
                failures += 1
                if failures == 1:
                    _log.warning("the feed cannot be read, the view grows stale: %s", error.reason)
            except Exception:  # noqa: BLE001 - whatever it is, following must not end; the view grows stale meanwhile
                failures += 1
                _log.exception("following the feed failed")
            if failures:
                await asyncio.sleep(self._pause(failures))

    def _pause(self, failures: int) -> Seconds:
        longest = min(self._every * 2.0 ** min(failures, 10), _BACKOFF_MAX)
        return longest * (0.5 + random.random() / 2)  # noqa: S311 - jitter, not a secret
