"""The follower: how old its view is, whatever the store does meanwhile (R17, R20)."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from limen.clock import Mono
from limen.errors import Unavailable
from limen.feed import Follower
from limen.jose.jwk import Algorithm
from limen.keys import KeyState, StoredKey
from limen.revocations import Filter
from limen.stores.sqlite import SQLiteStore
from limen.testing import TurnableClock
from support.faulty import Plan, factory
from support.stores import NOW, UNTIL, added

pytestmark = pytest.mark.anyio


class Followed:
    """A store whose disk obeys a plan, and a follower of it."""

    def __init__(self, folder: Path) -> None:
        self.plan, self.clock, self.filter, self.rings = Plan(), TurnableClock(), Filter(), 0
        self.ring_fails: Exception | None = None
        self.store = SQLiteStore(folder / "limen.db", factory=factory(self.plan))
        self.follower = Follower(self.store, self.filter, self.clock, every=0.001, on_ring=self.on_ring)

    async def on_ring(self) -> None:
        if self.ring_fails is not None:
            raise self.ring_fails
        self.rings += 1


@pytest.fixture
async def followed(tmp_path: Path) -> AsyncIterator[Followed]:
    followed = Followed(tmp_path)
    await followed.store.start()
    yield followed
    followed.plan.recover()
    await followed.store.close()


async def test_R20_catching_up_knows_everything_acknowledged_before_it(followed: Followed) -> None:
    account = await added(followed.store)
    for n in range(5):
        await followed.store.revoke_account(account.id, now=NOW, until=UNTIL, why="w")
        await followed.follower.catch_up()
        assert followed.filter.position == n + 1
        assert followed.filter.fresh_at == followed.clock.monotonic()


async def test_R17_a_view_is_as_old_as_the_sending_of_the_read_and_not_its_answer(followed: Followed) -> None:
    sent = followed.clock.monotonic()
    original = followed.store.read_feed

    async def slow(*args, **kwargs):
        page = await original(*args, **kwargs)
        followed.clock.turn(4)
        return page

    followed.store.read_feed = slow  # type: ignore[method-assign]
    await followed.follower.catch_up()
    assert followed.filter.fresh_at == sent
    assert not followed.filter.is_fresh(mono=Mono(sent + 5.001), max_staleness=5)


async def test_R17_a_read_that_fails_makes_no_view_younger(followed: Followed) -> None:
    await followed.follower.catch_up()
    before = followed.filter.fresh_at
    followed.clock.turn(1)
    followed.plan.fail(0, sqlite3.SQLITE_IOERR)
    with pytest.raises(Unavailable):
        await followed.follower.catch_up()
    assert followed.filter.fresh_at == before


async def test_K02_a_view_is_not_young_before_its_ring_is_loaded(followed: Followed) -> None:
    await followed.follower.catch_up()
    assert followed.rings == 1
    key = StoredKey("k", Algorithm.ES256, KeyState.ACTIVE, b"sealed", NOW, NOW)
    await followed.store.replace_ring([key], version=0)
    before = followed.filter.fresh_at
    followed.clock.turn(1)
    followed.ring_fails = Unavailable("down")
    with pytest.raises(Unavailable):
        await followed.follower.catch_up()
    assert followed.filter.fresh_at == before
    followed.ring_fails = None
    await followed.follower.catch_up()
    await followed.follower.catch_up()
    assert followed.rings == 2


async def test_R17_following_goes_on_after_any_failure_and_says_it_once(
    followed: Followed, caplog: pytest.LogCaptureFixture
) -> None:
    following = asyncio.create_task(followed.follower.run())
    followed.plan.fail(0, sqlite3.SQLITE_IOERR)
    event = None
    await asyncio.sleep(0.05)
    said = [r for r in caplog.records if r.name == "limen.feed"]
    assert [r.levelno for r in said] == [logging.WARNING]
    assert "hunter2" not in caplog.text
    followed.plan.recover()
    event = await followed.store.revoke_account(
        (await added(followed.store)).id, now=NOW, until=UNTIL, why="w"
    )
    for _ in range(5_000):
        if followed.filter.position >= event.position:
            break
        await asyncio.sleep(0.001)
    assert followed.filter.position == event.position
    assert [r.getMessage() for r in caplog.records if r.name == "limen.feed"][1:] == [
        "the feed is read again"
    ]
    following.cancel()


async def test_R17_following_survives_what_nobody_thought_of(
    followed: Followed, caplog: pytest.LogCaptureFixture
) -> None:
    followed.ring_fails = ZeroDivisionError()
    following = asyncio.create_task(followed.follower.run())
    await asyncio.sleep(0.02)
    followed.ring_fails = None
    for _ in range(5_000):
        if followed.rings:
            break
        await asyncio.sleep(0.001)
    assert followed.rings == 1
    assert not following.done()
    assert "following the feed failed" in caplog.text
    following.cancel()


async def test_R17_following_survives_a_wait_that_fails(tmp_path: Path) -> None:
    class Deaf(SQLiteStore):
        async def wait(self, after: int, *, every: float, at_most: float) -> None:
            raise RuntimeError("nobody thought of this")

    store, filter_, clock = Deaf(tmp_path / "limen.db"), Filter(), TurnableClock()
    await store.start()

    async def on_ring() -> None:
        return

    following = asyncio.create_task(Follower(store, filter_, clock, every=0.001, on_ring=on_ring).run())
    account = await added(store)
    await store.revoke_account(account.id, now=NOW, until=UNTIL, why="w")
    for _ in range(2_000):
        if filter_.position == 1:
            break
        await asyncio.sleep(0.005)
    assert filter_.position == 1
    assert not following.done()
    following.cancel()
    await store.close()


def test_R16_failures_wait_longer_each_time_up_to_a_second_and_not_in_step(tmp_path: Path) -> None:
    follower = Followed(tmp_path).follower
    for failures in (1, 5, 10, 1_000):
        pauses = {follower._pause(failures) for _ in range(50)}
        assert len(pauses) > 40
        assert all(0.5 * min(0.001 * 2.0 ** min(failures, 10), 1) <= p <= 1 for p in pauses)
