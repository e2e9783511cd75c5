"""The feed in an issuer's Redis for a service that only follows it: it settles nothing, keeps nothing, and
believes a server only under a fence that the issuer has set.

A Redis that was flushed, restored, restarted or failed over has no fence of its run. Until a process of the
issuer has compared it with what the accounts' database remembers, reading it is Unavailable, and so a view
grows old and is not trusted. What the issuer found missing then comes as the event that ends all sessions.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from limen.clock import Instant, Seconds
from limen.errors import Unavailable
from limen.revocations import Page
from limen.stores.redis import faults, feed
from limen.stores.redis.address import Address, parse
from limen.stores.redis.driver import Driver
from limen.stores.redis.epochs import Fence
from limen.stores.redis.faults import Unsettled
from limen.stores.redis.line import Line
from limen.stores.redis.settling import held_by

_TURN = 64
"""Bits of a position below the count of fences: a place under one fence is none under another."""


class Witness:
    """What stands for a `Settler` where nothing may be settled."""

    def __init__(self, address: Address) -> None:
        self._address = address
        self._fence: Fence | None = None
        self.seen = b""
        """Which Redis, under which fence, was read last; empty for none."""

    @property
    def epoch(self) -> int:
        return 0 if self._fence is None else self._fence.epoch

    def noticed(self, head: list[Any]) -> None:
        self.seen = head[0] + b" " + (head[3] or b"")

    def fence(self, line: Line) -> Fence:
        if self._fence is None or self._fence.run != line.run:
            raise Unsettled
        return self._fence

    async def settle(self, line: Line, now: Instant | None) -> None:
        """See under which fence the issuer has put this server; Unsettled where that is none, or an earlier
        epoch than the one that was seen."""
        held = await held_by(line, self._address)
        if held is None or held.run != line.run or held.epoch < self.epoch:
            raise Unsettled
        self._fence = Fence(held.epoch, line.run)

    async def begin_anew(self, line: Line, why: str, now: Instant) -> None:
        raise Unsettled

    def acknowledged(self, fence: Fence, writes: int) -> None:
        """Nothing that was only read can be lost."""

    async def remember(self) -> None:
        """There is nothing to be remembered."""


class RedisFeed:
    """`Followed`, read from the Redis that has the feed. It connects when it is first asked."""

    def __init__(self, url: str) -> None:
        self._witness = Witness(parse(url))
        self._driver = Driver(parse(url), self._witness, loads=())
        self._turn, self._seen = 0, b""
        self._ring, self._has_read = 0, False

    async def read_feed(self, after: int, *, now: Instant) -> Page:
        """All after a position, and all that there is where the position is of another fence.

        `ring` is another number whenever word of a key may have been missed. Misconfigured where Redis
        refuses us before it was ever read.
        """
        try:
            return await self._read(after, now)
        except Unavailable as error:
            if not self._has_read and error.reason in faults.REFUSED:
                raise faults.at_start(error.reason) from error
            raise

    async def wait(self, after: int, *, every: Seconds, at_most: Seconds) -> None:
        await feed.wait(self._driver, self._place(after), every=every, at_most=at_most)

    async def close(self) -> None:
        await self._driver.close()

    async def _read(self, after: int, now: Instant) -> Page:
        while True:
            page = await feed.read(self._driver, self._place(after), now)
            if self._witness.seen == self._seen:
                break
            # The place that was read from was one under another fence.
            self._seen, self._turn = self._witness.seen, self._turn + 1
        self._ring += bool(page.forgotten) or not self._has_read
        self._has_read = True
        position = self._turn << _TURN | page.position
        return replace(page, position=position, ring=self._turn << _TURN | self._ring)

    def _place(self, after: int) -> int:
        return after & (1 << _TURN) - 1 if after >> _TURN == self._turn else 0
