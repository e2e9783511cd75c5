"""What happens while the store is gone, and while the feed alone is: what is refused, what is let in that
should not be, and how long it takes to be whole again.

One process is cut off; where the store has several processes, another keeps its view and signs people out
meanwhile, once a second. So the cut is a network that parts, the harder case: a store that nobody reaches
acknowledges nothing. All cells go through it at the same time.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from time import monotonic

from limen.lab.bench import Bench
from limen.lab.http import Client
from limen.lab.records import BEAT, Beat, Outage
from limen.lab.world import Served, SignedIn

KINDS = ("store", "feed")
PEOPLE, RATE = 20, 100.0
BEFORE, AFTER = 1.5, 4.0
"""Seconds of load around the cut; less around a short one."""
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


@dataclass(slots=True)
class _Case:
    """One cell that goes through it. `witness` is cut off; `one` keeps its store."""

    one: Served
    witness: Served
    people: list[SignedIn]
    seen: list[_Seen] = field(default_factory=list)
    ended: dict[int, float] = field(default_factory=dict)
    cut: float = 0.0
    healed: float = 0.0


async def measure(bench: Bench) -> None:
    """Both kinds, each for all cells at once."""
    for what in KINDS:
        cases = [_Case(one, witness, await one.sign_in(PEOPLE)) for one, witness in await bench.witnessed()]
        began = monotonic()
        await asyncio.gather(*(_through(case, what, bench.run.options.outage, began) for case in cases))
        bench.run.outages.extend(_judged(case, what, began) for case in cases)
        bench.tick(seconds(bench.run.options.outage) / len(KINDS))


async def _through(case: _Case, what: str, outage: float, began: float) -> None:
    before, after = _around(outage)
    end = began + before + outage + after
    asking = asyncio.create_task(_ask(case, began, end))
    await _until(began + before)
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
    await asking


async def _ask(case: _Case, began: float, end: float) -> None:
    """At a steady rate, each person in turn."""
    client = Client(case.witness.port)
    requests = [case.witness.get(person.credential) for person in case.people]
    number, due = 0, began
    while due < end:
        await _until(due)
        who = number % len(requests)
        sent = monotonic()
        case.seen.append(_Seen(sent, who, (await client.ask(requests[who])).status))
        number += 1
        due = max(due + 1 / RATE, monotonic())
    client.close()


async def _sign_out(case: _Case, who: int) -> None:
    """Half of the people stay, so that there is somebody whom the outage must not harm."""
    if who >= PEOPLE // 2:
        return
    client = Client(case.one.port)
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
        Beat(slot * BEAT, *(found.count(kind) for kind in ("good", "unavailable", "late", "wrong", "error")))
        for slot, found in sorted(slots.items())
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
    )


def _verdict(case: _Case, seen: _Seen) -> str:
    ended = case.ended.get(seen.who)
    is_over = ended is not None and seen.at > ended
    if seen.status == 503:
        return "unavailable"
    if seen.status == 200 and ended is not None and is_over:
        return "wrong" if seen.at > ended + case.one.promised + _RESOLUTION else "late"
    # A sign-out may take effect before its answer has arrived.
    may_be_over = ended is not None and seen.at > ended - 1.0
    good = (200,) if not may_be_over else (200, 401)
    return "good" if seen.status in good else "error"
