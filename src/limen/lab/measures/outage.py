"""What happens while the store is gone, and while the feed alone is: what is refused, what is let in that
should not be, and how long it takes to be whole again.

A server that the lab has started itself is stopped, and started again. Of other stores one process is cut
off; where the store has several processes, another keeps its view and signs people out meanwhile, once a
second: a network that parts, which is the harder case, for a store that nobody reaches acknowledges
nothing. All cells go through it at the same time.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field
from math import inf
from time import monotonic

from limen.lab.bench import Bench
from limen.lab.http import Client
from limen.lab.records import BEAT, Beat, Outage
from limen.lab.stores import StoreServer
from limen.lab.world import Served, SignedIn

KINDS = ("store", "feed")
PEOPLE, RATE = 20, 40.0
AT_ONCE = 200
"""Requests on their way: some hang while the store is away. So few that many cells may have them at once."""
SLOW = 1.0
"""Seconds."""
BEFORE, AFTER = 1.5, 4.0
"""Seconds of load around the cut; less around a short one."""
_JUST_BEFORE = 0.3
_STRIDE = 13
"""From one person to the next, so that in each beat there are some who have signed out."""
_RESOLUTION = 0.025
"""A request may be on its way for so long: only what is let in later than this past the promise is wrong."""


def seconds(outage: float) -> float:
    """How long this will take."""
    return len(KINDS) * (sum(_around(outage)) + outage + 0.5)


def _around(outage: float) -> tuple[float, float]:
    return min(BEFORE, 0.3 * outage), min(AFTER, 0.5 * outage)


@dataclass(frozen=True, slots=True)
class _Seen:
    at: float
    who: int
    status: int
    took: float


@dataclass(slots=True)
class _Case:
    """One cell that goes through it. `witness` is cut off; `one` keeps its store."""

    one: Served
    witness: Served
    people: list[SignedIn]
    seen: list[_Seen] = field(default_factory=list)
    tried: dict[int, float] = field(default_factory=dict)
    """When somebody began to sign out: from then on it may be true, also where no answer says so."""
    ended: dict[int, float] = field(default_factory=dict)
    cut: float = 0.0
    healed: float = 0.0
    end: float = inf
    """When the load is over: known once the store is back."""
    how: str = "cut"


@dataclass(slots=True)
class _Stop:
    """One server that is stopped for all cells whose store it is."""

    server: StoreServer
    at: float
    outage: float
    down: float = 0.0
    up: float = 0.0
    over: asyncio.Event = field(default_factory=asyncio.Event)

    async def go(self) -> None:
        try:
            await _until(self.at)
            self.down = monotonic()
            await self.server.down()
            await _until(self.at + self.outage)
            await self.server.up()
        finally:
            self.up = monotonic()
            self.over.set()


async def measure(bench: Bench) -> None:
    """Both kinds, each for all cells at once."""
    outage = bench.run.options.outage
    before = _around(outage)[0]
    for what in KINDS:
        cases = [_Case(one, witness, await one.sign_in(PEOPLE)) for one, witness in await bench.witnessed()]
        began = monotonic()
        stops = {
            name: _Stop(server, began + before, outage)
            for name, server in bench.started.items()
            if what == "store"
        }
        await asyncio.gather(
            *(stop.go() for stop in stops.values()),
            *(_through(case, what, outage, began, stops.get(case.one.cell.store)) for case in cases),
        )
        bench.run.outages.extend(_judged(case, what, began) for case in cases)
        bench.tick(seconds(outage) / len(KINDS))


async def _through(case: _Case, what: str, outage: float, began: float, stop: _Stop | None) -> None:
    before, after = _around(outage)
    asking = asyncio.create_task(_ask(case, began))
    try:
        if stop is None:
            await _while_cut(case, what, began + before, outage)
        else:
            await _while_stopped(case, stop)
    finally:
        case.end = case.healed + after
    await asking


async def _while_cut(case: _Case, what: str, at: float, outage: float) -> None:
    await _until(at)
    await case.witness.cut(what)
    case.cut = monotonic()
    try:
        for number in range(max(int(outage), 1)):
            await _sign_out(case, number)
            await _until(min(case.cut + number + 1, case.cut + outage))
        await _until(case.cut + outage)
    finally:
        await case.witness.cut()
        case.healed = monotonic()


async def _while_stopped(case: _Case, stop: _Stop) -> None:
    """Some have signed out just before, and must stay so when the store is back. Others try meanwhile: what
    is not acknowledged promises nothing."""
    case.how = "stopped"
    await _until(stop.at - _JUST_BEFORE)
    for number in range(PEOPLE // 4):
        await _sign_out(case, number)
    await _until(stop.at)
    for number in range(PEOPLE // 4, PEOPLE // 2):
        if stop.over.is_set():
            break
        await _sign_out(case, number)
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.over.wait(), 1.0)
    await stop.over.wait()
    case.cut, case.healed = stop.down, stop.up


async def _ask(case: _Case, began: float) -> None:
    """At a steady rate, each person in turn, whether or not the others were answered."""
    requests = [case.witness.get(person.credential) for person in case.people]
    free: list[Client] = []
    asking: set[asyncio.Task[None]] = set()
    number, due = 0, began
    while due < case.end:
        await _until(due)
        if len(asking) < AT_ONCE:
            who = _STRIDE * number % len(requests)
            client = free.pop() if free else Client(case.witness.port)
            task = asyncio.create_task(_one(case, client, who, requests[who], free))
            asking.add(task)
            task.add_done_callback(asking.discard)
        number += 1
        due = max(due + 1 / RATE, monotonic())
    await asyncio.gather(*asking)
    for client in free:
        client.close()


async def _one(case: _Case, client: Client, who: int, raw: bytes, free: list[Client]) -> None:
    sent = monotonic()
    status = (await client.ask(raw)).status
    case.seen.append(_Seen(sent, who, status, monotonic() - sent))
    free.append(client)


async def _sign_out(case: _Case, who: int) -> None:
    """Half of the people stay, so that there is somebody whom the outage must not harm."""
    if who >= PEOPLE // 2:
        return
    client, case.tried[who] = Client(case.one.port), monotonic()
    if (await client.ask(case.one.logout(case.people[who].credential))).status == 200:
        case.ended[who] = monotonic()
    client.close()


async def _until(moment: float) -> None:
    await asyncio.sleep(max(moment - monotonic(), 0))


def _judged(case: _Case, what: str, began: float) -> Outage:
    slots: dict[int, list[str]] = {}
    for seen in case.seen:
        slots.setdefault(int((seen.at - began) / BEAT), []).append(_verdict(case, seen))
    beats = [
        Beat(slot * BEAT, *(found.count(kind) for kind in _VERDICTS)) for slot, found in sorted(slots.items())
    ]
    refused = [seen.at for seen in case.seen if seen.status == 503 and seen.at > case.healed]
    return Outage(
        cell=case.one.cell,
        what=what,
        cut=case.cut - began,
        healed=case.healed - began,
        beats=beats,
        revoked=len(case.ended),
        apart=case.one is not case.witness,
        recovery=max(refused) - case.healed if refused else 0.0,
        how=case.how,
    )


_VERDICTS = ("good", "unavailable", "late", "wrong", "error", "slow")
"""In the order of a beat's fields."""


def _verdict(case: _Case, seen: _Seen) -> str:
    ended = case.ended.get(seen.who)
    is_over = ended is not None and seen.at > ended
    if seen.status == 503:
        return "unavailable"
    if seen.status == 200 and ended is not None and is_over:
        return "wrong" if seen.at > ended + case.one.promised + _RESOLUTION else "late"
    tried = case.tried.get(seen.who)
    may_be_over = tried is not None and seen.at + seen.took > tried
    good = (200,) if not may_be_over else (200, 401)
    if seen.status not in good:
        return "error"
    return "slow" if seen.took > SLOW else "good"
