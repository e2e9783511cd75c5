"""Runs of the lab: made up ones with known numbers, and benches with few servers for real ones."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

from limen.lab import histogram
from limen.lab.bench import Bench
from limen.lab.processes import Helper
from limen.lab.records import (
    BARE,
    SOCKET,
    Beat,
    Cell,
    Counted,
    Hashing,
    Lag,
    Machine,
    Options,
    Outage,
    Run,
    Turn,
    Weight,
)
from limen.lab.subject import Subject
from limen.lab.world import Served, served, together

SESSION, UNCACHED = Cell("session", "sqlite"), Cell("session", "sqlite", cache=False)
JWT, HYBRID = Cell("jwt", "sqlite"), Cell("hybrid", "sqlite")
MICROS = {SESSION: 31.0, UNCACHED: 70.0, JWT: 30.5, HYBRID: 30.7, Cell(BARE): 27.0, Cell(SOCKET): 6.0}
"""Processor time per request that a made-up run has."""


def a_run(*, seed: int = 1, noise: float = 0.01, factor: float = 1.0, rounds: int = 7) -> Run:
    """A complete run in which every round is within `noise` of MICROS × `factor`."""
    draw = random.Random(seed)
    run = Run(
        id="20270115T080000Z",
        options=Options(["session", "jwt", "hybrid"], ["sqlite"], seed=seed),
        machine=Machine(2, "A Processor", "Linux 6", "CPython 3.11", 8 << 30),
        versions={"limen": "0.1.0", "uvicorn": "0.40"},
        command="limen lab compare --seed 1",
        load_average=0.4,
        took=12.0,
    )
    for cell, micros in MICROS.items():
        for round_ in range(rounds):
            run.turns.append(
                a_turn(cell, "requests", round_, micros * factor * draw.uniform(1 - noise, 1 + noise))
            )
        run.turns.append(a_turn(cell, "curve", 0, micros * factor, concurrency=4))
    for cell in (UNCACHED, HYBRID):
        for share in (0.1, 0.3, 0.6):
            run.turns.append(a_turn(cell, "open", 0, MICROS[cell] * factor, share=share))
    for cell in run.subjects():
        for kind in ("sign-in", *(["refresh"] if cell == HYBRID else [])):
            run.turns += [a_turn(cell, kind, round_, 400.0 * factor, concurrency=8) for round_ in range(3)]
        reads = 1 if cell == UNCACHED else 0
        for situation, each in (
            ("unseen", 1 if cell.strategy == "session" else 0),
            ("seen", reads),
            ("stale", 1),
        ):
            run.counted.append(
                Counted(
                    cell,
                    situation,
                    64,
                    64 * each,
                    0,
                    {"session": 64 * each},
                    64 * (100e-6 if situation == "unseen" else 40e-6),
                )
            )
        lags = [] if cell == JWT else [0.001 * draw.uniform(4, 16) for _ in range(20)]
        run.lags.append(
            Lag(cell, lags, 0 if lags else 3, 1.0, 0.002, 905.0 if cell == JWT else 5.0, apart=True)
        )
        for what in ("store", "feed"):
            beats = [Beat(0.25 * n, 20, 5, 2, 1, 1) for n in range(12)]
            run.outages.append(
                Outage(cell, what, 0.5, 2.5, beats, 3, apart=True, recovery=0.02, how="stopped")
            )
        for thing, size in (("session", 240.0), ("credential", 900.0), ("revocation", 130.0)):
            run.weights.append(Weight(cell, thing, size, 1_000))
    run.hashing.append(Hashing("argon2id, 19456 KiB", [0.02, 0.021, 0.022], 90.0, 2))
    run.notes.append("Somebody else was here.")
    return run


def a_turn(
    cell: Cell, kind: str, round_: int, micros: float, *, concurrency: int = 32, share: float = 1.0
) -> Turn:
    """A second of a server that is busy for all of it, or a share at which requests come at a rate."""
    requests = int(share * 1e6 / micros)
    centre = histogram.bin_of(concurrency * micros * 1e-6)
    return Turn(
        cell=cell,
        kind=kind,
        round=round_,
        concurrency=concurrency,
        seconds=1.0,
        requests=requests,
        failed=0,
        cpu=requests * micros * 1e-6,
        busy=0.5,
        sent=requests * 160,
        received=requests * 125,
        latency=histogram.Histogram(
            centre - 1, [requests // 4, requests // 2, requests - requests // 4 - requests // 2]
        ),
        foreign=0.01,
        offered=0.0 if share == 1.0 else float(requests),
    )


@asynccontextmanager
async def bench_of(
    folder: Path,
    *cells: Cell,
    planted: Subject | None = None,
    urls: dict[str, str] | None = None,
    **options: Any,
) -> AsyncIterator[Bench]:
    """Servers for these cells, one load process, and people who have signed in."""
    chosen = Options(sorted({c.strategy for c in cells}), sorted({c.store for c in cells}), **options)
    run = Run("20270115T080000Z", chosen, Machine(2, "", "", "", None), {}, "")
    addresses = urls or {c.store: c.store for c in cells}
    async with AsyncExitStack() as stack:
        bench = Bench(run, folder, addresses, lambda _: None, stack=stack)
        starting = [
            served(cell, chosen, addresses.get(cell.store, ""), folder, planted=planted) for cell in cells
        ]
        for cell, one in zip(cells, await together(stack, starting), strict=True):
            one.people = []
            if not cell.is_reference:
                await one.enter(16)
            bench.servers.append(one)
        loader = await Helper.start("limen.lab.load")
        stack.push_async_callback(loader.stop)
        bench.loaders.append(loader)
        yield bench


@asynccontextmanager
async def another(bench: Bench, one: Served, *, late: float = 0.0) -> AsyncIterator[Served]:
    """A second process of the same deployment, whose feed tells everything so much later."""
    planted = Subject(one.cell.strategy, -1, "", late=late)
    async with served(
        one.cell, bench.run.options, bench.urls[one.cell.store], bench.folder, like=one, planted=planted
    ) as found:
        yield found
