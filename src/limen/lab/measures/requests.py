"""Requests with a credential: latency, throughput and processor time, in rounds where all cells take turns.

The references take turns too. What authentication costs is the difference within a round, so that a machine
that is busy for a while slows both sides of it alike.
"""

from __future__ import annotations

from collections.abc import Sequence

from limen.lab.bench import Bench
from limen.lab.load import Order
from limen.lab.people import ACCOUNTS
from limen.lab.records import Cell
from limen.lab.world import Served

ROUNDS = 11
CURVE_ROUNDS = 3
WARM = 0.3
"""Seconds for each cell; less where the whole is short."""
CURVE_SHARE = 0.3
"""Of the duration, on top of it, for the curve."""


def seconds(cells: Sequence[Cell], duration: float) -> float:
    """How long the rounds will take."""
    return len(cells) * _warm(duration) + duration * _stretched(cells)


def curve_seconds(cells: Sequence[Cell], duration: float) -> float:
    """How long the curve will."""
    return duration * CURVE_SHARE * _stretched(cells)


def _stretched(cells: Sequence[Cell]) -> float:
    """Peers come on top: the others' turns are as long as without them."""
    return len(cells) / sum(not cell.is_peer for cell in cells)


def _warm(duration: float) -> float:
    return min(WARM, duration / 20)


async def measure(bench: Bench) -> None:
    """Warm up, then `ROUNDS` rounds."""
    options = bench.run.options
    warm = _warm(options.duration)
    for one in bench.servers:
        await bench.turn(one, "warm-up", 0, _order(bench, one, options.concurrency, warm, 0))
        bench.tick(warm)
    slot = options.duration * _stretched(_cells(bench)) / (ROUNDS * len(bench.servers))
    for round_ in range(ROUNDS):
        for one in bench.shuffled(bench.servers):
            order = _order(bench, one, options.concurrency, slot, round_)
            bench.run.turns.append(await bench.turn(one, "requests", round_, order))
            bench.tick(slot)


async def curve(bench: Bench) -> None:
    """The same at other concurrencies, in short rounds: a curve shows its own noise."""
    options = bench.run.options
    levels = [level for level in options.levels if level != options.concurrency]
    if not levels:
        return
    whole = curve_seconds(_cells(bench), options.duration)
    slot = whole / (len(levels) * len(bench.servers) * CURVE_ROUNDS)
    for round_ in range(CURVE_ROUNDS):
        for level in levels:
            for one in bench.shuffled(bench.servers):
                order = _order(bench, one, level, slot, level)
                bench.run.turns.append(await bench.turn(one, "curve", round_, order))
                bench.tick(slot)


def _cells(bench: Bench) -> list[Cell]:
    return [one.cell for one in bench.servers]


def _order(bench: Bench, one: Served, concurrency: int, slot: float, seed: int) -> Order:
    options = bench.run.options
    writes = 0.0 if one.cell.is_reference or one.cell.is_peer else options.writes
    return Order(
        port=one.port,
        connections=concurrency,
        requests=one.requests(),
        seconds=slot,
        others=[one.login(number) for number in range(ACCOUNTS)] if writes else [],
        share=writes,
        seed=options.seed + seed,
    )
