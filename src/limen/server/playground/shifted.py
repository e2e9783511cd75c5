"""The playground's own clock: the machine's, set forward by as much as was waited for."""

from __future__ import annotations

from limen.clock import Instant, Mono, Seconds, SystemClock


class ShiftedClock:
    """A `limen.clock.Clock` that goes on by itself and can be turned forward, both of its times together."""

    __slots__ = ("_system", "turned")

    def __init__(self) -> None:
        self._system = SystemClock()
        self.turned: Seconds = 0.0

    def now(self) -> Instant:
        return Instant(self._system.now() + self.turned)

    def monotonic(self) -> Mono:
        return Mono(self._system.monotonic() + self.turned)

    def turn(self, seconds: Seconds) -> None:
        """Let time have passed. ValueError for a step back: views of the feed would be young again."""
        if seconds < 0:
            raise ValueError("time does not run backwards")
        self.turned += seconds
