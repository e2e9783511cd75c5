"""Store operations per request, counted at the store: for credentials seen before, for new ones, and under a
view of the feed that is too old to be trusted."""

from __future__ import annotations

import asyncio

from limen.lab.bench import Bench
from limen.lab.load import Loaded, Order
from limen.lab.metering import FEED, READS
from limen.lab.records import Counted
from limen.lab.world import Reading, Served

REQUESTS = 256
_EACH = 0.3
"""Seconds for a cell, each time."""
_HOUSEKEEPING = frozenset(
    {FEED, "sweep", "ring", "keep_entries", "forget_entries", "sweep_recovery", "take_letters"}
)
"""What a process does by itself, whether or not anybody asks it something."""


def seconds(cells: int, looks: int, max_staleness: float) -> float:
    """How long this will take."""
    return cells * looks * _EACH + max_staleness + 1


async def measure(bench: Bench) -> None:
    """Count in all three situations. The feeds of all cells are cut together, so there is one wait."""
    subjects = bench.subjects()
    for one in subjects:
        for _ in range(bench.run.options.looks):
            fresh = await one.sign_in(len(one.people))
            await _count(bench, one, "unseen", [one.get(person.credential) for person in fresh], len(fresh))
            await _count(bench, one, "seen", one.requests(), REQUESTS)
        bench.tick(_EACH * bench.run.options.looks)
    wait = bench.run.options.max_staleness + 0.5
    for one in subjects:
        await one.cut("feed")
    try:
        await asyncio.sleep(wait)
        bench.tick(wait)
        for one in subjects:
            await _count(bench, one, "stale", one.requests(), REQUESTS)
    finally:
        for one in subjects:
            await one.cut()


async def _count(bench: Bench, one: Served, situation: str, requests: list[bytes], count: int) -> None:
    """One process alone: what was seen by one of several workers was not seen by the others."""
    wanted = [requests[number % len(requests)] for number in range(count)]
    order = Order(port=one.port, connections=1, requests=wanted, count=count)
    if situation == "seen":  # every process has to have seen them
        for _ in range(2 * len(one.processes) ** 2):
            await bench.loaders[0].ask(order, Loaded)
    before = await one.read()
    loaded = await bench.loaders[0].ask(order, Loaded)
    after = await one.read()
    found = _between(before, after)
    reads = sum(number for name, number in found.items() if name in READS)
    bench.run.counted.append(
        Counted(
            one.cell,
            situation,
            loaded.requests,
            reads,
            sum(found.values()) - reads,
            found,
            after.cpu - before.cpu,
        )
    )


def _between(before: Reading, after: Reading) -> dict[str, int]:
    gone = {name: count - before.operations.get(name, 0) for name, count in after.operations.items()}
    return {name: count for name, count in gone.items() if count and name not in _HOUSEKEEPING}
