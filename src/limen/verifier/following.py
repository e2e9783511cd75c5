"""Following the feed from afar: pages make the view fresh, the stream makes it early."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Callable
from contextlib import aclosing
from typing import Protocol

from limen.clock import Clock, Instant, Seconds
from limen.errors import LimenError, Unavailable
from limen.feed_page import Cursor, FeedPage, decode, decode_event
from limen.revocations import Filter, Kind, Revocation
from limen.verifier.issuer import Issuer
from limen.verifier.known_keys import KnownKeys

_log = logging.getLogger("limen.verifier")
RHYTHM = 0.4
"""Of `max_staleness`: the time between two pages. One may fail, and the view is still fresh."""
_WHOLE_PATIENCE: Seconds = 30.0
_PAGE_BACKOFF_MAX: Seconds = 2.0
_STREAM_BACKOFF_MAX: Seconds = 10.0
_RESUME: Seconds = 0.02


class Following(Protocol):
    """What a verifier follows the feed by: `RemoteFollower`, or one that reads the issuer's store."""

    max_staleness: Seconds

    async def catch_up(self) -> None:
        """Take in everything that was acknowledged before this call; Unavailable if it cannot be read."""
        ...

    async def run(self) -> None:
        """Catch up for ever."""
        ...

    async def hasten(self) -> None:
        """Shorten the lag, for ever, where `run` alone would leave one."""
        ...

    async def close(self) -> None: ...


class RemoteFollower:
    """Reads the issuer's feed into a filter. A failure costs freshness, never correctness.

    The cursor moves only by pages, which leave nothing out. What the stream brings is taken in as well, for
    an event that is known can only make us refuse; that it is silent, cut or out of order proves nothing.
    """

    def __init__(
        self,
        issuer: Issuer,
        keys: KnownKeys,
        known: Filter,
        clock: Clock,
        max_staleness: Seconds,
        promised: Callable[[], None],
    ) -> None:
        self._issuer, self._keys, self._known, self._clock = issuer, keys, known, clock
        self._promised = promised
        self.max_staleness = max_staleness
        """Ours, or the issuer's where it promises less."""
        self._cursor: Cursor | None = None
        self._begin()

    def _begin(self) -> None:
        """Before each start, for that may be on another loop than the last."""
        self._one_by_one = asyncio.Lock()
        self._wanted = asyncio.Event()
        self._begun = asyncio.Event()

    async def catch_up(self) -> None:
        """Take in everything that was acknowledged before this call; Unavailable if it cannot be read."""
        async with self._one_by_one:
            while True:
                sent = self._clock.monotonic()
                patience = _WHOLE_PATIENCE if self._cursor is None else None
                page = await self._issuer.page(self._cursor, etag=self._keys.etag, patience=patience)
                self._take(page)
                if not page.more:
                    break
            self._known.renew(sent=sent)
            self._begun.set()

    async def run(self) -> None:
        """Catch up for ever, and at once when the stream says that there is reason to."""
        failures = 0
        while True:
            pause = self._pause(failures)
            try:
                async with asyncio.timeout(pause):
                    await self._wanted.wait()
            except TimeoutError:
                _log.debug("a page is due")
            self._wanted.clear()
            try:
                await self.catch_up()
                failures = 0
            except LimenError as error:
                failures += 1
                if failures == 1:
                    _log.warning("the feed cannot be read, the view grows stale: %s", error.reason)
            except Exception:  # noqa: BLE001 - whatever it is, following must not end; the view grows stale meanwhile
                failures += 1
                _log.exception("following the feed failed")

    async def hasten(self) -> None:
        """Listen to the stream for ever. After a failure come back at any moment of a growing while."""
        failures = 0
        while True:
            await self._begun.wait()
            try:
                if await self._listen():
                    failures = 0
                pause = random.uniform(0, _RESUME)  # noqa: S311 - spread, not a secret
            except LimenError as error:
                failures += 1
                _log.debug("the stream of the feed ended: %s", error.reason)
                pause = _spread(min(0.5 * 2.0 ** min(failures, 10), _STREAM_BACKOFF_MAX))
            except Exception:  # noqa: BLE001 - the pages go on without it
                failures += 1
                _log.exception("listening to the feed failed")
                pause = _STREAM_BACKOFF_MAX
            await asyncio.sleep(pause)

    async def close(self) -> None:
        """Nothing is held here: the connections are the issuer's."""
        self._begin()

    async def _listen(self) -> bool:
        """Until the stream ends; whether it said anything."""
        said = False
        if self._cursor is None:
            raise Unavailable("there is no place to follow from", reason="cursor_missing")
        async with aclosing(self._issuer.stream(self._cursor)) as stream:
            async for name, data in stream:
                said = True
                self._listened(name, data)
        return said

    def _listened(self, name: str, data: bytes) -> None:
        if name == "revocation":
            self._hear(decode_event(data).revocation())
        elif name == "snapshot":
            for event in decode(data).revocations:
                self._hear(event.revocation())
        if name in ("snapshot", "ring"):
            self._wanted.set()

    def _hear(self, revocation: Revocation) -> None:
        self._known.add(revocation)
        if revocation.kind is Kind.KEY:
            self._keys.drop(revocation.subject)
            self._wanted.set()

    def _take(self, page: FeedPage) -> None:
        """All of a page, or nothing and Unavailable if it does not follow on what is known."""
        self._check(page)
        if page.keys is not None:
            self._keys.take(page.keys, etag=page.etag)
        elif page.etag == self._keys.etag:
            self._keys.confirm()
        else:
            raise _unusable("keys_missing")
        for event in page.revocations:
            revocation = event.revocation()
            self._known.add(revocation)
            if revocation.kind is Kind.KEY:
                self._keys.drop(revocation.subject)
        if page.forgotten:
            self._known.miss(Instant(page.forgotten))
        self._known.position, self._known.ring = page.position, page.ring
        if page.max_staleness < self.max_staleness:
            self.max_staleness = page.max_staleness
            self._promised()
        self._cursor = page.cursor

    def _check(self, page: FeedPage) -> None:
        known = self._cursor
        if known is not None and (page.epoch, page.after) != (known.epoch, known.position):
            if page.after != 0:
                raise _unusable("gap")
            _log.warning(
                "the feed begins anew: %s",
                "its database is another one"
                if page.epoch != known.epoch
                else "the place was not known any more",
            )
        if known is None and page.after != 0:
            raise _unusable("gap")
        last = page.after
        for event in page.revocations:
            if not last < event.position <= page.position:
                raise _unusable("out_of_order")
            last = event.position
        if page.position < page.after:
            raise _unusable("out_of_order")

    def _pause(self, failures: int) -> Seconds:
        if failures:
            return _spread(min(0.1 * 2.0 ** min(failures, 10), _PAGE_BACKOFF_MAX, self.max_staleness))
        return self.max_staleness * RHYTHM * random.uniform(0.8, 1.0)  # noqa: S311 - spread, not a secret


def _spread(longest: Seconds) -> Seconds:
    """Any moment of it: those who lost one issuer at once do not come back at once."""
    return longest * random.uniform(0.1, 1)  # noqa: S311 - spread, not a secret


def _unusable(reason: str) -> Unavailable:
    _log.error("a page of the feed is refused: %s", reason)
    return Unavailable("the feed cannot be followed just now", reason=f"feed_{reason}")
