"""A form that is sent twice does what it does once: a double click, a second tab, a browser that tries again.

Each form has a number that was drawn when it was shown. The same form from the same browser, byte for byte,
waits for the first answer, and gets it again for a moment after. In another process it is simply carried out,
and every flow can bear that.
"""

from __future__ import annotations

import asyncio
import hashlib
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from limen.clock import Clock, Mono, Seconds
from limen.server.wire import Answer

REMEMBERED: Seconds = 10
_ROOM = 1_000


def number() -> str:
    """For a form that is being shown."""
    return secrets.token_urlsafe(9)


@dataclass(slots=True)
class Once:
    """What is being done, and what was done a moment ago."""

    clock: Clock
    _doing: dict[bytes, asyncio.Future[Answer]] = field(default_factory=dict, repr=False)
    _done: dict[bytes, tuple[Mono, Answer]] = field(default_factory=dict, repr=False)

    async def do(self, sent: bytes, act: Callable[[], Awaitable[Answer]]) -> Answer:
        """The answer to these bytes. Only a 303, which says that it was done, is remembered."""
        key = hashlib.sha256(sent).digest()
        self._forget()
        if key in self._done:
            return self._done[key][1]
        if key not in self._doing:
            # A task of its own: it goes on when the browser that came first hangs up for the second click.
            self._doing[key] = task = asyncio.ensure_future(act())
            task.add_done_callback(lambda ended: self._settle(key, ended))
        return await asyncio.shield(self._doing[key])

    def _settle(self, key: bytes, ended: asyncio.Future[Answer]) -> None:
        self._doing.pop(key, None)
        if not ended.cancelled() and ended.exception() is None and ended.result().status == 303:
            self._done[key] = (self.clock.monotonic(), ended.result())

    def _forget(self) -> None:
        """What is too old, and the oldest where there are too many; they stand in the order of time."""
        now = self.clock.monotonic()
        for key, (at, _) in list(self._done.items()):
            if now - at < REMEMBERED and len(self._done) <= _ROOM:
                return
            del self._done[key]
