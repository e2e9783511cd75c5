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
    ) -> None:
        self._fleet, self._home, self._recorder = fleet, home, recorder
        victims = random.Random(f"{seed} victims")
        self._ends: Ends = lambda: ends(victims)
        self._pause, self._rest = pause, rest
        """Longer than a view of the feed may be old."""
        self._seed = seed

    async def strike(self, *, until: float, once: bool = False) -> None:
        """Until then; with `once` each fault once, in an order by the seed, and no longer."""
        lanes = (self._of_processes(), self._of_store())
        await asyncio.gather(*(self._lane(n, strikes, until, once=once) for n, strikes in enumerate(lanes)))

    async def _lane(self, number: int, strikes: Sequence[Strike], until: float, *, once: bool) -> None:
        chance = random.Random(f"{self._seed} nemesis {number}")
        while strikes and time.monotonic() < until:
            for strike in chance.sample(strikes, len(strikes)):
                await asyncio.sleep(self._rest * chance.uniform(0.2, 1.0))
                if time.monotonic() >= until:
                    return
                await strike()
            if once:
                return

    # -- what can happen ---------------------------------------------------------------------------------

    def _of_processes(self) -> list[Strike]:
        one, two, three, four = self._fleet.servers
        first, second = self._fleet.verifiers
        strikes: list[Strike] = [partial(self._kill, s) for s in (one, two, three, first)]
        strikes += [partial(self._stop, s) for s in (two, one, second, four)]
        strikes += [partial(self._restart, s) for s in (three,)]
        strikes += [partial(self._turn, s, by) for s, by in ((one, HOUR), (two, -HOUR), (three, HOUR))]
        strikes += [partial(self._turn, s, by) for s, by in ((first, -HOUR), (second, HOUR))]
        wires = (
            (one, "cut"),
            (two, "held"),
            (three, "slow"),
            (three, "answers held"),
            (four, "answers held"),
        )
        strikes += [partial(self._wire, s, mode) for s, mode in wires]
        remote = ((first, "cut"), (second, "held"), (first, "slow"), (second, "streams held"))
        strikes += [partial(self._wire, v, mode) for v, mode in remote]
        return strikes

    def _of_store(self) -> list[Strike]:
        return [partial(self._of_home, name) for name in self._home.faults()]

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
