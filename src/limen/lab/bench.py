"""What the measures share: the run that grows, the servers, the load, and one turn of it."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter

from msgspec import structs

from limen.lab import histogram, machine
from limen.lab.load import Loaded, Order
from limen.lab.processes import Helper
from limen.lab.records import Cell, Run, Turn
from limen.lab.stores import StoreServer
from limen.lab.world import Served, is_memory, served, together


@dataclass(slots=True)
class Bench:
    """One run being measured. `tick(seconds)` says how much of the planned time is done."""

    run: Run
    folder: Path
    urls: dict[str, str]
    """Store's name → its address."""
    tick: Callable[[float], None]
    started: dict[str, StoreServer] = field(default_factory=dict)
    """Store's name → its server, where the lab has started it itself and may stop it."""
    servers: list[Served] = field(default_factory=list)
    loaders: list[Helper] = field(default_factory=list)
    witnesses: dict[Cell, Served] = field(default_factory=dict)
    stack: AsyncExitStack = field(default_factory=AsyncExitStack)
    draw: random.Random = field(default_factory=lambda: random.Random(1))  # noqa: S311 - the order of turns

    def subjects(self) -> list[Served]:
        """Those with Limen in them."""
        return [one for one in self.servers if not one.cell.is_reference and not one.cell.is_peer]

    async def witnessed(self) -> list[tuple[Served, Served]]:
        """Each server with another process of the same deployment; with itself, where there can be none."""
        shared = [one for one in self.subjects() if not is_memory(self.urls[one.cell.store])]
        if not self.witnesses:
            starting = [
                served(one.cell, self.run.options, self.urls[one.cell.store], self.folder, like=one)
                for one in shared
            ]
            for witness in await together(self.stack, starting):
                self.witnesses[witness.cell] = witness
        return [(one, self.witnesses.get(one.cell, one)) for one in self.subjects()]

    def shuffled(self, servers: list[Served]) -> list[Served]:
        """In the order of this round: who comes first, and after whom, must not be always the same."""
        return self.draw.sample(servers, len(servers))

    async def turn(self, one: Served, kind: str, round_: int, order: Order) -> Turn:
        """Load one server, and measure it; not recorded yet."""
        outside, began, before = machine.busy(), perf_counter(), await one.read()
        parts = await asyncio.gather(
            *(h.ask(o, Loaded) for h, o in zip(self.loaders, self._shares(order), strict=False))
        )
        after, taken, outside_after = await one.read(), perf_counter() - began, machine.busy()
        cpu = after.cpu - before.cpu
        foreign = None
        if outside is not None and outside_after is not None:
            ours = cpu + sum(part.busy * part.seconds for part in parts)
            foreign = max(0.0, (outside_after - outside - ours) / (taken * machine.cores()))
        return Turn(
            cell=one.cell,
            kind=kind,
            round=round_,
            concurrency=order.connections,
            seconds=max(part.seconds for part in parts),
            requests=sum(part.requests for part in parts),
            failed=sum(part.failed for part in parts),
            cpu=cpu,
            busy=max(part.busy for part in parts),
            sent=sum(part.sent for part in parts),
            received=sum(part.received for part in parts),
            latency=histogram.merged(part.latency for part in parts),
            foreign=foreign,
            offered=order.rate,
        )

    def _shares(self, order: Order) -> list[Order]:
        """The order in as many parts as there are load processes, if it is large enough to be shared."""
        count = min(len(self.loaders), order.connections)
        if order.refresh or order.count or order.rate:
            count = 1
        return [
            structs.replace(
                order,
                connections=order.connections // count + (number < order.connections % count),
                requests=order.requests[number::count] or order.requests,
                seed=order.seed + 1_000 * number,
            )
            for number in range(count)
        ]
