"""Reading the feed out of Redis: for the store that keeps it, and for whoever only follows it."""

from __future__ import annotations

import asyncio

from limen.clock import Instant, Seconds
from limen.errors import Unavailable
from limen.revocations import Page, Revocation
from limen.stores.redis import records
from limen.stores.redis.driver import Driver

PAGE = 10_000
"""Events in one answer: bounds how long others wait for it."""


async def read(driver: Driver, after: int, now: Instant) -> Page:
    """See `Feed.read_feed`. Of the key ring Redis knows nothing."""
    events: list[Revocation] = []
    position, at, left_out = 0, 0, 0.0
    while True:
        start = f"{max(after, at) + 1}-0"
        # The position before the events, and what was swept after them: nothing falls in between.
        head, entries, (swept, forgotten), *_ = await driver.read(
            ("XRANGE", b"F", start, "+", "COUNT", PAGE),
            ("HMGET", b"S", "position", "until"),
            now=now,
        )
        position = position or int(head[1] or 0)
        if int(swept or 0) > after:
            left_out = max(left_out, float(forgotten))
        found = [event for entry in entries if (event := records.event(entry)) is not None]
        events += [event for event in found if now < event.until]
        left_out = max((left_out, *(event.until for event in found if now >= event.until)))
        at = records.position(entries[-1]) if entries else at
        if len(entries) < PAGE:
            return Page(tuple(events), max(position, at), 0, Instant(left_out))


async def wait(driver: Driver, after: int, *, every: Seconds, at_most: Seconds) -> None:
    """See `Feed.wait`."""
    try:
        called = await driver.watch(b"F", f"{after}-0", at_most)
    except Unavailable:
        called = False
    if not called:
        await asyncio.sleep(every)
