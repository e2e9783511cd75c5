"""A Cluster whose master of our slot dies, and one whose slot moves to another node, both under load."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Iterator

import pytest

from limen.clock import Instant
from limen.errors import Unavailable
from limen.ids import SessionID
from limen.revocations import Kind
from limen.sessions import Session
from limen.stores.base import Opened, Rotated, Store
from support import redis
from support.stores import IDLE, NOW, UNTIL, added, digest, make_session, opened

pytestmark = [pytest.mark.anyio, pytest.mark.slow]
Opens = Callable[..., Awaitable[Store]]


@pytest.fixture
def cluster() -> Iterator[redis.Cluster]:
    redis.require("redis")
    cluster = redis.Cluster("redis", replicas=2)
    yield cluster
    cluster.destroy()


class Load:
    """Sessions that are opened, looked up, rotated and ended without a pause, and what was said of each."""

    def __init__(self, store: Store, account: str) -> None:
        self.store, self.account = store, account
        self.opened: dict[SessionID, Session] = {}
        self.ended: set[SessionID] = set()
        self.rotated: dict[SessionID, bytes] = {}
        self.refused: Counter[str] = Counter()
        self.done = 0
        self._untouched: deque[Session] = deque()
        self._reserve = 60
        self._numbers = itertools.count(1)
        self._stop = False

    async def run(self) -> None:
        while not self._stop:
            number = next(self._numbers)
            for step in (self._open, self._look_up, self._change):
                try:
                    await step(number)
                    self.done += 1
                except Unavailable as error:
                    self.refused[error.reason] += 1
                    await asyncio.sleep(0.005)

    def stop(self) -> None:
        self._stop = True

    async def _open(self, number: int) -> None:
        session = make_session(self.account, at=NOW + number / 1000)  # type: ignore[arg-type]
        self._reserve = 0  # where none can be opened now
        answer = await self.store.open_session(session, limit=None, until=UNTIL, now=NOW)
        self._reserve = 60
        if isinstance(answer, Opened):
            self.opened[session.id] = session
            self._untouched.append(session)

    async def _look_up(self, number: int) -> None:
        if self._untouched:
            found = await self.store.session(self._untouched[-1].id)
            assert found is not None, "a session that is there is never said to be gone"

    async def _change(self, number: int) -> None:
        """End or rotate one that was opened before, whether or not others can be opened now."""
        if len(self._untouched) <= self._reserve:
            return
        session = self._untouched.popleft()
        if number % 2:
            outcome = await self.store.rotate(session.id, session.digest, digest(number), now=NOW, idle=IDLE)
            assert isinstance(outcome, Rotated)
            self.rotated[session.id] = digest(number)
        else:
            revoked = await self.store.revoke_session(session.id, account=None, now=NOW, until=UNTIL, why="w")
            assert revoked is not None
            self.ended.add(session.id)

    async def settle(self) -> None:
        """What holds of everything that was said, once things are calm."""
        events = await eventually(lambda: self.store.read_feed(0, now=NOW))
        named = {r.subject for r in events.revocations if r.kind is Kind.SESSION}
        assert [r for r in events.revocations if r.kind is Kind.ISSUER] == [], "no epoch began"
        for sid in self.opened:
            found = await self.store.session(sid)
            if sid in self.ended:
                assert found is None
            assert (found is None) == (sid in named), "whatever is gone has its event, and nothing else has"
            if found is not None and sid in self.rotated:
                assert found.digest == self.rotated[sid]


async def eventually(attempt: Callable[[], Awaitable[object]], *, within: float = 30.0) -> object:
    end = time.monotonic() + within
    while True:
        try:
            return await attempt()
        except Unavailable:
            assert time.monotonic() < end, "it does not recover"
            await asyncio.sleep(0.02)


async def reached(load: Load, count: int, running: asyncio.Task[None]) -> None:
    """Until so much was done; what a load found wrong is raised here."""
    async with asyncio.timeout(30):
        while load.done < count and not running.done():  # noqa: ASYNC110 - it counts, and tells nobody
            await asyncio.sleep(0.01)
    if running.done():
        await running


async def test_D02_the_master_of_our_slot_is_killed_under_load(cluster: redis.Cluster, opens: Opens) -> None:
    prefix = cluster.prefix()
    store = await opens(f"{cluster.url}?prefix={prefix}&replicas=1&replicas_wait=0.3")
    account = await added(store)
    load = Load(store, account.id)
    running = asyncio.create_task(load.run())
    await reached(load, 300, running)
    await asyncio.to_thread(cluster.nodes[0].kill)
    await asyncio.to_thread(redis.until, cluster.is_promoted)
    await reached(load, load.done + 50, running)
    load.stop()
    await running
    await load.settle()
    assert load.refused


ORDERS: dict[str, Callable[[bytes], object]] = {
    "meta last": lambda key: (key.endswith(b":meta"), key),
    "feed first": lambda key: (not key.endswith(b"F"), key.endswith(b":meta"), key),
    "index first": lambda key: (b":1:a" not in key, key.endswith(b":meta"), key),
    "ends first": lambda key: (not key.endswith((b"E", b"U")), key.endswith(b":meta"), key),
    "meta first": lambda key: (not key.endswith(b":meta"), key),
}
"""Of moving keys. While meta is where it was every script begins; what it needs next may be gone."""


@pytest.mark.parametrize("order", ORDERS)
async def test_our_slot_moves_to_another_node_under_load(
    cluster: redis.Cluster, opens: Opens, order: str
) -> None:
    """MOVED, ASK, TRYAGAIN, and scripts that find half of their keys gone: refused, and nothing half done."""
    prefix = cluster.prefix()
    url = f"{cluster.url}?prefix={prefix}"
    store, other = await opens(url), await opens(url)
    account = await added(store)
    kept = [await opened(store, account, at=NOW - n) for n in range(1, 40)]
    loads = [Load(store, account.id), Load(other, account.id)]
    running = [asyncio.create_task(load.run()) for load in loads]
    for load, task in zip(loads, running, strict=True):
        await reached(load, 300, task)
    slot = int(cluster.nodes[0].ask("CLUSTER", "KEYSLOT", f"{{{prefix}}}:meta")[1:])
    await asyncio.to_thread(cluster.move, slot, cluster.nodes[1], redis.moment, ORDERS[order])
    for load, task in zip(loads, running, strict=True):
        await reached(load, load.done + 20, task)
        load.stop()
        await task
    for load in loads:
        await load.settle()
        assert load.refused
    for session in kept:
        assert await store.session(session.id) == session
    assert await store.revoke_account(account.id, now=Instant(NOW + 100), until=UNTIL, why="w")
    assert await other.sessions_of(account.id, now=NOW) == []
