"""D10: PostgreSQL's errors, at every statement of every step: repeated where that helps, 503 where not."""

from __future__ import annotations

import asyncio

import pytest

from limen.errors import Unavailable
from limen.stores import open_store
from limen.stores.base import Store
from limen.stores.postgres import PostgresStore
from limen.stores.postgres.faults import CONTENDED
from support.postgres_wire import Fate, Refuse, Wire
from support.steps import WRITES, Scene, everything
from support.stores import NOW, added, opened

pytestmark = pytest.mark.anyio

TRANSIENT = {
    "40001": False,
    "40P01": False,
    "55P03": False,
    "25006": False,
    "57P01": True,
    "08006": True,
}
"""SQLSTATE → whether the connection ends with it."""


class Nth:
    """A plan that fails the nth request alone."""

    def __init__(self, number: int, fate: Fate | Refuse) -> None:
        self.left, self.fate = number, fate

    def __call__(self, request: bytes) -> Fate | Refuse:
        self.left -= 1
        return self.fate if self.left == 0 else Fate.PASS


@pytest.mark.parametrize("sqlstate", TRANSIENT)
async def test_D10_an_error_at_any_statement_is_survived(line: Wire, url: str, sqlstate: str) -> None:
    """Whatever statement it hits, each write is done once and answers as if nothing had been."""
    store, model = open_store(url), open_store("memory://")
    await store.start()
    scenes: list[Scene] = []
    hits = 0
    for write in WRITES.values():
        for statement in range(1, 20):
            scene = Scene.made(len(scenes))
            scenes.append(scene)
            for each in (store, model):
                await scene.set(each)
            line.plan = plan = Nth(statement, Refuse(sqlstate, fatal=TRANSIENT[sqlstate]))
            answer = await write(store, scene)
            line.plan = lambda _: Fate.PASS
            assert answer == await write(model, scene)
            if plan.left > 0:
                break  # the step has no such statement
            hits += 1
    assert hits > 50
    assert await everything(store, scenes) == await everything(model, scenes)
    if sqlstate in CONTENDED:
        assert line.connections < 15, "an error that is no fault of the connection costs no connection"
    await store.close()


@pytest.mark.parametrize("fate", [Fate.CUT, Fate.CUT_AFTER], ids=["before", "after"])
async def test_D10_a_connection_lost_at_any_statement_is_survived(line: Wire, url: str, fate: Fate) -> None:
    store, model = open_store(url), open_store("memory://")
    await store.start()
    scenes: list[Scene] = []
    for write in WRITES.values():
        for statement in range(1, 20):
            scene = Scene.made(len(scenes))
            scenes.append(scene)
            for each in (store, model):
                await scene.set(each)
            line.plan = plan = Nth(statement, fate)
            answer = await write(store, scene)
            line.plan = lambda _: Fate.PASS
            assert answer == await write(model, scene)
            if plan.left > 0:
                break
    assert await everything(store, scenes) == await everything(model, scenes)
    await store.close()


@pytest.mark.parametrize("sqlstate", [*TRANSIENT, "53100", "XX000", "42501"])
async def test_D10_an_error_that_stays_is_503_and_never_an_invalid_credential(
    line: Wire, url: str, sqlstate: str
) -> None:
    store = PostgresStore(url, patience=0.4)
    await store.start()
    scene = Scene.made(0)
    await scene.set(store)
    before = await everything(store, [scene])
    line.plan = lambda _: Refuse(sqlstate, fatal=TRANSIENT.get(sqlstate, False))
    attempts = [write(store, scene) for write in WRITES.values()]
    attempts += [
        store.session(scene.held[0].id),
        store.account(scene.account.id),
        store.read_feed(0, now=NOW),
        store.ring(),
        store.ping(),
    ]
    for outcome in await asyncio.gather(*attempts, return_exceptions=True):
        assert isinstance(outcome, Unavailable)
        assert outcome.retry_after > 0
    line.plan = lambda _: Fate.PASS
    assert await everything(store, [scene]) == before
    await store.close()


@pytest.mark.parametrize("sqlstate", TRANSIENT)
async def test_D10_reads_are_asked_again(line: Wire, url: str, sqlstate: str) -> None:
    store = open_store(url)
    await store.start()
    session = await opened(store, await added(store))
    for statement in range(1, 4):
        for read in (store.session, lambda sid: find_many(store, sid)):
            line.plan = Nth(statement, Refuse(sqlstate, fatal=TRANSIENT[sqlstate]))
            assert await read(session.id) == session
            line.plan = Nth(statement, Refuse(sqlstate, fatal=TRANSIENT[sqlstate]))
            assert (await store.read_feed(0, now=NOW)).position == 0
    await store.close()


async def find_many(store: Store, sid: object) -> object:
    found = await asyncio.gather(*(store.session(sid) for _ in range(5)))  # type: ignore[arg-type]
    assert len(set(map(id, found))) <= 2
    return found[0]


async def test_a_server_that_is_silent_is_503_in_time(line: Wire, url: str) -> None:
    """Nothing answers and nothing ends: every kind of step gives up by itself."""
    store = PostgresStore(url, patience=0.4)
    await store.start()
    session = await opened(store, await added(store))
    line.plan = lambda _: Fate.LATE
    line.late.clear()

    def silent(_: bytes) -> bytes:
        return b""

    line.plan, line.rewrite = (lambda _: Fate.PASS), silent
    attempts = [
        store.session(session.id),
        store.session(session.id),
        store.ring(),
        store.ping(),
        store.read_feed(0, now=NOW),
    ]
    for outcome in await asyncio.gather(*attempts, return_exceptions=True):
        assert isinstance(outcome, Unavailable)
    line.rewrite = lambda message: message
    assert await store.session(session.id) == session
    await store.close()


async def test_a_lookup_behind_others_waits_no_longer_than_they_do(line: Wire, url: str) -> None:
    """Two batches are out and nothing answers: those that gather for the third have the same patience."""
    store = PostgresStore(url, patience=0.4)
    await store.start()
    session = await opened(store, await added(store))
    line.rewrite = lambda _: b""
    loop = asyncio.get_running_loop()
    began, waiting = loop.time(), []
    for _ in range(6):
        waiting += [asyncio.ensure_future(store.session(session.id)) for _ in range(2)]
        await asyncio.sleep(0)
    for outcome in await asyncio.gather(*waiting, return_exceptions=True):
        assert isinstance(outcome, Unavailable)
    assert loop.time() - began < 0.7
    line.rewrite = lambda message: message
    assert await store.session(session.id) == session
    await store.close()
