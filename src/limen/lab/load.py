"""Load: `python -m limen.lab.load`, a process that sends requests as fast as answers come.

Closed loop: each connection has one request on its way. It measures what a server can do, and how long an
answer takes when so many ask at once; not what strangers arriving at a steady rate would wait.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Iterator
from itertools import cycle
from time import perf_counter, process_time

import msgspec
from msgspec import Struct, field

from limen.lab import histogram, lines
from limen.lab.histogram import Histogram, bin_of
from limen.lab.http import HOST, Answer, Connection, request


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


Next = Callable[[Answer | None], bytes | None]
"""The next request, from the last answer; None: there is none."""


async def send(order: Order) -> Loaded:
    """Carry out one order."""
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
    busy = (process_time() - worked) / seconds
    for connection in scripts:
        connection.close()
    total = sum(tally.statuses.values())
    return Loaded(
        total, total - tally.statuses.get(200, 0), seconds, busy, tally.sent, tally.received,
        histogram.of(tally.bins), tally.statuses,
    )  # fmt: skip


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
