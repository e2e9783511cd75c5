"""The plan's workload, event by event: requests, first looks, refreshes, revocations, an outage, a queue.

It is small enough to run while somebody waits: people and requests are scaled down together, so what each
person does is as in the plan. What it finds is set beside what the formulas say of the same small workload.
"""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Iterator

from msgspec import Struct, structs

from limen.clock import Seconds
from limen.lab.histogram import Histogram, bin_of, of
from limen.lab.plan import TOUCH, first_looks, refreshes_of, refused, store_reads, waiting, window
from limen.lab.workload import DAY, Costs, Workload

EVENTS = 150_000
OUTAGES = 12


class Outcome(Struct, frozen=True, kw_only=True):
    """What happened, in rates per second and shares."""

    first_looks: float
    reads: float
    refreshes: float
    filtered: float
    """Young revocations, mean over the time."""
    refused: float
    """Requests that an outage cost, mean over several."""
    wait: Seconds
    utilisation: float
    latency: Histogram


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
    strategy, cached = costs.cell.strategy, costs.cell.cache
    small, span = scaled(work, strategy, events)
    found = simulate(costs, small, span, seed=seed)
    firsts = first_looks(small, strategy, cached)
    refreshes = refreshes_of(small, strategy)
    filtered = small.revocations / DAY * window(small) if strategy != "jwt" else 0.0
    return [
        Checked("first looks", firsts, found.first_looks),
        Checked("store reads", store_reads(small, strategy, cached, firsts), found.reads),
        Checked("refreshes", refreshes, found.refreshes),
        Checked("young revocations", filtered, found.filtered),
        Checked("refused in an outage", refused(small, strategy, cached), found.refused),
        Checked("utilisation", small.utilisation, found.utilisation),
        Checked("wait for the processor", waiting(costs, small, firsts), found.wait),
    ]


def scaled(work: Workload, strategy: str, events: int) -> tuple[Workload, Seconds]:
    """As many people as can be followed for four lives of a credential, and how long that is: then half of
    it holds as many renewals of each as it should."""
    life = {"hybrid": work.access_lifetime, "jwt": work.jwt_lifetime, "session": TOUCH}[strategy]
    span = 4 * max(life, window(work) if strategy != "jwt" else life)
    people = max(round(events / (span * work.each)), 1)
    share = min(people / work.active, 1.0)
    small = structs.replace(
        work,
        active=max(round(work.active * share), 1),
        rate=work.each * max(round(work.active * share), 1),
        revocations=max(work.revocations * share, 20_000.0),  # too few to count would tell nothing
    )
    return small, span


def simulate(costs: Costs, work: Workload, span: Seconds, *, seed: int) -> Outcome:
    """Follow every request for `span`; what is counted is its second half, when nobody is new any more. Then
    a queue, and an outage of the store at the end of it all."""
    draw = random.Random(seed)  # noqa: S311 - a simulation
    people = _People(costs, work, draw)
    counted = looks = reads = refreshes = 0
    half = span / 2
    for at in _arrivals(work.rate, span, draw):
        look = people.request(at)
        if at >= half:
            counted += 1
            looks, reads, refreshes = looks + look.first, reads + look.read, refreshes + look.refreshed
    wait, utilisation, latency = _queue(costs, work, looks / max(counted, 1), draw)
    return Outcome(
        first_looks=looks / half,
        reads=reads / half,
        refreshes=refreshes / half,
        filtered=_filtered(costs, work, span, draw),
        refused=_refused(people, work, span, draw),
        wait=wait,
        utilisation=utilisation,
        latency=latency,
    )


def _queue(
    costs: Costs, work: Workload, share: float, draw: random.Random
) -> tuple[Seconds, float, Histogram]:
    """Requests of many people at one processor, so busy as was asked for: mean wait, utilisation, latency."""
    rate = work.utilisation / (costs.seen + share * costs.first)
    free = busy = waited = at = 0.0
    bins: dict[int, int] = {}
    for _ in range(EVENTS):
        at += draw.expovariate(rate)
        service = costs.seen + (costs.first if draw.random() < share else 0.0)
        start = max(at, free)
        free = start + service
        busy, waited = busy + service, waited + (start - at)
        number = bin_of(free - at)
        bins[number] = bins.get(number, 0) + 1
    return waited / EVENTS, busy / free, of(bins)


def _refused(people: _People, work: Workload, span: Seconds, draw: random.Random) -> float:
    """Mean over several outages, one after the other, far enough apart to be strangers."""
    total, begins = 0, span
    for _ in range(OUTAGES):
        for after in _arrivals(work.rate, work.outage, draw):
            total += people.is_refused(begins + after, stale=after > work.max_staleness)
        for after in _arrivals(work.rate, 2 * TOUCH, draw):
            people.request(begins + work.outage + after)
        begins += work.outage + 2 * TOUCH
    return total / OUTAGES


class _Look(Struct, frozen=True):
    first: bool
    read: bool
    refreshed: bool


class _People:
    """Who holds which credential, and which process has seen it when."""

    def __init__(self, costs: Costs, work: Workload, draw: random.Random) -> None:
        self._strategy, self._cached, self._work, self._draw = (
            costs.cell.strategy,
            costs.cell.cache,
            work,
            draw,
        )
        self._life = {"hybrid": work.access_lifetime, "jwt": work.jwt_lifetime, "session": TOUCH}[
            self._strategy
        ]
        self._born = [-draw.random() * self._life for _ in range(work.active)]
        self._seen: list[dict[int, float]] = [{} for _ in range(work.active)]

    def request(self, at: float) -> _Look:
        """Somebody asks some process."""
        who, process = self._draw.randrange(self._work.active), self._draw.randrange(self._work.processes)
        if not self._cached:
            return _Look(first=False, read=True, refreshed=False)
        seen, refreshed = self._seen[who], False
        if self._strategy == "session":
            first = at - seen.get(process, -1e9) >= TOUCH
            seen[process] = at if first else seen[process]
            return _Look(first, read=first, refreshed=False)
        if at - self._born[who] >= self._life:
            self._born[who], refreshed = at, self._strategy == "hybrid"
            seen.clear()
        first = process not in seen
        seen[process] = at
        return _Look(first, read=False, refreshed=refreshed)

    def is_refused(self, at: float, *, stale: bool) -> bool:
        """Whether somebody's request fails while the store is away. A look that fails has seen nothing."""
        who, process = self._draw.randrange(self._work.active), self._draw.randrange(self._work.processes)
        if self._strategy == "jwt":
            return False
        if not self._cached or stale:
            return True
        if self._strategy == "session":
            return at - self._seen[who].get(process, -1e9) >= TOUCH
        return at - self._born[who] >= self._life  # its token is over, and to refresh takes the store


def _arrivals(rate: float, span: Seconds, draw: random.Random) -> Iterator[float]:
    at = draw.expovariate(rate)
    while at < span:
        yield at
        at += draw.expovariate(rate)


def _filtered(costs: Costs, work: Workload, span: Seconds, draw: random.Random) -> float:
    """How many revocations are young, each time that one comes, in the second half."""
    if costs.cell.strategy == "jwt" or not work.revocations:
        return 0.0
    young: deque[float] = deque()
    sizes = []
    for at in _arrivals(work.revocations / DAY, span, draw):
        while young and at - young[0] > window(work):
            young.popleft()
        if at > span / 2:
            sizes.append(len(young))
        young.append(at)
    return sum(sizes) / len(sizes) if sizes else 0.0
