"""One run: a fleet over a store, people who use it, a nemesis, and a last look when all has healed."""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from limen.auth import Limen
from limen.errors import Unavailable
from limen.insecure import WeakHashing
from limen.secret import Secret
from limen.stores.redis.driver import LEASE
from soak.asking import Asker
from soak.fleet import Fleet
from soak.history import ALL_ENDED, Fault, History, Promise, Recorder
from soak.homes import HOMES, Home
from soak.nemesis import Nemesis
from soak.people import Crowd, Person
from support.world import SECRET

_LAST_LOOK = 90.0
_HEALING = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How a run is made."""

    store: str
    seed: int
    seconds: float = 0.0
    people: int = 16
    lossy: bool = False
    once: bool = False
    """It is over when everything has happened once."""
    max_staleness: float = 2.0
    rest: float = 1.0
    """The longest time between two faults of a kind."""
    only: tuple[str, ...] = ()
    """These faults of the store and none else, where any is named."""
    folder: Path | None = None
    """Where the processes' words are kept; else they go away."""

    @property
    def pause(self) -> float:
        """Longer than a view of the feed may be old."""
        return 2.0 * self.max_staleness

    @property
    def promise(self) -> Promise:
        linger = 2 * self.pause + 8.0  # two pauses, and the patience of a store
        return Promise(
            max_staleness=self.max_staleness,
            refresh_grace=2 * linger + 10.0,
            access_lifetime=60.0,
            leeway=5.0,
            lease=LEASE if self.store == "redis" else 0.0,
            linger=linger,
        )


async def run(plan: Plan, file: IO[str] | None = None) -> History:
    """The history of a run that was made as planned."""
    about = {"store": plan.store, "seed": plan.seed, "seconds": plan.seconds, "lossy": plan.lossy}
    recorder = Recorder(History(plan.promise, about=about), file)
    with tempfile.TemporaryDirectory(prefix="limen-soak-") as name:
        folder = plan.folder or Path(name)
        async with _homed(plan, folder) as home, _operating(plan, home) as operator:
            promise = plan.promise
            fleet = Fleet(
                folder,
                database=home.database,
                session_store=home.session_store,
                lifetimes={
                    "max_staleness": promise.max_staleness,
                    "refresh_grace": promise.refresh_grace,
                    "access_lifetime": promise.access_lifetime,
                    "leeway": promise.leeway,
                },
                issuer=operator.settings.issuer,
                client_secret=operator.client_secret("api"),
            )
            try:
                await fleet.start()
                await _lived(plan, _crowd(plan, fleet, Asker(recorder, operator)), home, recorder)
            finally:
                await fleet.close()
    return recorder.history


def _crowd(plan: Plan, fleet: Fleet, asker: Asker) -> Crowd:
    return Crowd(fleet, asker, plan.promise, plan.seed, lossy=plan.lossy)


async def _lived(plan: Plan, crowd: Crowd, home: Home, recorder: Recorder) -> None:
    """What happens between the first start and the last look."""
    nemesis = Nemesis(
        crowd.fleet, home, recorder, crowd.end_somebody,
        pause=plan.pause, rest=plan.rest, seed=plan.seed, only=plan.only,
    )  # fmt: skip
    crowd.people = [Person(crowd, f"person{n}") for n in range(plan.people)]
    until = float("inf") if plan.once else time.monotonic() + plan.seconds
    living = [asyncio.create_task(person.live(until)) for person in crowd.people]
    watching = asyncio.create_task(_watch_epochs(crowd, recorder))
    await (nemesis.strike_once() if plan.once else nemesis.strike(until=until))
    for person in crowd.people:
        person.leaves = True
    await asyncio.gather(*living)
    await crowd.settled()
    await _healed(crowd.fleet)
    if not plan.once:  # a refresh that comes late would only excuse what follows
        await asyncio.sleep(max(person.rests_until for person in crowd.people) - time.monotonic())
    last = time.monotonic() + _LAST_LOOK
    await asyncio.gather(*(person.look(until=last) for person in crowd.people))
    watching.cancel()


async def _watch_epochs(crowd: Crowd, recorder: Recorder) -> None:
    """Write down when Redis has begun a new epoch, with which all sessions end."""
    epoch, begin = 0, time.monotonic()
    while True:
        now = time.monotonic()
        try:
            found = (await crowd.asker.operator_store.marks()).get("redis_epoch", 0)
        except Unavailable:
            await asyncio.sleep(0.05)
            continue
        if epoch and found > epoch:
            fault = Fault(what=ALL_ENDED, whom="store", begin=begin, end=time.monotonic(), ends_all=True)
            recorder.broke(fault)
        epoch, begin = found, now
        await asyncio.sleep(0.05)


async def _healed(fleet: Fleet) -> None:
    """Until every server says that it is ready."""
    end = time.monotonic() + _HEALING
    for server in fleet.servers:
        while not await server.ready():
            assert time.monotonic() < end, f"{server.name} does not recover: {server.log[-3_000:]}"
            await asyncio.sleep(0.1)


@asynccontextmanager
async def _homed(plan: Plan, folder: Path) -> AsyncIterator[Home]:
    home = HOMES[plan.store](folder, plan.lossy)
    await home.start()
    try:
        yield home
    finally:
        await home.close()


@asynccontextmanager
async def _operating(plan: Plan, home: Home) -> AsyncIterator[Limen]:
    """An operator's own Limen on the same store, in this process, which is neither killed nor paused."""
    promise = plan.promise
    async with Limen(
        home.database,
        session_store=home.session_store,
        issuer="http://127.0.0.1:8000",
        secret=Secret(SECRET),
        scheme=WeakHashing(),
        max_staleness=promise.max_staleness,
        access_lifetime=promise.access_lifetime,
        refresh_grace=promise.refresh_grace,
        leeway=promise.leeway,
        clients=("api",),
        session_limit=0,
    ) as auth:
        yield auth
