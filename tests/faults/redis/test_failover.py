"""D02, D03: replicas, Sentinels and a failover at the worst moment."""

from __future__ import annotations

import asyncio
import logging
import re
import time
from collections.abc import Awaitable, Callable, Iterator

import pytest

from limen.clock import Instant
from limen.errors import Unavailable
from limen.revocations import Kind
from limen.stores.base import Cut, Opened, Rotated, Stale, Store
from support import redis
from support.stores import IDLE, NOW, UNTIL, added, digest, make_session, opened

pytestmark = pytest.mark.anyio

Opens = Callable[..., Awaitable[Store]]
LATER = Instant(NOW + 60)


@pytest.fixture(params=["redis", "valkey"])
def kind(request: pytest.FixtureRequest) -> str:
    redis.require(request.param)
    return str(request.param)


@pytest.fixture
def sentinels() -> Iterator[redis.Sentinels]:
    redis.require("redis")
    group = redis.Sentinels("redis")
    yield group
    group.destroy()


@pytest.fixture
def pair(kind: str) -> Iterator[tuple[redis.Server, redis.Server]]:
    """A master and its replica, with nobody watching."""
    master = redis.Server(kind)
    replica = redis.Server(kind, "--replicaof", "127.0.0.1", str(master.port))
    redis.until(lambda: master.ask("WAIT", "1", "1000").startswith(":1"))
    yield master, replica
    replica.destroy()
    master.destroy()


async def eventually(attempt: Callable[[], Awaitable[object]], *, within: float = 30.0) -> object:
    end = time.monotonic() + within
    while True:
        try:
            return await attempt()
        except Unavailable:
            assert time.monotonic() < end
            await asyncio.to_thread(redis.moment)


async def test_D02_too_few_replicas_and_a_revocation_is_not_acknowledged(
    pair: tuple[redis.Server, redis.Server], opens: Opens
) -> None:
    master, replica = pair
    store = await opens(master.url + "?replicas=1&replicas_wait=0.3")
    account = await added(store)
    await eventually(lambda: store.read_feed(0, now=NOW))
    one, two, three = [await opened(store, account, at=NOW + n) for n in range(3)]
    assert await store.revoke_session(one.id, account=None, now=NOW, until=UNTIL, why="w") is not None
    replica.pause()
    for attempt in (
        store.revoke_session(two.id, account=None, now=NOW, until=UNTIL, why="w"),
        store.revoke_session(
            two.id, account=None, now=NOW, until=UNTIL, why="w"
        ),  # it is gone: still not sure
        store.rotate(three.id, three.digest, digest(1), now=NOW, idle=IDLE),
        store.rotate(three.id, three.digest, digest(1), now=NOW, idle=IDLE),  # a retry is no way around it
        store.revoke_account(account.id, now=NOW, until=UNTIL, why="w"),
        store.read_feed(0, now=NOW),
    ):
        with pytest.raises(Unavailable) as raised:
            await attempt
        assert raised.value.code == "unconfirmed"
    late = make_session(account, at=NOW + 9)
    answer = await store.open_session(late, limit=None, until=UNTIL, now=NOW)
    assert isinstance(answer, Cut)  # the accounts had not been told how far it went; now they have
    with pytest.raises(Unavailable) as raised:
        await store.open_session(late, limit=None, until=UNTIL, now=NOW)
    assert raised.value.code == "unconfirmed"
    replica.resume()
    await eventually(lambda: store.read_feed(0, now=NOW))
    later = make_session(account, at=NOW + 10)
    assert await store.open_session(later, limit=None, until=UNTIL, now=NOW) == Opened(())
    assert await store.revoke_session(late.id, account=None, now=NOW, until=UNTIL, why="w") is not None


async def test_R21_what_was_revoked_on_the_master_is_not_read_from_a_replica_that_lags(
    pair: tuple[redis.Server, redis.Server], opens: Opens
) -> None:
    """It has the session still. Nobody reads there, not even who was given its address."""
    master, replica = pair
    one, two = await opens(master.url), await opens(master.url)
    session = await opened(one, await added(one))
    master.ask("WAIT", "1", "1000")
    replica.pause()
    revoked = await one.revoke_session(session.id, account=None, now=NOW, until=UNTIL, why="w")
    for store in (one, two):
        assert await store.session(session.id) is None
        assert revoked in (await store.read_feed(0, now=NOW)).revocations
    replica.resume()
    with pytest.raises(Unavailable) as raised:
        await opens(replica.url, database="other.db")
    assert raised.value.reason == "redis_readonly"


async def test_D03_a_master_without_its_replica_is_not_believed_for_longer_than_the_lease(
    pair: tuple[redis.Server, redis.Server], opens: Opens
) -> None:
    """As one that was deposed and does not know it: it goes on serving, and nobody follows it."""
    master, replica = pair
    store = await opens(master.url + "?replicas=1&replicas_wait=0.3")
    await eventually(lambda: store.read_feed(0, now=NOW))
    session = await opened(store, await added(store))
    assert await store.session(session.id) == session
    replica.ask("REPLICAOF", "NO", "ONE")
    began = time.monotonic()
    with pytest.raises(Unavailable) as raised:
        while time.monotonic() - began < 4:
            await store.session(session.id)
            await asyncio.to_thread(redis.moment)
    assert raised.value.code == "unconfirmed"


async def test_D03_a_master_that_nobody_follows_any_more_lets_nobody_sign_in(
    pair: tuple[redis.Server, redis.Server], opens: Opens
) -> None:
    """A replica that was promoted would not know the session, nor could it end it."""
    master, replica = pair
    store = await opens(master.url + "?replicas=1&replicas_wait=0.3")
    account = await added(store)
    await eventually(lambda: store.read_feed(0, now=NOW))
    replica.ask("REPLICAOF", "NO", "ONE")
    with pytest.raises(Unavailable) as raised:
        await opened(store, account)
    assert raised.value.code == "unconfirmed"


async def test_D02_the_master_dies_right_after_a_revocation_that_a_replica_has(
    sentinels: redis.Sentinels, opens: Opens, caplog: pytest.LogCaptureFixture
) -> None:
    one, two = [await opens(sentinels.url + "?replicas=1&patience=0.5") for _ in range(2)]
    account = await added(one)
    session, rotating, kept = [await opened(one, account, at=NOW + n) for n in range(3)]
    known = (await two.read_feed(0, now=NOW)).position
    rotated = await one.rotate(rotating.id, rotating.digest, digest(1), now=NOW, idle=IDLE)
    assert isinstance(rotated, Rotated)
    event = await one.revoke_session(session.id, account=None, now=NOW, until=UNTIL, why="w")
    sentinels.master.kill()
    redis.until(sentinels.is_promoted)
    sentinels.promoted()
    # Nobody follows the new master yet, so it is not believed, and nothing is revived in the meantime.
    with pytest.raises(Unavailable):
        await two.session(session.id)
    sentinels.master.start()
    page = await eventually(lambda: two.read_feed(known, now=NOW))
    assert page.revocations == (event,)  # type: ignore[attr-defined]
    for store in (one, two):
        assert await eventually(lambda: store.session(session.id)) is None  # noqa: B023
        assert await eventually(lambda: store.session(kept.id)) == kept  # noqa: B023
    stale = await two.rotate(rotating.id, rotating.digest, digest(2), now=NOW, idle=IDLE)
    assert isinstance(stale, Stale)
    assert stale.session.digest == digest(1)
    assert not [r for r in caplog.records if r.levelno == logging.CRITICAL]


async def test_D02_a_failover_to_a_replica_that_lagged_ends_everything_rather_than_revive_anything(
    sentinels: redis.Sentinels, opens: Opens, caplog: pytest.LogCaptureFixture
) -> None:
    """Without `replicas`, what is acknowledged may be lost; it is found out, and nobody is let in by it."""
    store = await opens(sentinels.url + "?patience=0.5")
    account = await added(store)
    session = await opened(store, account)
    (replica,) = sentinels.replicas
    redis.until(lambda: sentinels.master.ask("WAIT", "1", "1000").startswith(":1"))
    replica.ask("REPLICAOF", "127.0.0.1", str(redis.free_port()))
    event = await store.revoke_session(session.id, account=None, now=NOW, until=UNTIL, why="w")
    assert event is not None
    sentinels.master.kill()
    redis.until(sentinels.is_promoted)
    page = await eventually(lambda: store.read_feed(event.position, now=LATER))
    assert [e.kind for e in page.revocations] == [Kind.ISSUER]  # type: ignore[attr-defined]
    assert await store.session(session.id) is None
    assert len([r for r in caplog.records if r.levelno == logging.CRITICAL]) == 1


async def test_D03_a_master_that_the_sentinels_gave_up_is_left_though_it_goes_on_serving(
    sentinels: redis.Sentinels, opens: Opens
) -> None:
    """They could not reach it for a while; we always could."""
    store = await opens(sentinels.url)
    account = await added(store)
    session = await opened(store, account)
    await store.read_feed(0, now=NOW)
    assert await store.session(session.id) == session
    redis.until(lambda: sentinels.master.ask("WAIT", "1", "1000").startswith(":1"))
    clients = sentinels.master.ask("CLIENT", "LIST").splitlines()
    theirs = [re.findall(r"id=(\d+)", line)[0] for line in clients if "name=sentinel-" in line]
    sentinels.master.ask("CONFIG", "SET", "requirepass", "nobody knows")
    for number in theirs:
        sentinels.master.ask_as("nobody knows", "CLIENT", "KILL", "ID", number)
    redis.until(sentinels.is_promoted)
    end = time.monotonic() + 15
    while f":{sentinels.promoted().port}" not in await _master_of(store):
        assert time.monotonic() < end
        try:
            await store.read_feed(0, now=NOW)
        except Unavailable:
            await asyncio.to_thread(redis.moment)
    assert await eventually(lambda: store.session(session.id)) == session


async def _master_of(store: Store) -> str:
    driver = store._sessions._driver  # type: ignore[attr-defined]
    return f":{driver._node[1]}" if driver._node else ""


async def test_a_cluster_serves_from_the_master_of_our_slot(opens: Opens) -> None:
    redis.require("redis")
    cluster = redis.Cluster("redis")
    for prefix in ("a", "b", "c", "limen"):
        store = await opens(f"{cluster.url}?prefix={prefix}", database=f"{prefix}.db")
        account = await added(store)
        session = await opened(store, account)
        assert await store.session(session.id) == session
        event = await store.revoke_account(account.id, now=NOW, until=UNTIL, why="w")
        assert (await store.read_feed(0, now=NOW)).revocations == (event,)
        await store.close()
    cluster.destroy()
