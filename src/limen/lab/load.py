"""Load: `python -m limen.lab.load`, a process that sends requests as fast as answers come, or at a rate.

Closed loop: each connection has one request on its way. It measures what a server can do, and how long an
answer takes when so many ask at once. Open loop: requests come like those of strangers, whether or not the
ones before are answered, and the time of each counts from when it was due.
"""

from __future__ import annotations

import asyncio
import random
from collections import deque
from collections.abc import Callable, Iterator
from itertools import cycle
from time import perf_counter, process_time

import msgspec
from msgspec import Struct, field

from limen.lab import histogram, lines
from limen.lab.histogram import Histogram, bin_of
from limen.lab.http import HOST, Answer, Connection, request

_LATEST = 2.0
"""Seconds for which the last answers of an open loop are waited for."""


class Order(Struct, frozen=True):
    """What is to be sent. `seconds` or `count` end it."""

    port: int
    connections: int
    requests: list[bytes]
    """Each connection goes through its own share of them, over and over."""
    seconds: float = 0.0
    count: int = 0
    """Every request once, whichever connection is free."""
    refresh: bool = False
    """The requests are refresh credentials: each connection spends what the last answer gave it."""
    others: list[bytes] = field(default_factory=list)
    share: float = 0.0
    """A request in so many is one of `others` instead."""
    rate: float = 0.0
    """Open loop: so many a second, at random, whatever is still on its way; 0 is the closed loop."""
    seed: int = 1


class Loaded(Struct, frozen=True):
    """What came of it."""

    requests: int
    failed: int
    seconds: float
    busy: float
    sent: int
    received: int
    latency: Histogram
    statuses: dict[int, int]


class _Tally:
    def __init__(self) -> None:
        self.bins: dict[int, int] = {}
        self.statuses: dict[int, int] = {}
        self.sent = self.received = 0

    def add(self, answer: Answer, seconds: float) -> None:
        number = bin_of(seconds)
        self.bins[number] = self.bins.get(number, 0) + 1
        self.statuses[answer.status] = self.statuses.get(answer.status, 0) + 1
        self.received += answer.size

    def loaded(self, seconds: float, busy: float) -> Loaded:
        total = sum(self.statuses.values())
        return Loaded(
            total, total - self.statuses.get(200, 0), seconds, busy, self.sent, self.received,
            histogram.of(self.bins), self.statuses,
        )  # fmt: skip


Next = Callable[[Answer | None], bytes | None]
"""The next request, from the last answer; None: there is none."""


async def send(order: Order) -> Loaded:
    """Carry out one order."""
    if order.rate:
        return await _open(order)
    tally = _Tally()
    stop = [perf_counter() + order.seconds if order.seconds else float("inf")]
    left = [order.connections]
    over = asyncio.get_running_loop().create_future()
    scripts: dict[Connection, Next] = {}

    def on(connection: Connection, answer: Answer | None, seconds: float) -> None:
        if answer is not None:
            tally.add(answer, seconds)
        ended = perf_counter() >= stop[0] or (answer is not None and answer.status == 0)
        raw = None if ended else scripts[connection](answer)
        if raw is None:
            left[0] -= 1
            if not left[0] and not over.done():
                over.set_result(None)
            return
        tally.sent += len(raw)
        connection.send(raw)

    for script in _scripts(order):
        _, made = await asyncio.get_running_loop().create_connection(lambda: Connection(on), HOST, order.port)
        scripts[made] = script
    began, worked = perf_counter(), process_time()
    stop[0] = began + order.seconds if order.seconds else float("inf")
    for connection in scripts:
        on(connection, None, 0.0)
    await over
    seconds = perf_counter() - began
    for connection in scripts:
        connection.close()
    return tally.loaded(seconds, (process_time() - worked) / seconds)


async def _open(order: Order) -> Loaded:
    """At a rate. It never sleeps: event loops wake up to a millisecond late, ten requests' time."""
    tally, loop = _Tally(), asyncio.get_running_loop()
    free: list[Connection] = []
    due: deque[float] = deque()
    born: dict[Connection, float] = {}
    over = loop.create_future()

    def on(connection: Connection, answer: Answer, _: float) -> None:
        tally.add(answer, perf_counter() - born.pop(connection))
        if answer.status:
            free.append(connection)

    everyone, turns = await _connected(order, on), cycle(order.requests)
    free.extend(everyone)
    draw = random.Random(order.seed).expovariate  # noqa: S311 - when the next request comes
    began, worked = perf_counter(), process_time()
    coming, end = began, began + order.seconds

    def tick() -> None:
        nonlocal coming
        now = perf_counter()
        while coming <= min(now, end):
            due.append(coming)
            coming += draw(order.rate)
        while due and free:
            connection, raw = free.pop(), next(turns)
            born[connection], tally.sent = due.popleft(), tally.sent + len(raw)
            connection.send(raw)
        if now < end + _LATEST and (now < end or born) and (free or born):
            loop.call_soon(tick)
        elif not over.done():
            over.set_result(None)

    tick()
    await over
    seconds = perf_counter() - began
    for connection in everyone:
        connection.close()
    return tally.loaded(seconds, (process_time() - worked) / seconds)


async def _connected(order: Order, on: Callable[[Connection, Answer, float], None]) -> list[Connection]:
    loop = asyncio.get_running_loop()
    made = [
        await loop.create_connection(lambda: Connection(on), HOST, order.port)
        for _ in range(order.connections)
    ]
    return [connection for _, connection in made]


def _scripts(order: Order) -> Iterator[Next]:
    """One for each connection."""
    if order.count:
        once = iter(order.requests[: order.count])
        yield from ((lambda _: next(once, None)) for _ in range(order.connections))
        return
    for number in range(order.connections):
        mine = order.requests[number % len(order.requests) :: order.connections] or order.requests[:1]
        if order.refresh:
            yield _refreshing(order.port, mine[0].decode())
        else:
            others = order.others[number % max(len(order.others), 1) :: order.connections]
            yield _cycling(mine, others or order.others[:1], order.share, order.seed + number)


def _cycling(mine: list[bytes], others: list[bytes], share: float, seed: int) -> Next:
    turns, further = cycle(mine), cycle(others)
    if not share or not others:
        return lambda _: next(turns)
    draw = random.Random(seed).random  # noqa: S311 - which request comes next, not a secret
    return lambda _: next(further) if draw() < share else next(turns)


def _refreshing(port: int, first: str) -> Next:
    held = [first]

    def following(answer: Answer | None) -> bytes | None:
        if answer is not None:
            if answer.status != 200:
                return None
            held[0] = msgspec.json.decode(answer.body)["refresh_token"]
        return request("POST", "/auth/refresh", port=port, body={"refresh_token": held[0]})

    return following


async def _obey(told: lines.Told) -> Loaded:
    return await send(msgspec.convert(told, Order))


def main() -> None:
    import uvloop

    uvloop.run(lines.obey(_obey))


if __name__ == "__main__":
    main()
