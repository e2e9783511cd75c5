"""The formulas beside the simulation, and the simulation beside what was measured.

Small enough to run while somebody waits: people and requests are scaled down together, so what each person
does is as in the plan. What is found is set beside what the formulas say of the same small workload.
"""

from __future__ import annotations

import random

from msgspec import Struct, structs

from limen.clock import Seconds
from limen.lab.plan import TOUCH, first_looks, refreshes_of, refused, store_reads, waiting, window
from limen.lab.simulation.people import World, lives
from limen.lab.simulation.queues import processor, storm
from limen.lab.storms import after_storm
from limen.lab.workload import DAY, Costs, Workload

EVENTS = 80_000
STORMED = 4_000
"""People of a storm, at most."""


class Checked(Struct, frozen=True):
    """One number from both sides."""

    name: str
    formula: float
    simulated: float

    @property
    def apart(self) -> float:
        """As a share of the larger; 0 where both are nothing."""
        larger = max(abs(self.formula), abs(self.simulated))
        return abs(self.formula - self.simulated) / larger if larger else 0.0


def check(costs: Costs, work: Workload, *, seed: int, events: int = EVENTS) -> list[Checked]:
    """The formulas beside the simulation, for the workload scaled down."""
    cell = costs.cell
    small, span = scaled(work, cell.strategy, events)
    half = span / 2
    found = World(cell, small, _draw(seed), since=half, span=span).run()
    firsts = first_looks(small, cell.strategy, cell.cache)
    filtered = small.revocations / DAY * window(small) if cell.strategy != "jwt" else 0.0
    return [
        Checked("first looks", firsts, found.looks / half),
        Checked("store reads", store_reads(small, cell.strategy, cell.cache, firsts), found.reads / half),
        Checked("refreshes", refreshes_of(small, cell.strategy), found.refreshes / half),
        Checked("young revocations", filtered, found.filtered),
        Checked("refused in an outage", refused(small, cell.strategy, cell.cache), found.refused),
        *_queue(costs, small, firsts, seed, events),
        *_storm(costs, work, seed),
    ]


def scaled(work: Workload, strategy: str, events: int) -> tuple[Workload, Seconds]:
    """As many people as can be followed for four lives of a credential, and how long that is: then half of
    it holds as many renewals of each as it should."""
    life = lives(work, strategy)
    span = 4 * max(life, window(work) if strategy != "jwt" else life)
    people = max(round(events / (span * work.each)), 1)
    share = min(people / work.active, 1.0)
    active = max(round(work.active * share), 1)
    small = structs.replace(
        work,
        active=active,
        rate=work.each * active,
        revocations=max(work.revocations * share, 100_000.0),  # too few to count would tell nothing
    )
    return small, span


def _queue(costs: Costs, work: Workload, firsts: float, seed: int, events: int) -> list[Checked]:
    """Requests of many people at one processor, so busy as was asked for. How many are first looks has been
    compared above."""
    draw, share = _draw(seed), min(firsts / work.rate, 1.0)
    rate = work.utilisation / (costs.seen + share * costs.first)
    found = processor(
        rate,
        lambda _: costs.seen + (costs.first if draw.random() < share else 0.0),
        count=events,
        draw=draw,
    )
    return [
        Checked("utilisation", work.utilisation, found.utilisation),
        Checked("wait for the processor", waiting(costs, work, firsts), found.wait),
    ]


def _storm(costs: Costs, work: Workload, seed: int) -> list[Checked]:
    """Pool and people made smaller alike, so that times stay what they are. Where hardly anybody would wait
    there is nothing to compare: chance makes queues that a formula of means does not know."""
    after = after_storm(costs, work)
    if not TOUCH * 60 > after.over > 20 * costs.hash or after.longest < 50 * costs.hash:
        return []
    hashers = max(round(work.hashers * min(STORMED / work.stormed, 1.0)), 1)
    share = hashers / work.hashers
    base = work.sign_ins / DAY * work.peak * share
    found = storm(round(work.stormed * share), work.each, base, costs.hash, hashers, _draw(seed))
    return [
        Checked("longest wait in a storm", after.longest, found.longest),
        Checked("a storm is over after", after.over, found.over),
    ]


def _draw(seed: int) -> random.Random:
    return random.Random(seed)  # noqa: S311 - a simulation
