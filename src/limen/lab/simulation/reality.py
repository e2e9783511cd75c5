"""The simulation beside a real run: what it says of a server at a steady rate, and what was measured there.

It gets three numbers: what a request costs a server that is never at rest, what it costs one that is woken
for it, and how long an answer takes then. From these it must come to the processor's share, the answers a
second and the median latency at other rates, where requests of strangers wait for each other.
"""

from __future__ import annotations

import random
from functools import lru_cache

from msgspec import Struct

from limen.clock import Seconds
from limen.lab import figures
from limen.lab.records import Cell, Run, Turn
from limen.lab.simulation.queues import Waited, processor
from limen.lab.statistics import median

REQUESTS = 10_000


class Confirmed(Struct, frozen=True):
    """One number from both sides, at `share` of what the server can do."""

    name: str
    share: float
    simulated: float
    measured: float

    @property
    def apart(self) -> float:
        """As a share of the larger."""
        larger = max(abs(self.simulated), abs(self.measured))
        return abs(self.simulated - self.measured) / larger if larger else 0.0


class Server(Struct, frozen=True):
    """What the simulation knows of a server."""

    busy: Seconds
    """Processor time of a request where others were before it."""
    woken: Seconds
    """… where the process had to be woken for it."""
    way: Seconds
    """From the client and back, besides."""
    most: float
    """Requests a second."""


def confirm(run: Run, cell: Cell, *, seed: int) -> list[Confirmed]:
    """Every rate that was measured but the lowest, which the simulation was told.

    Nothing with several processes, for which of them a request reaches is the kernel's choice; and nothing
    where others took a share of the machine, for then a server waits for its processor too.
    """
    levels = _levels(run, cell)
    server = _server(run, cell, levels)
    if server is None or run.options.workers > 1:
        return []
    return [one for turns in levels[1:] for one in _beside(server, turns, seed)]


def _levels(run: Run, cell: Cell) -> list[list[Turn]]:
    """The turns at each rate in which others left the machine alone, the lowest first; none, where there are
    none at some rate."""
    found: dict[float, list[Turn]] = {}
    for turn in figures.turns(run, cell, "open"):
        found.setdefault(turn.offered, []).append(turn)
    levels = [quiet(found[rate]) for rate in sorted(found)]
    return levels if all(levels) else []


def quiet(turns: list[Turn]) -> list[Turn]:
    """Those in which others left the machine alone, as far as the system says."""
    return [turn for turn in turns if (turn.foreign or 0.0) <= figures.NOISY]


def _server(run: Run, cell: Cell, levels: list[list[Turn]]) -> Server | None:
    closed = figures.turns(run, cell, "requests")
    if not closed or len(levels) < 2:
        return None
    busy = median([turn.cpu / turn.requests for turn in quiet(closed) or closed])
    rested = max(1 - median([turn.cpu / turn.seconds for turn in levels[0]]), 0.1)
    more = median([turn.cpu / turn.requests for turn in levels[0]]) - busy
    woken = busy + max(more, 0.0) / rested  # not every request of that rate has woken it
    way = median([turn.latency.quantile(0.5) for turn in levels[0]]) - woken
    most = median([turn.requests / turn.seconds for turn in closed])
    return Server(busy, woken, max(way, 0.0), most)


@lru_cache(maxsize=256)
def _simulated(rate: float, busy: Seconds, woken: Seconds, seed: int) -> Waited:
    """A report asks for the same in several places."""
    draw = random.Random(seed)  # noqa: S311 - a simulation
    return processor(rate, lambda rested: woken if rested else busy, count=REQUESTS, draw=draw)


def _beside(server: Server, turns: list[Turn], seed: int) -> list[Confirmed]:
    rate = turns[0].offered
    found = _simulated(rate, server.busy, server.woken, seed)
    pairs = (
        ("processor", found.utilisation, [turn.cpu / turn.seconds for turn in turns]),
        ("answers a second", rate, [turn.requests / turn.seconds for turn in turns]),
        (
            "median latency",
            found.latency.quantile(0.5) + server.way,
            [t.latency.quantile(0.5) for t in turns],
        ),
    )
    return [Confirmed(name, rate / server.most, said, median(seen)) for name, said, seen in pairs]
