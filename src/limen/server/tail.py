"""The end of the feed as one process holds it, for all who follow this process over HTTP."""

from __future__ import annotations

import asyncio
from bisect import bisect_right
from collections.abc import Callable, Sequence

from limen.auth import Limen
from limen.clock import Instant, Mono, Seconds
from limen.feed_page import PAGE_EVENTS, Cursor, Event, FeedPage, epoch_of
from limen.revocations import Page

_KEPT = 10_000
"""Events in memory, about 3 MB at most. Who is further behind gets them from the store."""
_WHOLE_GOOD_FOR: Seconds = 10.0


class Tail:
    """Pages of the feed from any place. A thousand followers cost the store what one costs.

    It begins to listen when it is first asked. Positions only grow, and a page leaves none out, so what it
    holds after `floor` is everything after `floor`.
    """

    def __init__(self, auth: Limen) -> None:
        self._auth = auth
        self._events: list[Event] = []
        self.floor = self.position = -1
        self._forgotten: list[tuple[int, Instant]] = []
        """Up to which position events were left out, and their latest `until`."""
        self._whole: Sequence[Event] = ()
        self._whole_forgotten = Instant(0.0)
        self._whole_at: Mono | None = None
        self._whole_to = 0
        self._reading = asyncio.Lock()
        self._news: asyncio.Future[None] | None = None

    @property
    def monotonic(self) -> Callable[[], Mono]:
        return self._auth.clock.monotonic

    @property
    def epoch(self) -> str:
        return epoch_of(self._auth.ring.founder)

    def listen(self) -> None:
        """Hear of what comes from now on. Twice is once."""
        if self.floor < 0:
            self.floor = self.position = self._auth.filter.position
            self._auth.filter.reading.append(self._take)

    async def page(self, cursor: Cursor | None, *, nonce: str = "", etag: str = "") -> FeedPage:
        """What is after the cursor, read after this call. Unavailable where the store cannot be read."""
        self.listen()
        await self._auth.catch_up()
        return await self.known(cursor, nonce=nonce, etag=etag)

    async def known(self, cursor: Cursor | None, *, nonce: str = "", etag: str = "") -> FeedPage:
        """What this process knows to be after the cursor by now: no barrier."""
        after = self._place(cursor)
        source: Sequence[Event] = self._events
        to = self.position
        whole = after < self.floor
        if whole:
            source, to = await self._everything()
            after = self._place(cursor, source)
        first = bisect_right(source, after, key=_position)
        events = list(source[first : first + PAGE_EVENTS])
        cut = first + len(events) < len(source)
        last = events[-1] if events else None
        position = last.position if cut and last is not None else to
        tag = last.tag if last is not None and last.position == position else ""
        ring = self._auth.ring
        return FeedPage(
            issuer=self._auth.settings.issuer,
            epoch=self.epoch,
            nonce=nonce,
            after=after,
            position=position,
            tag=tag or (cursor.tag if cursor is not None and position == after == cursor.position else ""),
            more=position < self.position,
            ring=ring.version,
            etag=ring.etag,
            max_staleness=self._auth.settings.max_staleness,
            revocations=events,
            forgotten=self._left_out(after, whole),
            keys=None if etag == ring.etag else ring.published(),
        )

    async def news(self, patience: Seconds) -> None:
        """Return when something came, or after `patience` seconds."""
        if self._news is None or self._news.done():
            self._news = asyncio.get_running_loop().create_future()
        await asyncio.wait({self._news}, timeout=patience)

    def _place(self, cursor: Cursor | None, source: Sequence[Event] | None = None) -> int:
        """The position that the cursor names, 0 if it names none of this database."""
        if cursor is None or cursor.epoch != self.epoch or cursor.position > self.position:
            return 0
        held = self._events if source is None else source
        at = bisect_right(held, cursor.position, key=_position) - 1
        same = at < 0 or held[at].position != cursor.position or cursor.tag in ("", held[at].tag)
        return cursor.position if same else 0

    def _left_out(self, after: int, whole: bool) -> Instant:
        """The latest `until` of the events after a position that nobody here has any more."""
        ours = max((until for to, until in self._forgotten if to > after), default=Instant(0.0))
        return max(ours, self._whole_forgotten) if whole else ours

    async def _everything(self) -> tuple[Sequence[Event], int]:
        """All young events, read once for all who begin within the same seconds, and up to where they go."""
        async with self._reading:
            now = self._auth.clock.monotonic()
            stale = self._whole_at is None or now - self._whole_at > _WHOLE_GOOD_FOR
            if stale or self._whole_to < self.floor:
                page = await self._auth.store.read_feed(0, now=self._auth.clock.now())
                self._whole, self._whole_to = [Event.of(r) for r in page.revocations], page.position
                self._whole_at, self._whole_forgotten = now, page.forgotten
                asyncio.get_running_loop().call_later(_WHOLE_GOOD_FOR, self._forget)
            return self._whole, self._whole_to

    def _forget(self) -> None:
        now = self._auth.clock.monotonic()
        if self._whole_at is not None and now - self._whole_at >= _WHOLE_GOOD_FOR:
            self._whole, self._whole_at, self._whole_to = (), None, 0

    def _take(self, page: Page) -> None:
        if page.forgotten and page.position > self.floor:
            self._forgotten = [
                *(f for f in self._forgotten if f[0] > self.floor),
                (page.position, page.forgotten),
            ]
        fresh = [Event.of(r) for r in page.revocations if r.position > self.position]
        self._events += fresh
        self.position = max(self.position, page.position)
        if len(self._events) > 2 * _KEPT:
            self.floor = self._events[-_KEPT - 1].position
            del self._events[:-_KEPT]
        if fresh and self._news is not None and not self._news.done():
            self._news.set_result(None)


def _position(event: Event) -> int:
    return event.position
