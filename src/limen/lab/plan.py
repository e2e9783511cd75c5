"""A capacity model: from measured costs and a workload to cores, store operations, memory, traffic, exposure.

Every formula is a line and says what it assumes; `simulation` follows the same workload event by event and
must come to the same numbers.
"""

from __future__ import annotations

from math import exp, inf

from msgspec import Struct, structs

from limen.clock import Seconds
from limen.lab.storms import after_storm
from limen.lab.workload import DAY, Costs, Prices, Workload

TOUCH: Seconds = 60.0
"""A cached session is read anew, and its activity written, this often."""
MEMORY_BEYOND: Seconds = 120.0
"""A revocation is remembered for so long beyond the longest that it covers (twice the largest leeway)."""
POLLS = 50.0
"""Reads of the feed a second by each process, where the store is polled. A store that pushes needs fewer."""
EVENT = 150.0
"""Bytes of an event on its way to one process."""
MONTH = 30 * DAY
CACHE_SIZE = 10_000.0
"""Credentials that a process remembers, unless configured otherwise."""


class Estimate(Struct, frozen=True, kw_only=True):
    """What one strategy needs for a workload. Rates are per second in the busy hour."""

    name: str
    cores: float
    """For authentication alone, at the utilisation that was asked for."""
    hashing_cores: float
    first_looks: float
    reads: float
    writes: float
    feed_reads: float
    feed_events: float
    """Delivered, to all processes together."""
    stored: float
    """Bytes of sessions in the store."""
    filtered: float
    """Young revocations that each process remembers."""
    memory: float
    """Bytes in each process: remembered credentials and young revocations, those of a storm among them."""
    traffic: float
    """Bytes a second that credentials take on the wire."""
    added: Seconds
    """Mean time that asking the store adds to a request."""
    wait: Seconds
    """Mean time that a request waits for the processor, at that many cores."""
    revoked_typical: Seconds
    """How long a revoked credential lives on."""
    revoked_worst: Seconds
    refused: float
    """Requests that an outage of the store costs, all in all."""
    storm_events: float
    """Delivered, to all processes together, when so many are signed out at once."""
    storm_longest: Seconds
    """That somebody then waits to sign in again."""
    storm_over: Seconds
    """When nobody waits any more."""
    stolen: Seconds
    """How long a stolen credential is good where nobody notices and the thief does not refresh or stay."""
    money: float
    """A month."""


def plan(costs: Costs, work: Workload, prices: Prices) -> Estimate:
    """The estimate for the strategy whose costs these are."""
    strategy, cached = costs.cell.strategy, costs.cell.cache
    firsts = first_looks(work, strategy, cached)
    sign_ins = work.sign_ins / DAY * work.peak
    refreshes = refreshes_of(work, strategy)
    follows = strategy != "jwt"
    revoking = work.revocations / DAY * work.peak if follows else 0.0
    busy = work.rate * costs.seen + firsts * costs.first
    busy += refreshes * costs.refresh + sign_ins * costs.sign_in
    waited_for = store_reads(work, strategy, cached, firsts)
    touches = work.active / (TOUCH + 1 / work.each) if strategy == "session" else 0.0
    filtered = work.revocations / DAY * window(work) if follows else 0.0
    remembered = min(work.active, CACHE_SIZE) if cached else 0.0
    storm = after_storm(costs, work)
    found = Estimate(
        name=costs.cell.name,
        cores=busy / work.utilisation,
        hashing_cores=sign_ins * costs.hash,
        first_looks=firsts,
        reads=waited_for + 2 * refreshes + sign_ins,
        writes=touches + refreshes + 3 * sign_ins + revoking,
        feed_reads=POLLS * work.processes if follows else 0.0,
        feed_events=revoking * work.processes,
        stored=work.accounts * work.sessions * costs.session if follows else 0.0,
        filtered=filtered,
        memory=filtered * costs.revocation + storm.memory + remembered * costs.credential,
        traffic=work.rate * costs.sent,
        added=waited_for / work.rate * work.read_time,
        wait=waiting(costs, work, firsts),
        revoked_typical=_typical(costs, work),
        revoked_worst=_worst(costs, work),
        refused=refused(work, strategy, cached),
        storm_events=storm.events,
        storm_longest=storm.longest,
        storm_over=storm.over,
        stolen=_stolen(costs, work),
        money=0.0,
    )
    return _priced(found, work, prices)


def first_looks(work: Workload, strategy: str, cached: bool) -> float:
    """Credentials a second that a process sees for the first time, or must look at anew.

    People ask at random, and any process alike. A cached session is read by each process anew once TOUCH has
    passed and the next request comes; a token is seen first by each process that it reaches.
    """
    if not cached:
        return 0.0  # its cost of a later look is that of a look at the store already
    if strategy == "session":
        return work.active * work.processes / (TOUCH + work.processes / work.each)
    life = work.access_lifetime if strategy == "hybrid" else work.jwt_lifetime
    return renewals(work, life) * reached(work, life)


def renewals(work: Workload, life: Seconds) -> float:
    """Tokens a second: each person's is replaced at the first request after its life."""
    return work.active / (life + 1 / work.each)


def reached(work: Workload, life: Seconds) -> float:
    """How many processes see a token while it lives: its first request, and as many more as chance brings."""
    others = 1 - 1 / work.processes
    return work.processes * (1 - others * exp(-work.each * life / work.processes))


def refreshes_of(work: Workload, strategy: str) -> float:
    return renewals(work, work.access_lifetime) if strategy == "hybrid" else 0.0


def refused(work: Workload, strategy: str, cached: bool) -> float:
    """Requests that an outage of the store refuses, all in all."""
    fresh = min(work.outage, work.max_staleness)
    if strategy == "jwt":
        return 0.0
    if not cached:
        return work.rate * work.outage
    renewing = first_looks(work, strategy, cached) if strategy == "session" else refreshes_of(work, strategy)
    return work.rate * (work.outage - fresh) + renewing * fresh


def store_reads(work: Workload, strategy: str, cached: bool, firsts: float) -> float:
    """Reads a second that requests wait for."""
    if strategy != "session":
        return 0.0
    return firsts if cached else work.rate


def window(work: Workload) -> Seconds:
    """How long a revocation is young."""
    return max(work.access_lifetime, TOUCH) + MEMORY_BEYOND


def waiting(costs: Costs, work: Workload, firsts: float) -> Seconds:
    """Mean wait at one processor of `utilisation`, by Pollaczek and Khinchine for two kinds of requests."""
    share = min(firsts / work.rate, 1.0)
    mean = costs.seen + share * costs.first
    square = (1 - share) * costs.seen**2 + share * (costs.seen + costs.first) ** 2
    return work.utilisation / mean * square / (2 * (1 - work.utilisation)) if mean else 0.0


def _typical(costs: Costs, work: Workload) -> Seconds:
    if costs.cell.strategy == "jwt":
        return work.jwt_lifetime / 2
    return 0.0 if not costs.cell.cache else costs.lag + work.far * work.region_rtt / 2


def _worst(costs: Costs, work: Workload) -> Seconds:
    if costs.cell.strategy == "jwt":
        return work.jwt_lifetime
    return 0.0 if not costs.cell.cache else work.max_staleness


def _stolen(costs: Costs, work: Workload) -> Seconds:
    """A session credential is good while it is used; a token ends by itself, and who has stolen a hybrid's
    token alone cannot refresh it."""
    lives = {"session": inf, "jwt": work.jwt_lifetime, "hybrid": work.access_lifetime}
    return lives[costs.cell.strategy]


def _priced(e: Estimate, work: Workload, prices: Prices) -> Estimate:
    operations = (e.reads + e.writes + e.feed_reads) * MONTH / work.peak
    money = (
        (e.cores + e.hashing_cores) * prices.core_month
        + e.memory * work.processes / 2**30 * prices.memory_gb_month
        + e.stored / 2**30 * prices.disk_gb_month
        + (e.traffic + e.feed_events * EVENT) * MONTH / work.peak / 2**30 * prices.traffic_gb
        + operations / 1e6 * prices.store_million
    )
    return structs.replace(e, money=money)
