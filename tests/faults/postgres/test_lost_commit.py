"""D09: a connection that is lost during a commit: what was done is not repeated, what was not is not lost."""

from __future__ import annotations

import asyncio

import pytest

from limen.stores import open_store
from limen.stores.base import Rotated, Store
from support.postgres_wire import Fate, Refuse, Wire
from support.steps import WRITES, Scene, charges_left, everything
from support.stores import IDLE, NOW, added, digest, opened

pytestmark = pytest.mark.anyio


COMMIT = b"COMMIT\0"  # and not READ COMMITTED


class Once:
    """A plan that fails the first request that holds `text`, and no other."""

    def __init__(self, text: bytes, fate: Fate | Refuse) -> None:
        self.text, self.fate, self.met = text, fate, 0

    def __call__(self, request: bytes) -> Fate | Refuse:
        if self.text in request:
            self.met += 1
            if self.met == 1:
                return self.fate
        return Fate.PASS


async def same(store: Store, model: Store, scenes: list[Scene]) -> None:
    assert await everything(store, scenes) == await everything(model, scenes)
    for scene in scenes:
        assert await charges_left(store, scene) == await charges_left(model, scene)


@pytest.mark.parametrize("fate", [Fate.CUT, Fate.CUT_AFTER], ids=["before", "after"])
async def test_D09_a_lost_commit_is_settled_by_asking(line: Wire, url: str, fate: Fate) -> None:
    """Before: the server never saw it, and it is done now. After: it was done, and is not done again."""
    store, model = open_store(url), open_store("memory://")
    await store.start()
    scenes = []
    for number, (name, write) in enumerate(WRITES.items()):
        scene = Scene.made(number)
        scenes.append(scene)
        for each in (store, model):
            await scene.set(each)
        line.plan = plan = Once(COMMIT, fate)
        answer = await write(store, scene)
        assert plan.met >= 1, name
        assert answer == await write(model, scene), name
    await same(store, model, scenes)
    await store.close()


async def test_D09_a_commit_that_arrives_late_is_waited_for(line: Wire, url: str) -> None:
    """The connection is gone, its COMMIT is still on the way: to ask is to wait until that is over."""
    store = open_store(url)
    await store.start()
    session = await opened(store, await added(store))
    line.plan = Once(COMMIT, Fate.LATE)
    rotation = asyncio.create_task(
        store.rotate(session.id, session.digest, digest(1), now=NOW, idle=IDLE)  # type: ignore[arg-type]
    )
    done, _ = await asyncio.wait({rotation}, timeout=0.3)
    assert not done
    line.late.set()
    answer = await rotation
    assert isinstance(answer, Rotated)
    found = await store.session(session.id)
    assert found == answer.session
    assert found.generation == 1
    await store.close()


async def test_D09_a_group_is_settled_as_a_whole(line: Wire, url: str) -> None:
    store, model = open_store(url), open_store("memory://")
    await store.start()
    scenes = [Scene.made(n) for n in range(30)]
    for scene in scenes:
        for each in (store, model):
            await scene.set(each)
    line.plan = plan = Once(COMMIT, Fate.CUT_AFTER)
    answers = await asyncio.gather(*(WRITES["open_session"](store, scene) for scene in scenes))
    assert plan.met >= 1
    assert [len(answer.ended) for answer in answers] == [1] * 30
    assert sorted(event.position for answer in answers for event in answer.ended) == list(range(1, 31))
    for scene in scenes:
        assert [s.id for s in await store.sessions_of(scene.account.id, now=NOW)] == [
            scene.new.id,
            scene.held[1].id,
        ]
    await store.close()


async def test_D09_losing_the_commit_again_and_again_changes_nothing(line: Wire, url: str) -> None:
    store = open_store(url)
    await store.start()
    session = await opened(store, await added(store))
    fates = [Fate.CUT, Fate.CUT, Fate.CUT_AFTER]

    def plan(request: bytes) -> Fate:
        return fates.pop(0) if COMMIT in request and fates else Fate.PASS

    line.plan = plan
    answer = await store.rotate(session.id, session.digest, digest(1), now=NOW, idle=IDLE)
    assert not fates
    assert isinstance(answer, Rotated)
    assert answer.session.generation == 1
    assert await store.session(session.id) == answer.session
    await store.close()
