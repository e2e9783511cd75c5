"""Waiting for fractions of a millisecond, which event loops round up to a whole one."""

from __future__ import annotations

import asyncio
import threading
from collections import deque

from limen.clock import Clock, Seconds


class Pauses:
    """A thread that wakes tasks on time. All pauses are equally long: first come, first over."""

    def __init__(self, clock: Clock) -> None:
        self._monotonic = clock.monotonic
        self._due: deque[tuple[float, asyncio.AbstractEventLoop, asyncio.Future[None]]] = deque()
        self._any = threading.Condition()
        self._thread: threading.Thread | None = None

    async def wait(self, seconds: Seconds) -> None:
        """Return after this long."""
        loop = asyncio.get_running_loop()
        over = loop.create_future()
        with self._any:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="limen lab delay", daemon=True)
                self._thread.start()
            self._due.append((self._monotonic() + seconds, loop, over))
            self._any.notify()
        await over

    def _run(self) -> None:
        while True:
            with self._any:
                while not self._due:
                    self._any.wait()
                when, loop, over = self._due[0]
                left = when - self._monotonic()
                if left > 0:
                    self._any.wait(left)
                    continue
                self._due.popleft()
            loop.call_soon_threadsafe(_finish, over)


def _finish(over: asyncio.Future[None]) -> None:
    if not over.done():
        over.set_result(None)
