"""Whose turn it is to have a password looked at. In this process alone: nothing is stored for an advice."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from limen.clock import Clock, Mono, Seconds
from limen.errors import Throttled
from limen.throttle import sources

AT_ONCE = 40
"""Looks that one network may have in a row; as somebody types, one is asked for at each pause."""
EACH: Seconds = 0.5
"""Then one in so many seconds."""
_WAITING = 8
_ROOM = 10_000


@dataclass(slots=True)
class Advisor:
    """Turns, one at a time. A caller's own run low when it asks too often."""

    clock: Clock
    _busy: asyncio.Lock = field(default_factory=asyncio.Lock, repr=False)
    _waiting: int = 0
    _free_at: dict[str, Mono] = field(default_factory=dict, repr=False)
    """Network → when it would have used up nothing of its turns."""

    @asynccontextmanager
    async def turn(self, source: str) -> AsyncIterator[None]:
        """Throttled for who has had too many, and for everybody while too many wait."""
        self._charge(source)
        if self._waiting >= _WAITING:
            raise Throttled("others are being advised", retry_after=1.0)
        self._waiting += 1
        try:
            async with self._busy:
                yield
        finally:
            self._waiting -= 1

    def _charge(self, source: str) -> None:
        now = self.clock.monotonic()
        who = sources(source)[0] if source else ""
        free_at = max(self._free_at.pop(who, now), now)
        if free_at - now > AT_ONCE * EACH:
            self._free_at[who] = free_at
            raise Throttled("too many looks at a password", retry_after=EACH)
        self._free_at[who] = Mono(free_at + EACH)
        while len(self._free_at) > _ROOM:
            del self._free_at[next(iter(self._free_at))]
