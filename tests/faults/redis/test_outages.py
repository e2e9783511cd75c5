"""D01: Redis is down, slow, refuses us, is a replica, is full: nothing is guessed, and all comes back."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from limen.errors import LimenError, Misconfigured, Unavailable
from limen.stores import open_store
from limen.stores.base import Opened, Store
from limen.throttle import Limit
from support import redis
from support.stores import IDLE, NOW, UNTIL, added, digest, make_session, opened

pytestmark = pytest.mark.anyio

Opens = Callable[..., Awaitable[Store]]
HASTY = "?patience=0.3"


async def unavailable(attempt: Awaitable[object]) -> Unavailable:
    with pytest.raises(Unavailable) as raised:
        await attempt
    assert raised.value.retry_after > 0
    return raised.value


async def again(attempt: Callable[[], Awaitable[object]], *, within: float = 10.0) -> object:
    """What is answered once it is answered."""
    end = time.monotonic() + within
    while True:
        try:
            return await attempt()
        except Unavailable:
            assert time.monotonic() < end
            await asyncio.to_thread(redis.moment)


async def test_D01_down_at_the_start_is_said_in_one_sentence(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path}/limen.db", f"redis://:hush@127.0.0.1:{redis.free_port()}")
    error = await unavailable(store.start())
    assert error.reason == "redis_down"
    await unavailable(store.ring())


async def test_D01_down_in_flight_every_step_is_refused_and_all_come_back(
    server: redis.Server, opens: Opens, caplog: pytest.LogCaptureFixture
) -> None:
    server.options = ("--appendonly", "yes", "--appendfsync", "always")
    server.restart()
    store = await opens(server.url)
    account = await added(store)
    session = await opened(store, account)
    server.kill()
    fresh = make_session(account, at=NOW + 1)
    for attempt in (
        store.session(session.id),
        store.sessions_of(account.id, now=NOW),
        store.open_session(fresh, limit=None, until=UNTIL, now=NOW),
        store.rotate(session.id, session.digest, digest(1), now=NOW, idle=IDLE),
        store.touch(session.id, now=NOW, idle=IDLE),
        store.revoke_session(session.id, account=None, now=NOW, until=UNTIL, why="w"),
        store.read_feed(0, now=NOW),
        store.charge([("a", Limit(free=1))], now=NOW),
        store.settle(clear=["a"]),
        store.ping(),
        store.sweep(now=NOW),
    ):
        await unavailable(attempt)
    assert await store.account(account.id) == account
    server.start()
    assert await again(lambda: store.session(session.id)) == session
    assert await store.open_session(fresh, limit=None, until=UNTIL, now=NOW) == Opened(())
    await again(lambda: store.read_feed(0, now=NOW))  # its connection waits for a moment of its own
    assert "Traceback" not in caplog.text
    said = [r.getMessage() for r in caplog.records if r.levelno >= logging.ERROR]
    assert len(said) <= 2, said


async def test_D01_slow_is_refused_in_time_and_the_late_answer_is_nobodys(
    server: redis.Server, opens: Opens
) -> None:
    store = await opens(server.url + HASTY)
    account = await added(store)
    one, two = await opened(store, account), await opened(store, account, at=NOW + 1)
    server.pause()
    began = time.monotonic()
    error = await unavailable(store.session(one.id))
    assert time.monotonic() - began < 3
    assert error.reason == "redis_slow"
    await unavailable(store.touch(one.id, now=NOW, idle=IDLE))
    server.resume()
    assert await again(lambda: store.session(two.id)) == two
    assert await store.session(one.id) is not None


@pytest.mark.parametrize("user", ["", "limen"])
async def test_D01_a_wrong_password_is_misconfigured_and_never_shown(
    server: redis.Server, tmp_path: Path, caplog: pytest.LogCaptureFixture, user: str
) -> None:
    caplog.set_level(logging.DEBUG)
    server.ask("CONFIG", "SET", "requirepass", "right")
    url = f"redis://{user}:very-wrong@127.0.0.1:{server.port}"
    store = open_store(f"sqlite:///{tmp_path}/limen.db", url)
    with pytest.raises(Misconfigured) as raised:
        await store.start()
    assert "very-wrong" not in f"{raised.value!r} {raised.value} {store!r} {caplog.text}"


async def test_D01_refused_while_serving_is_unavailable_until_let_in_again(
    server: redis.Server, opens: Opens
) -> None:
    store = await opens(server.url)
    session = await opened(store, await added(store))
    server.ask("CONFIG", "SET", "requirepass", "other")
    server.ask_as("other", "CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
    error = await again_refused(store, session)
    assert error.reason == "redis_refused"
    server.ask_as("other", "CONFIG", "SET", "requirepass", "")
    assert await again(lambda: store.session(session.id)) == session


async def again_refused(store: Store, session: object) -> Unavailable:
    """The connection may take a moment to be found dead."""
    for _ in range(100):
        try:
            await store.session(session.id)  # type: ignore[attr-defined]
        except Unavailable as error:
            return error
    raise AssertionError("it went on serving")


async def test_D01_a_master_that_became_a_replica_is_not_written_to_nor_read_from_for_long(
    server: redis.Server, opens: Opens
) -> None:
    other = redis.Server(server.kind)
    store = await opens(server.url)
    account = await added(store)
    session = await opened(store, account)
    server.ask("REPLICAOF", "127.0.0.1", str(other.port))
    error = await unavailable(store.touch(session.id, now=NOW, idle=IDLE))
    assert error.reason in ("redis_readonly", "redis_lost", "redis_loading")
    server.ask("REPLICAOF", "NO", "ONE")
    await again(lambda: store.read_feed(0, now=NOW))
    assert await store.session(session.id) in (None, session)
    other.destroy()


async def test_D01_a_replica_is_no_place_to_start(server: redis.Server, tmp_path: Path) -> None:
    server.ask("REPLICAOF", "127.0.0.1", str(redis.free_port()))
    store = open_store(f"sqlite:///{tmp_path}/limen.db", server.url)
    with pytest.raises(LimenError) as raised:
        await store.start()
    assert raised.value.reason == "redis_readonly"


async def test_D01_out_of_memory_refuses_what_grows_and_lets_sessions_be_ended(
    server: redis.Server, opens: Opens
) -> None:
    store = await opens(server.url)
    account = await added(store)
    session = await opened(store, account)
    server.ask("CONFIG", "SET", "maxmemory", "1")
    error = await unavailable(
        store.open_session(make_session(account, at=NOW + 1), limit=None, until=UNTIL, now=NOW)
    )
    assert error.reason == "redis_full"
    assert await store.session(session.id) == session
    event = await store.revoke_session(session.id, account=None, now=NOW, until=UNTIL, why="w")
    assert event is not None
    assert event in (await store.read_feed(0, now=NOW)).revocations
    server.ask("CONFIG", "SET", "maxmemory", "0")
    assert await store.open_session(
        make_session(account, at=NOW + 2), limit=1, until=UNTIL, now=NOW
    ) == Opened(())


@pytest.mark.parametrize("policy", ["allkeys-lru", "volatile-lru", "allkeys-random", "volatile-ttl"])
async def test_D04_a_redis_that_throws_things_away_is_refused(
    server: redis.Server, tmp_path: Path, policy: str
) -> None:
    server.ask("CONFIG", "SET", "maxmemory-policy", policy)
    store = open_store(f"sqlite:///{tmp_path}/limen.db", server.url)
    with pytest.raises(Misconfigured, match=policy):
        await store.start()


async def test_D04_a_session_that_is_missing_is_nobodys(server: redis.Server, opens: Opens) -> None:
    store = await opens(server.url + "?prefix=own")
    session = await opened(store, await added(store))
    server.ask("EVAL", "for _, k in ipairs(redis.call('KEYS', '*:s*')) do redis.call('DEL', k) end", "0")
    assert await store.session(session.id) is None
    assert not await store.touch(session.id, now=NOW, idle=IDLE)
