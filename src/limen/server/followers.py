"""Who follows the feed over HTTP, as far as this process has heard: when, and how far they were then."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from limen.clock import Clock, Mono, Seconds

KEPT = 500
"""Followers that are remembered; of more, those heard of last."""


@dataclass(frozen=True, slots=True)
class Follower:
    """A client of the configuration, at one address: a verifier, or several behind one proxy."""

    client: str
    source: str
    position: int
    """Up to which event it has read, by the cursor that it came with."""
    heard: Mono
    """When it last asked for a page. What comes by a stream makes no view fresher."""
    streams: int = 0
    """Open at the moment."""
    lag: Seconds | None = None
    """From the canary's last end that it was seen to have until it had it."""


class Followers:
    """The followers of one process. A page that another process answered is not known here."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._known: OrderedDict[tuple[str, str], Follower] = OrderedDict()
        self._mark: tuple[int, Mono] | None = None

    def asked(self, client: str, source: str, position: int) -> None:
        """It asked for a page, and has what is up to this position now."""
        known = self._get(client, source)
        now, mark = self._clock.monotonic(), self._mark
        late = mark is not None and known.position < mark[0] <= position
        lag = now - mark[1] if late and mark is not None else known.lag
        self._put(replace(known, position=max(position, 0), heard=now, lag=lag))

    def mark(self, position: int, at: Mono) -> None:
        """An event of this position was acknowledged then: measure when each follower has it."""
        self._mark = position, at

    @contextmanager
    def streaming(self, client: str, source: str) -> Iterator[None]:
        """While a stream to it is open."""
        known = self._get(client, source)
        self._put(replace(known, streams=known.streams + 1))
        try:
            yield
        finally:
            known = self._get(client, source)
            self._put(replace(known, streams=max(known.streams - 1, 0)))

    def all(self) -> list[Follower]:
        """Those heard of last come first."""
        return sorted(self._known.values(), key=lambda one: one.heard, reverse=True)

    def _get(self, client: str, source: str) -> Follower:
        fresh = Follower(client, source, 0, self._clock.monotonic())
        return self._known.get((client, source), fresh)

    def _put(self, follower: Follower) -> None:
        place = (follower.client, follower.source)
        self._known[place] = follower
        self._known.move_to_end(place)
        while len(self._known) > KEPT:
            self._known.popitem(last=False)
