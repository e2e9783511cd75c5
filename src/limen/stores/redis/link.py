"""A line that is made anew when it was lost. Who comes meanwhile waits for the same attempt."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable

from limen.clock import Seconds
from limen.stores.redis.faults import NotDone
from limen.stores.redis.line import Line

_FIRST: Seconds = 0.02
_LONGEST: Seconds = 1.0


class Link:
    """At most one line at a time, and one attempt. After a failure the next attempt waits, with jitter."""

    def __init__(self, connect: Callable[[], Awaitable[Line]]) -> None:
        self._connect = connect
        self._line: Line | None = None
        self._making: asyncio.Task[Line] | None = None
        self._failures, self._not_before, self._why = 0, 0.0, ""

    def ready(self) -> Line | None:
        """The line, if it can be used without waiting."""
        line = self._line
        return line if line is not None and line.lost is None else None

    async def line(self) -> Line:
        """The line, or NotDone. A caller that is cancelled leaves the attempt to the others."""
        line = self.ready()
        if line is not None:
            return line
        if self._making is None:
            if asyncio.get_running_loop().time() < self._not_before:
                raise NotDone(self._why)
            self._making = asyncio.create_task(self._make(), name="limen redis connection")
            self._making.add_done_callback(_seen)
        return await asyncio.shield(self._making)

    def drop(self) -> None:
        """The line leads to the wrong server, or is not to be trusted: make another."""
        line, self._line = self._line, None
        if line is not None:
            line.close()

    async def close(self, *, within: Seconds) -> None:
        """Answer what was asked, and let go."""
        if self._making is not None:
            self._making.cancel()
        line = self.ready()
        if line is not None:
            try:
                async with asyncio.timeout(within):
                    await line.drained()
            except (TimeoutError, NotDone):
                line.close()
        self.drop()

    async def _make(self) -> Line:
        try:
            self._line = line = await self._connect()
        except NotDone as error:
            self._failures += 1
            longest = min(_FIRST * 2.0 ** min(self._failures - 1, 10), _LONGEST)
            pause = longest * (0.5 + random.random() / 2)  # noqa: S311 - jitter, not a secret
            self._not_before, self._why = asyncio.get_running_loop().time() + pause, error.reason
            raise
        else:
            self._failures = 0
            return line
        finally:
            self._making = None


def _seen(task: asyncio.Task[Line]) -> None:
    """Whoever waited has the error; where nobody waits any more it is no news either."""
    if not task.cancelled():
        task.exception()
