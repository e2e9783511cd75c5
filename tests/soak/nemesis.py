"""The nemesis: what happens to processes, wires, clocks and stores, by a seed."""

from __future__ import annotations

import asyncio
import random
import signal
import time
from collections.abc import Awaitable, Callable, Sequence
from functools import partial

from soak.fleet import Fleet, Process, Server, Verifying
from soak.history import Fault, Recorder
from soak.homes import Ends, Home
from support.verifying import Wire

HOUR = 3_600.0
Strike = Callable[[], Awaitable[None]]


class Nemesis:
    """Two lanes, so that a store can fail while a process is paused; each does one thing at a time."""

    def __init__(
        self,
        fleet: Fleet,
        home: Home,
        recorder: Recorder,
        ends: Callable[[random.Random], Awaitable[bool]],
        *,
        pause: float,
        rest: float,
        seed: int,
        only: Sequence[str] = (),
    ) -> None:
        self._only = only
        self._fleet, self._home, self._recorder = fleet, home, recorder
        victims = random.Random(f"{seed} victims")
        self._ends: Ends = lambda: ends(victims)
        self._pause, self._rest = pause, rest
        """Longer than a view of the feed may be old."""
        self._seed = seed

    async def strike(self, *, until: float) -> None:
        """Until then, everything in turn and again, in an order by the seed."""
        chances = [random.Random(f"{self._seed} nemesis {number}") for number in range(2)]
        names = self._only or self._home.faults()
        of_store: list[Strike] = [partial(self._of_home, name) for name in names]
        lanes = (self._of_processes(), of_store)

        async def lane(strikes: Sequence[Strike], chance: random.Random) -> None:
            while strikes and time.monotonic() < until:
                await self._each(chance.sample(strikes, len(strikes)), chance, until)

        await asyncio.gather(*(lane(*pair) for pair in zip(lanes, chances, strict=True)))

    async def strike_once(self) -> None:
        """What can happen to the store, once, but for what takes long; to processes one of each sort."""
        chance, forever = random.Random(f"{self._seed} nemesis"), float("inf")
        names = sorted(self._home.faults().keys() - self._home.long)
        mine = [chance.choice(sort) for sort in self._sorts()]
        of_store: list[Strike] = [partial(self._of_home, name) for name in names]
        lanes = (chance.sample(mine, len(mine)), chance.sample(of_store, len(of_store)))
        await asyncio.gather(*(self._each(lane, chance, forever) for lane in lanes))

    async def _each(self, strikes: Sequence[Strike], chance: random.Random, until: float) -> None:
        for strike in strikes:
            await asyncio.sleep(self._rest * chance.uniform(0.2, 1.0))
            if time.monotonic() >= until:
                return
            await strike()

    # -- what can happen ---------------------------------------------------------------------------------

    def _of_processes(self) -> list[Strike]:
        return [strike for sort in self._sorts() for strike in sort]

    def _sorts(self) -> list[list[Strike]]:
        one, two, three, four = self._fleet.servers
        first, second = self._fleet.verifiers
        answers, wires = "answers held", ((one, "cut"), (two, "held"), (three, "slow"))
        apart, late = ((first, "cut"), (second, "held")), ((first, "slow"), (second, "streams held"))
        return [
            [partial(self._kill, server) for server in (one, two, three)],
            [partial(self._kill, first)],
            [partial(self._restart, three)],
            [partial(self._stop, server) for server in (two, one)],
            [partial(self._stop, second)],
            [partial(self._turn, *turn) for turn in ((one, HOUR), (two, -HOUR), (three, HOUR))],
            [partial(self._turn, *turn) for turn in ((first, -HOUR), (second, HOUR))],
            [partial(self._wire, server, answers) for server in (three, four)],
            [partial(self._wire, *wire) for wire in wires],
            [partial(self._wire, *wire) for wire in apart],
            [partial(self._wire, *wire) for wire in late],
        ]

    async def _of_home(self, name: str) -> None:
        begin = time.monotonic()
        await self._home.faults()[name](self._ends, self._pause)
        loses, ends_all = name in self._home.losing, name in self._home.ending
        self._write(name, "store", begin, loses=loses, ends_all=ends_all)

    async def _kill(self, process: Process) -> None:
        begin = time.monotonic()
        await process.end(signal.SIGKILL)
        await process.start()
        self._write("killed", process.name, begin)

    async def _restart(self, process: Process) -> None:
        begin = time.monotonic()
        await process.end(signal.SIGTERM)
        await process.start()
        self._write("restarted", process.name, begin)

    async def _stop(self, process: Process) -> None:
        begin = time.monotonic()
        process.signal(signal.SIGSTOP)
        await self._ends()
        await asyncio.sleep(max(begin + self._pause - time.monotonic(), 0.0))
        process.signal(signal.SIGCONT)
        self._write("paused", process.name, begin)

    async def _turn(self, process: Process, seconds: float) -> None:
        begin = time.monotonic()
        process.turn(seconds)
        await self._ends()
        await asyncio.sleep(max(begin + self._pause - time.monotonic(), 0.0))
        process.turn(0.0)
        self._write("clock", process.name, begin, seconds=seconds)

    async def _wire(self, process: Server | Verifying, mode: str) -> None:
        begin, wire = time.monotonic(), process.wire
        wire.turn(mode)
        await self._ends()
        await asyncio.sleep(max(begin + self._pause - time.monotonic(), 0.0))
        _mend(wire)
        self._write(f"wire {mode}", process.name, begin)

    def _write(self, what: str, whom: str, begin: float, **more: float) -> None:
        fault = Fault(what=what, whom=whom, begin=begin, end=time.monotonic(), **more)  # type: ignore[arg-type]
        self._recorder.broke(fault)


def _mend(wire: Wire) -> None:
    """What was held for so long is lost: its client has given up."""
    if wire.mode in ("answers held", "held"):
        wire.turn("cut")
    wire.turn("open")
