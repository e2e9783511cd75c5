"""`limen lab compare`: real servers, real load, one run.

What is measured is kept in the run at once, so that whoever interrupts keeps what there is.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

from limen.lab import figures, machine, stores
from limen.lab.bench import Bench
from limen.lab.measures import arrivals, counting, lag, outage, requests, signing_in, weight
from limen.lab.peers import STORE, named, presence
from limen.lab.people import ACCOUNTS
from limen.lab.processes import Helper
from limen.lab.records import Options, Run
from limen.lab.world import cells_of, is_memory, name_of, served, together

Told = Callable[[str, float, float], None]
"""What is being done, the share that is done, and the seconds that are left."""
_STARTING = 0.4
"""Seconds for each server."""


@dataclass(frozen=True, slots=True)
class Step:
    """One measure: what progress calls it, and how long it should take."""

    name: str
    seconds: float
    do: Callable[[Bench], Awaitable[None]]


def steps_of(options: Options) -> list[Step]:
    """The measures of a run, in order: the quiet ones first, for load leaves things behind."""
    cells = cells_of(options)
    subjects = [cell for cell in cells if not cell.is_reference and not cell.is_peer]
    count, first = len(subjects), [cell for cell in subjects if cell.store == subjects[0].store]
    return [
        Step(
            "counting store operations",
            counting.seconds(count, options.looks, options.max_staleness),
            counting.measure,
        ),
        Step("requests", requests.seconds(cells, options.duration), requests.measure),
        Step(
            "requests at other concurrencies",
            requests.curve_seconds(cells, options.duration),
            requests.curve,
        ),
        Step("requests at a rate", arrivals.seconds(len(first), options.duration), arrivals.measure),
        Step("sign-ins and refreshes", signing_in.seconds(count, options.duration), signing_in.measure),
        Step("password hashes", signing_in.hashing_seconds(options.hashes), signing_in.hash_passwords),
        Step("revocation lag", lag.seconds(count, options.sign_outs), lag.measure),
        Step("outages of store and feed", outage.seconds(options.outage), outage.measure),
        Step("memory", weight.seconds(count), weight.measure),
    ]


async def compare(run: Run, urls: list[str], *, tell: Told) -> Run:
    """Measure into the run, which is answered complete, or interrupted with all that is there."""
    began = perf_counter()
    try:
        with tempfile.TemporaryDirectory(prefix="limen-lab-") as folder:
            await _measure(run, urls, Path(folder), tell)
    except asyncio.CancelledError:
        run.interrupted = True
        run.notes.append("Interrupted: what had not been measured by then is missing.")
    run.took = perf_counter() - began
    run.notes.extend(remarks(run))
    return run


async def _measure(run: Run, urls: list[str], folder: Path, tell: Told) -> None:
    steps, cells = steps_of(run.options), cells_of(run.options)
    by_name = {name_of(url): url for url in urls}
    peers = [peer for cell in cells if cell.is_peer and (peer := named(cell.strategy))]
    run.versions |= presence.versions(peers)
    clock = _Progress(_STARTING * len(cells) + sum(step.seconds for step in steps), tell)
    async with AsyncExitStack() as stack:
        bench = Bench(run, folder, by_name, clock.add, stack=stack)
        bench.draw.seed(run.options.seed)
        clock.name = "starting servers"
        await _start_stores(bench, any(peer.redis for peer in peers))
        starting = [served(cell, run.options, by_name.get(cell.store, ""), folder) for cell in cells]
        bench.servers.extend(await together(stack, starting))
        clock.add(_STARTING * len(cells))
        for _ in range(min(run.options.workers, machine.cores())):
            helper = await Helper.start("limen.lab.load")
            stack.push_async_callback(helper.stop)
            bench.loaders.append(helper)
        people = max(ACCOUNTS, run.options.concurrency)
        for one in bench.servers:
            if not one.cell.is_reference:
                await one.enter(people)
        for one in bench.servers:  # references read the same bytes, and look at no credential
            one.people = one.people or bench.subjects()[0].people
        for step in steps:
            clock.name = step.name
            clock.until(step.seconds)
            await step.do(bench)
            clock.done()


async def _start_stores(bench: Bench, peers: bool) -> None:
    """Those that were named without an address. Peers that need a Redis share the run's, or get their own."""
    for name in [name for name, url in bench.urls.items() if stores.can_start(url)]:
        bench.started[name] = await bench.stack.enter_async_context(stores.started(name))
        bench.urls[name] = bench.started[name].url
    if peers and "redis" in bench.urls:
        bench.urls[STORE] = bench.urls["redis"]
    elif peers:
        bench.urls[STORE] = (await bench.stack.enter_async_context(stores.started("redis"))).url


class _Progress:
    """How much of the planned time is done; what is left is planned time, at the pace so far."""

    def __init__(self, planned: float, tell: Told) -> None:
        self._planned, self._tell = planned, tell
        self._began, self._done, self._end = perf_counter(), 0.0, 0.0
        self.name = ""

    def until(self, seconds: float) -> None:
        """A step begins that may count for so much."""
        self._end = self._done + seconds

    def add(self, seconds: float) -> None:
        """So much of the plan is done."""
        self._done += seconds
        if self._end:
            self._done = min(self._done, self._end)
        self._say()

    def done(self) -> None:
        """The step is over, whatever it has said meanwhile."""
        self._done = self._end
        self._say()

    def _say(self) -> None:
        share = min(self._done / self._planned, 1.0)
        pace = (perf_counter() - self._began) / self._done if self._done else 1.0
        self._tell(self.name, share, max(self._planned - self._done, 0.0) * pace)


def remarks(run: Run) -> list[str]:
    """What a reader must know before believing a figure."""
    found = []
    if any(is_memory(url) for url in run.options.stores):
        found.append(
            "memory:// lives in one process: no other process can learn of a revocation, so its lag is "
            "that of the process which revoked, and nothing outlives a restart."
        )
    if run.options.peers:
        found.append(
            "Other libraries are compared with the framework that they stand on, alone. Most of them look at "
            "each request anew, where Limen remembers what it has verified: what its first look costs is a "
            "figure of its own. docs/lab.md says what each does, and when its sign-out takes effect."
        )
        for why, names in presence.absent(redis="redis" in map(name_of, run.options.stores)).items():
            found.append(f"Not measured: {'; '.join(names)}. {why[0].upper()}{why[1:]}.")
    loud = figures.noise(run)
    if loud is not None:
        found.append(loud)
    limited = sorted({t.cell.name for t in run.turns if t.kind == "requests" and t.busy > 0.92})
    if limited:
        found.append(
            f"The load process was itself at its limit for {', '.join(limited)}: throughput there is a lower "
            "bound; processor time per request is not affected."
        )
    failed = sum(t.failed for t in run.turns)
    if failed:
        total = sum(t.requests for t in run.turns)
        found.append(f"{failed} of {total} requests were not answered with 200.")
    return found
