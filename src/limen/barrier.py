"""Many who need to know what is acknowledged by now, and one read for all of them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable


class Barrier:
    """Shares one read among all callers who came before it began.

    Who comes while a read is under way waits for the next: the one under way may have looked already.
    """

    __slots__ = ("_next", "_read", "_running")

    def __init__(self, read: Callable[[], Awaitable[None]]) -> None:
        self._read = read
        self._running: asyncio.Future[None] | None = None
        self._next: asyncio.Future[None] | None = None

    async def reach(self) -> None:
        """Return when a read that began after this call has ended; raises what it raised."""
        if self._next is None or self._next.done():
            self._next = asyncio.ensure_future(self._after(self._running))
            self._next.add_done_callback(_retrieved)
        await asyncio.shield(self._next)

    async def _after(self, earlier: asyncio.Future[None] | None) -> None:
        if earlier is not None and not earlier.done():
            await asyncio.wait({earlier})
        self._running, self._next = self._next, None
        await self._read()


def _retrieved(read: asyncio.Future[None]) -> None:
    """Nobody may be left to be told that it failed."""
    if not read.cancelled():
        read.exception()
