"""D06, D08, D29, D30: times to live and scripts that got lost, records that are not what they should be."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

import pytest

from limen import ids
from limen.clock import Instant
from limen.revocations import Kind, Revocation
from limen.stores.base import Gone, Opened, Rotated, Store
from limen.throttle import Limit, Wait
from support import redis
from support.stores import IDLE, NOW, UNTIL, added, digest, make_session, opened

pytestmark = pytest.mark.anyio

Opens = Callable[..., Awaitable[Store]]
ALL_KEYS = "for _, k in ipairs(redis.call('KEYS', '{p}:*')) do %s end"


async def store_of(server: redis.Server, opens: Opens) -> Store:
    return await opens(server.url + "?prefix=p")


async def test_D06_without_its_time_to_live_a_session_still_ends(server: redis.Server, opens: Opens) -> None:
    store = await store_of(server, opens)
    account = await added(store)
    session = await opened(store, account)
    server.ask("EVAL", ALL_KEYS % "redis.call('PERSIST', k)", "0")
    assert await store.rotate(session.id, session.digest, digest(1), now=session.ends, idle=IDLE) == Gone()
    assert not await store.touch(session.id, now=session.ends, idle=IDLE)
    assert await store.sessions_of(account.id, now=session.ends) == []
    assert await store.sweep(now=session.ends) == 1
    assert await store.session(session.id) is None


async def test_D06_a_clock_of_redis_that_is_wrong_ends_nothing_early(
    server: redis.Server, opens: Opens
) -> None:
    """Times to live are lengths and a day longer than needed; whoever reads compares with his own clock."""
    store = await store_of(server, opens)
    session = await opened(store, await added(store))
    key = f"{{p}}:1:s{ids.to_bytes(session.id).hex()}"
    probe = "for _, k in ipairs(redis.call('KEYS', '{p}:1:s*')) do return redis.call('PTTL', k) end"
    left = int(server.ask("EVAL", probe, "0").strip(":\r\n"))
    assert key
    assert left > (session.expires - NOW) * 1000 + 86_000_000
    await store.rotate(session.id, session.digest, digest(1), now=NOW, idle=IDLE)
    await store.touch(session.id, now=Instant(NOW + 1), idle=IDLE)
    assert int(server.ask("EVAL", probe, "0").strip(":\r\n")) > left - 60_000


async def test_D08_scripts_that_were_forgotten_are_sent_again(server: redis.Server, opens: Opens) -> None:
    store = await store_of(server, opens)
    account = await added(store)
    held = [await opened(store, account, at=NOW + n) for n in range(20)]
    server.ask("SCRIPT", "FLUSH")
    answers = await asyncio.gather(
        *(store.rotate(s.id, s.digest, digest((s.id, 1)), now=NOW, idle=IDLE) for s in held)
    )
    assert all(isinstance(answer, Rotated) for answer in answers)
    server.ask("SCRIPT", "FLUSH")
    event = await store.revoke_account(account.id, now=NOW, until=UNTIL, why="w")
    server.ask("SCRIPT", "FLUSH")
    assert (await store.read_feed(0, now=NOW)).revocations == (event,)
    assert await store.charge([("a", Limit(free=1))], now=NOW) is None


async def test_D08_a_step_that_fails_half_way_has_done_nothing(server: redis.Server, opens: Opens) -> None:
    store = await store_of(server, opens)
    account = await added(store)
    session = await opened(store, account)
    server.ask("CONFIG", "SET", "maxmemory", "1")
    for attempt in (
        store.charge([("a", Limit(free=5)), ("b", Limit(free=5))], now=NOW),
        store.rotate(session.id, session.digest, digest(1), now=NOW, idle=IDLE),
        store.revoke(Revocation(Kind.KEY, "k", NOW, UNTIL, NOW, "w")),
    ):
        with pytest.raises(Exception, match="cannot be reached"):
            await attempt
    server.ask("CONFIG", "SET", "maxmemory", "0")
    assert await store.session(session.id) == session
    assert (await store.read_feed(0, now=NOW)).position == 0
    narrow = Limit(free=1)
    assert await store.charge([("a", narrow), ("b", narrow)], now=NOW) is None


async def test_D29_a_record_under_another_id_is_absent_and_raises_the_alarm(
    server: redis.Server, opens: Opens, caplog: pytest.LogCaptureFixture
) -> None:
    store = await store_of(server, opens)
    account = await added(store)
    one, two = await opened(store, account), await opened(store, account, at=NOW + 1)
    swap = """
    local k = redis.call('KEYS', '{p}:1:s*')
    redis.call('RENAME', k[1], 'x') redis.call('RENAME', k[2], k[1]) redis.call('RENAME', 'x', k[2])
    """
    server.ask("EVAL", swap, "0")
    assert await store.session(one.id) is None
    assert await store.session(two.id) is None
    assert [r.levelno for r in caplog.records] == [logging.CRITICAL] * 2


@pytest.mark.parametrize("damage", ["redis.call('SET', k, 'x')", "redis.call('SETRANGE', k, 125, '\\255')",
                                    "redis.call('SETRANGE', k, 126, '\\255\\255')"])  # fmt: skip
async def test_D30_a_record_that_cannot_be_read_is_absent_and_can_be_ended(
    server: redis.Server, opens: Opens, caplog: pytest.LogCaptureFixture, damage: str
) -> None:
    store = await store_of(server, opens)
    account = await added(store)
    session = await opened(store, account)
    server.ask("EVAL", ALL_KEYS.replace("*", "1:s*") % damage, "0")
    assert await store.session(session.id) is None
    assert await store.sessions_of(account.id, now=NOW) == []
    assert await store.rotate(session.id, session.digest, digest(1), now=NOW, idle=IDLE) == Gone()
    assert "cannot be read" in caplog.text
    assert session.source not in caplog.text
    assert await store.revoke_session(session.id, account=None, now=NOW, until=UNTIL, why="w") is not None


async def test_D30_an_event_that_cannot_be_read_hides_no_other(
    server: redis.Server, opens: Opens, caplog: pytest.LogCaptureFixture
) -> None:
    store = await store_of(server, opens)
    first = await store.revoke(Revocation(Kind.KEY, "k", NOW, UNTIL, NOW, "w"))
    server.ask("XADD", "{p}:1:F", "2-0", "k", "nonsense")
    server.ask("HSET", "{p}:meta", "position", "2")
    last = await store.revoke(Revocation(Kind.KEY, "l", NOW, UNTIL, NOW, "w"))
    assert (await store.read_feed(0, now=NOW)).revocations == (first, last)
    assert "cannot be read" in caplog.text


async def test_a_bucket_that_cannot_be_read_is_a_new_one(server: redis.Server, opens: Opens) -> None:
    store = await store_of(server, opens)
    limit = Limit(free=1)
    assert await store.charge([("a", limit)], now=NOW) is None
    assert await store.charge([("a", limit)], now=NOW) == Wait("a", 1.0)
    server.ask("SET", "{p}:1:ba", "x")
    assert await store.charge([("a", limit)], now=NOW) is None


async def test_a_session_that_its_time_to_live_took_is_listed_no_more(
    server: redis.Server, opens: Opens
) -> None:
    store = await store_of(server, opens)
    account = await added(store)
    await opened(store, account)
    server.ask("EVAL", ALL_KEYS.replace("*", "1:s*") % "redis.call('DEL', k)", "0")
    assert await store.sessions_of(account.id, now=NOW) == []
    new = make_session(account, at=NOW + 1)
    assert await store.open_session(new, limit=1, until=UNTIL, now=NOW) == Opened(())
