"""Memory per session, per remembered credential and per young revocation, each weighed in a process alone."""

from __future__ import annotations

from msgspec import structs

from limen.lab.bench import Bench
from limen.lab.processes import Helper
from limen.lab.records import Weight
from limen.lab.weigh import Weighing
from limen.lab.world import Served


def seconds(cells: int) -> float:
    """How long this will take."""
    return cells * 2.0


async def measure(bench: Bench) -> None:
    """Every cell's, in a database of its own where there can be one."""
    for one in bench.subjects():
        helper = await Helper.start("limen.lab.weigh")
        try:
            bench.run.weights.extend(await helper.ask(_asked(bench, one), list[Weight]))
        finally:
            await helper.stop()
        bench.tick(2.0)


def _asked(bench: Bench, one: Served) -> Weighing:
    subject = structs.replace(one.subject, fd=-1, rtt=0.0)
    if bench.urls[one.cell.store] != "sqlite":
        return Weighing(one.cell, subject)
    file = bench.folder / f"weighed-{one.cell.strategy}-{one.cell.cache}.db"
    return Weighing(one.cell, structs.replace(subject, database=f"sqlite:///{file}"), str(file))
