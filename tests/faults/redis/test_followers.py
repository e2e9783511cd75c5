"""Two of ours over one Redis: what one ends, the other refuses at once; where it cannot know, it says so."""

from __future__ import annotations

import asyncio
import os
import statistics
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from limen.auth import Limen
from limen.errors import Denied, Unavailable
from limen.stores import open_store
from limen.stores.base import Store
from support import redis
from support.stores import NOW, UNTIL, added, opened
from support.world import EMAIL, OTHER_PASSWORD, PASSWORD, account_with, world

pytestmark = pytest.mark.anyio

KINDS = ("redis",)
Opens = Callable[..., Awaitable[Store]]


async def test_R20_who_waits_for_the_feed_is_called_by_an_event(server: redis.Server, opens: Opens) -> None:
    one, two = await opens(server.url), await opens(server.url)
    account = await added(one)
    position, lags = 0, []
    for n in range(20):
        session = await opened(one, account, at=NOW + n)
        waiting = asyncio.ensure_future(two.wait(position, every=30.0, at_most=30.0))
        await asyncio.to_thread(redis.moment)
        assert not waiting.done()
        event = await one.revoke_session(session.id, account=None, now=NOW, until=UNTIL, why="w")
        began = time.monotonic()
        await waiting
        lags.append(time.monotonic() - began)
        page = await two.read_feed(position, now=NOW)
        assert page.revocations == (event,)
        position = page.position
    assert statistics.median(lags) < 0.05


async def test_who_waits_is_called_after_a_while_all_the_same(server: redis.Server, opens: Opens) -> None:
    store = await opens(server.url)
    await store.wait(0, every=30.0, at_most=0.05)
    server.kill()
    await store.wait(0, every=0.01, at_most=30.0)


@pytest.mark.parametrize("strategy", ["session", "hybrid"])
async def test_S22_what_one_ends_the_other_refuses(
    server: redis.Server, tmp_path: Path, strategy: str
) -> None:
    database, options = f"sqlite:///{tmp_path}/limen.db", {"session_store": server.url, "strategy": strategy}
    async with (
        world(database, **options) as (one, clock),
        world(database, clock=clock, **options) as (two, _),
    ):
        await account_with(one)
        lags = []
        for _ in range(10):
            grant = (await one.sign_in(EMAIL, PASSWORD)).grant
            who = await two.authenticate(grant.credential)
            await one.sign_out(who)
            began = time.monotonic()
            await _refused(two, grant.credential)
            lags.append(time.monotonic() - began)
        assert statistics.median(lags) < 0.05
        grant = (await one.sign_in(EMAIL, PASSWORD)).grant
        who = await two.authenticate(grant.credential)
        changed = await two.change_password(who, PASSWORD, OTHER_PASSWORD)
        await _refused(one, grant.credential)
        assert await one.authenticate(changed.credential)
        if changed.refresh is not None:
            fresh = await one.refresh(changed.refresh)
            assert await two.authenticate(fresh.credential)
        await two.disable_account(await two.find_account(EMAIL))
        await _refused(one, changed.credential)


async def _refused(auth: Limen, credential: str) -> None:
    for _ in range(2_000):
        try:
            await auth.authenticate(credential)
        except Denied:
            return
        await asyncio.to_thread(redis.moment)
    raise AssertionError("it went on being accepted")


async def test_D05_tokens_die_with_a_redis_that_was_emptied(server: redis.Server, tmp_path: Path) -> None:
    database = f"sqlite:///{tmp_path}/limen.db"
    async with world(database, session_store=server.url, strategy="hybrid") as (auth, _):
        await account_with(auth)
        grant = (await auth.sign_in(EMAIL, PASSWORD)).grant
        await auth.authenticate(grant.credential)
        server.ask("FLUSHALL")
        await _refused(auth, grant.credential)
        again = (await auth.sign_in(EMAIL, PASSWORD)).grant
        assert await auth.authenticate(again.credential)


async def test_D01_once_the_view_is_old_and_redis_is_down_nobody_is_let_in(
    server: redis.Server, tmp_path: Path
) -> None:
    database = f"sqlite:///{tmp_path}/limen.db"
    async with world(database, session_store=server.url, strategy="hybrid") as (auth, clock):
        await account_with(auth)
        grant = (await auth.sign_in(EMAIL, PASSWORD)).grant
        await auth.authenticate(grant.credential)
        server.kill()
        assert await auth.authenticate(grant.credential)
        clock.turn(auth.settings.max_staleness + 1)
        for attempt in (auth.authenticate(grant.credential), auth.sign_in(EMAIL, PASSWORD)):
            with pytest.raises(Unavailable):
                await attempt


async def test_after_a_fork_the_child_leaves_the_connections_to_its_parent(
    server: redis.Server, opens: Opens
) -> None:
    store = await opens(server.url)
    session = await opened(store, await added(store))
    child = os.fork()
    if child == 0:
        try:
            try:
                store.session(session.id).send(None)  # type: ignore[attr-defined]
            except Unavailable as error:
                os._exit(0 if error.code == "store_forked" else 1)
        finally:
            os._exit(2)
    _, status = await asyncio.to_thread(os.waitpid, child, 0)
    assert os.waitstatus_to_exitcode(status) == 0
    assert await store.session(session.id) == session


async def test_over_a_socket_of_this_machine(server: redis.Server, tmp_path: Path) -> None:
    server.options = ("--unixsocket", f"{server.folder.name}/s")
    server.restart()
    store = open_store(f"sqlite:///{tmp_path}/limen.db", f"redis+unix://{server.folder.name}/s?db=1")
    await store.start()
    session = await opened(store, await added(store))
    assert await store.session(session.id) == session
    assert "db1:" in server.ask("INFO", "keyspace")
    await store.close()
