"""People who ask with credentials, processes that have seen them, revocations, and a store that goes away."""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Generator
from typing import Any

import simpy
from msgspec import Struct

from limen.clock import Seconds
from limen.lab.plan import TOUCH, window
from limen.lab.records import Cell
from limen.lab.workload import DAY, Workload

OUTAGES = 12
Steps = Generator[simpy.Event, Any, None]
"""What a process of simpy yields: the events that it waits for."""


class Seen(Struct):
    """What was counted from a moment on, and in the outages after the end."""

    looks: int = 0
    reads: int = 0
    refreshes: int = 0
    requests: int = 0
    filtered: float = 0.0
    """Young revocations: mean over the times at which one comes."""
    refused: float = 0.0
    """Requests that one outage cost, mean over all of them."""


class World:
    """One environment of simpy in which all of it happens, and what is known of it at its present time.

    It is counted from `since` on: from the middle, say, when nobody is new any more.
    """

    def __init__(
        self, cell: Cell, work: Workload, draw: random.Random, *, since: Seconds, span: Seconds
    ) -> None:
        self._cell, self._work, self._draw = cell, work, draw
        self._since, self._span = since, span
        self._env = simpy.Environment()
        self._life = lives(work, cell.strategy)
        self._born = [-draw.random() * self._life for _ in range(work.active)]
        self._looked: list[dict[int, float]] = [{} for _ in range(work.active)]
        self._away: float | None = None
        self._young: deque[float] = deque()
        self.seen = Seen()

    def run(self) -> Seen:
        """All of it, from the first request to the end of the last outage."""
        self._env.process(self._asking())
        if self._cell.strategy != "jwt":
            self._env.process(self._revoking())
        self._env.run(self._env.process(self._outages()))
        self.seen.refused /= OUTAGES
        return self.seen

    def _asking(self) -> Steps:
        """Strangers to each other, so at random; and each request to some process."""
        while True:
            yield self._env.timeout(self._draw.expovariate(self._work.rate))
            self._request(self._draw.randrange(self._work.active), self._draw.randrange(self._work.processes))

    def _request(self, who: int, process: int) -> None:
        if self._away is not None:
            self.seen.refused += self._is_refused(who, process)
            return
        look, read, refresh = self._look(who, process)
        if self._since <= self._env.now < self._span:
            self.seen.requests += 1
            self.seen.looks += look
            self.seen.reads += read
            self.seen.refreshes += refresh

    def _look(self, who: int, process: int) -> tuple[bool, bool, bool]:
        """Whether it is a first look, a read of the store, a refresh."""
        at, looked = self._env.now, self._looked[who]
        if not self._cell.cache:
            return False, True, False
        if self._cell.strategy == "session":
            first = at - looked.get(process, -1e9) >= TOUCH
            if first:
                looked[process] = at
            return first, first, False
        renewed = at - self._born[who] >= self._life
        if renewed:
            self._born[who] = at
            looked.clear()
        first = process not in looked
        looked[process] = at
        return first, False, renewed and self._cell.strategy == "hybrid"

    def _is_refused(self, who: int, process: int) -> bool:
        """Whether it fails because the store is away. A look that fails has seen nothing."""
        at = self._env.now
        if self._cell.strategy == "jwt":
            return False
        if not self._cell.cache or at - (self._away or 0.0) > self._work.max_staleness:
            return True
        if self._cell.strategy == "session":
            return at - self._looked[who].get(process, -1e9) >= TOUCH
        return at - self._born[who] >= self._life  # its token is over, and to refresh takes the store

    def _revoking(self) -> Steps:
        """One after the other: how many are young is asked each time that one comes."""
        sizes: list[int] = []
        while self._env.now < self._span:
            yield self._env.timeout(self._draw.expovariate(self._work.revocations / DAY))
            while self._young and self._env.now - self._young[0] > window(self._work):
                self._young.popleft()
            if self._since <= self._env.now < self._span:
                sizes.append(len(self._young))
            self._young.append(self._env.now)
        self.seen.filtered = sum(sizes) / len(sizes) if sizes else 0.0

    def _outages(self) -> Steps:
        """Several, one after the other, far enough apart to be strangers."""
        yield self._env.timeout(self._span)
        for _ in range(OUTAGES):
            self._away = self._env.now
            yield self._env.timeout(self._work.outage)
            self._away = None
            yield self._env.timeout(2 * TOUCH)


def lives(work: Workload, strategy: str) -> Seconds:
    """After how long what a process knows of a credential is over."""
    return {"hybrid": work.access_lifetime, "jwt": work.jwt_lifetime, "session": TOUCH}[strategy]
