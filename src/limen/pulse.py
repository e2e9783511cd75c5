"""How busy the feed is: its events by the minute, as this process has learned them."""

from __future__ import annotations

from limen.clock import Instant
from limen.revocations import Page

KEPT = 60
"""Minutes. What the feed holds at the start is counted too, by the moment that each event says it is of."""


class Pulse:
    """Told of every page of the feed (`Filter.reading`); pages overlap, and each event is counted once."""

    __slots__ = ("_by_minute", "_position")

    def __init__(self) -> None:
        self._by_minute: dict[int, int] = {}
        self._position = 0

    def take(self, page: Page) -> None:
        for event in page.revocations:
            if event.position > self._position:
                self._position = event.position
                minute = int(event.at // 60)
                self._by_minute[minute] = self._by_minute.get(minute, 0) + 1
        while len(self._by_minute) > 2 * KEPT:
            del self._by_minute[min(self._by_minute)]

    def minutes(self, *, now: Instant) -> list[int]:
        """The events of each of the last KEPT minutes, the present one last."""
        present = int(now // 60)
        return [self._by_minute.get(minute, 0) for minute in range(present - KEPT + 1, present + 1)]
