"""Requests of strangers: at a rate, whether or not those before were answered.

The closed loop says what a server can do; this says what people wait for who know nothing of each other. The
simulation is held against it.
"""

from __future__ import annotations

from limen.lab import figures
from limen.lab.bench import Bench
from limen.lab.load import Order
from limen.lab.world import Served

SHARES = (0.1, 0.3, 0.6)
"""Of the throughput that was measured. At the first the server rests before nearly every request."""
ROUNDS = 3
SLOT = 0.25
"""Seconds of a turn; less where the whole is short."""
CONNECTIONS = 64


def seconds(cells: int, duration: float) -> float:
    """How long this will take."""
    return ROUNDS * len(SHARES) * cells * _slot(duration)


def _slot(duration: float) -> float:
    return min(SLOT, duration / 40)


async def measure(bench: Bench) -> None:
    """Every cell of the first store, in turns."""
    first = bench.subjects()[0].cell.store
    subjects = [one for one in bench.subjects() if one.cell.store == first]
    slot = _slot(bench.run.options.duration)
    for round_ in range(ROUNDS):
        for share in SHARES:
            for one in bench.shuffled(subjects):
                await turn(bench, one, share, round_, slot)
                bench.tick(slot)


async def turn(bench: Bench, one: Served, share: float, round_: int, slot: float) -> None:
    """One turn at a share of the throughput that this server had under as much load as it could take."""
    most = figures.rate(bench.run, one.cell)
    if most is None:
        return
    rate = share * most.value
    order = Order(
        one.port, CONNECTIONS, one.requests(), seconds=slot, rate=rate, seed=bench.run.options.seed + round_
    )
    bench.run.turns.append(await bench.turn(one, "open", round_, order))
