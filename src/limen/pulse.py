"""How busy the feed is: its events by the minute as this process has learned them, and how late they came."""

from __future__ import annotations

from collections.abc import Callable

from limen.clock import Instant
from limen.counts import Counts
from limen.revocations import Page

KEPT = 60
"""Minutes. What the feed holds at the start is counted too, by the moment that each event says it is of."""


class Pulse:
    """Told of every page of the feed (`Filter.reading`); pages overlap, and each event is counted once.

    With `counts` it counts what comes after the first page there too: what that one holds is history.
    """

    __slots__ = ("_by_minute", "_counts", "_following", "_now", "_position")

    def __init__(self, now: Callable[[], Instant] | None = None, counts: Counts | None = None) -> None:
        self._by_minute: dict[int, int] = {}
        self._position = 0
        self._now, self._counts, self._following = now, counts, False

    def take(self, page: Page) -> None:
        for event in page.revocations:
            if event.position > self._position:
                self._position = event.position
                minute = int(event.at // 60)
                self._by_minute[minute] = self._by_minute.get(minute, 0) + 1
                self._count(event.kind.value, event.at)
        self._following = True
        while len(self._by_minute) > 2 * KEPT:
            del self._by_minute[min(self._by_minute)]

    def minutes(self, *, now: Instant) -> list[int]:
        """The events of each of the last KEPT minutes, the present one last."""
        present = int(now // 60)
        return [self._by_minute.get(minute, 0) for minute in range(present - KEPT + 1, present + 1)]

    def _count(self, kind: str, at: Instant) -> None:
        if self._following and self._counts is not None and self._now is not None:
            self._counts.revocations[kind] += 1
            self._counts.lag.add(max(self._now() - at, 0.0))
