"""Memory per session, per remembered credential and per young revocation, each weighed in a process alone."""

from __future__ import annotations

import asyncio

from msgspec import structs

from limen.lab import machine
from limen.lab.bench import Bench
from limen.lab.processes import Helper
from limen.lab.records import Weight
from limen.lab.weigh import Weighing
from limen.lab.world import Served, is_memory


def seconds(cells: int) -> float:
    """How long this will take."""
    return cells * 2.0 / min(machine.cores(), 4)


async def measure(bench: Bench) -> None:
    """Every cell's, in a database of its own where there can be one."""
    at_once = asyncio.Semaphore(machine.cores())
    await asyncio.gather(*(_weigh(bench, one, at_once) for one in bench.subjects()))


async def _weigh(bench: Bench, one: Served, at_once: asyncio.Semaphore) -> None:
    """What is counted is bytes: that others are weighed meanwhile changes nothing."""
    async with at_once:
        helper = await Helper.start("limen.lab.weigh")
        try:
            bench.run.weights.extend(await helper.ask(_asked(bench, one), list[Weight]))
        finally:
            await helper.stop()
        bench.tick(seconds(1))


def _asked(bench: Bench, one: Served) -> Weighing:
    subject = structs.replace(one.subject, fd=-1, rtt=0.0)
    url = bench.urls[one.cell.store]
    if url != "sqlite":
        return Weighing(one.cell, subject, elsewhere=not is_memory(url))
    file = bench.folder / f"weighed-{one.cell.strategy}-{one.cell.cache}.db"
    return Weighing(one.cell, structs.replace(subject, database=f"sqlite:///{file}"), str(file))
