"""A clock to turn, so that no test sleeps to let time pass."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from limen.clock import Instant, Mono, Seconds

START = Instant(1_800_000_000.0)
"""2027-01-15T08:00:00Z: any fixed moment will do."""


class TurnableClock:
    """A `limen.clock.Clock` that stands still until a test turns it."""

    __slots__ = ("_mono", "_now", "_sleepers")

    def __init__(self, now: float = START) -> None:
        self._now = float(now)
        self._mono = 1_000.0
        self._sleepers: list[tuple[float, asyncio.Future[None]]] = []

    def now(self) -> Instant:
        """The moment on the wall."""
        return Instant(self._now)

    def monotonic(self) -> Mono:
        """The time that no one sets back."""
        return Mono(self._mono)

    def turn(self, seconds: Seconds) -> None:
        """Let time pass on both clocks, and wake who sleeps until then."""
        if seconds < 0:
            raise ValueError("time does not run backwards; `jump` moves the wall clock alone")
        self._now += seconds
        self._mono += seconds
        self._wake()

    def jump(self, seconds: Seconds) -> None:
        """Set the wall clock forward, or back, as an administrator or NTP does. No time passes."""
        self._now += seconds

    async def sleep(self, seconds: Seconds) -> None:
        """Wait until the clock has been turned that far. For `Limen(sleep=clock.sleep)`."""
        if seconds <= 0:
            return await asyncio.sleep(0)
        waiting = asyncio.get_running_loop().create_future()
        sleeper = (self._mono + seconds, waiting)
        self._sleepers.append(sleeper)
        try:
            await waiting
        finally:
            if sleeper in self._sleepers:
                self._sleepers.remove(sleeper)

    def _wake(self) -> None:
        due = [s for s in self._sleepers if s[0] <= self._mono]
        for sleeper in due:
            self._sleepers.remove(sleeper)
            # A test may turn the clock from another thread than the one that sleeps.
            sleeper[1].get_loop().call_soon_threadsafe(_finish, sleeper[1])


def instant_sleep(clock: TurnableClock) -> Callable[[Seconds], Awaitable[None]]:
    """A sleep that turns the clock itself and returns at once. Not for loops that sleep forever."""

    async def sleep(seconds: Seconds) -> None:
        clock.turn(max(seconds, 0.0))
        await asyncio.sleep(0)

    return sleep


def _finish(waiting: asyncio.Future[None]) -> None:
    if not waiting.done():
        waiting.set_result(None)
