"""The feed of PostgreSQL: nothing is skipped however transactions interleave, and readers are called."""

from __future__ import annotations

import asyncio
import random

import asyncpg
import pytest

from limen.clock import Instant
from limen.revocations import Kind, Revocation
from limen.stores import open_store
from limen.stores.postgres import PostgresStore, events
from support import servers
from support.postgres_wire import Fate, Wire
from support.stores import NOW, UNTIL

pytestmark = pytest.mark.anyio

LONG = 60.0
"""So long that only a call can have ended a wait."""


def event(name: object) -> Revocation:
    return Revocation(Kind.KEY, str(name), NOW, UNTIL, NOW, "w")


def columns(*names: str) -> list[list[object]]:
    count = len(names)
    return [["key"] * count, list(names), [NOW] * count, [UNTIL] * count, [NOW] * count, ["w"] * count]


async def by_hand(schema: str) -> asyncpg.Connection:
    """A connection whose transactions the test begins and ends, to interleave them as it likes."""
    return await asyncpg.connect(servers.postgres().url(), server_settings={"search_path": schema})


async def test_a_row_that_commits_late_is_never_skipped() -> None:
    """Two transactions append; the first to append commits last. A reader in between must lose neither."""
    schema = servers.new_schema()
    store = open_store(servers.postgres().url(schema=schema))
    await store.start()
    slow = await by_hand(schema)
    await slow.execute("BEGIN")
    await slow.fetch(events._APPEND, *columns("slow"))
    quick = asyncio.create_task(store.revoke(event("quick")))
    done, _ = await asyncio.wait({quick}, timeout=0.2)
    assert not done, "the quick one was acknowledged at a position above one that may still come"
    assert (await store.read_feed(0, now=NOW)).position == 0
    await slow.execute("COMMIT")
    assert (await quick).position == 2
    page = await store.read_feed(0, now=NOW)
    assert [(r.subject, r.position) for r in page.revocations] == [("slow", 1), ("quick", 2)]
    await slow.close()
    await store.close()


async def test_the_same_interleaving_would_skip_a_row_of_a_sequence() -> None:
    """What the counter is for: with positions of a sequence, the reader below loses a row for good."""
    schema = servers.new_schema()
    servers.postgres().sql(
        "limen", f"CREATE SCHEMA {schema}", f"CREATE TABLE {schema}.log (p bigserial, name text)"
    )
    slow, quick = await by_hand(schema), await by_hand(schema)
    await slow.execute("BEGIN")
    await slow.execute("INSERT INTO log (name) VALUES ('slow')")
    await quick.execute("INSERT INTO log (name) VALUES ('quick')")
    seen = [row["name"] for row in await quick.fetch("SELECT * FROM log WHERE p > 0 ORDER BY p")]
    await slow.execute("COMMIT")
    seen += [row["name"] for row in await quick.fetch("SELECT * FROM log WHERE p > 2 ORDER BY p")]
    assert seen == ["quick"]
    await slow.close()
    await quick.close()


async def test_a_transaction_that_is_taken_back_leaves_no_position_behind() -> None:
    schema = servers.new_schema()
    store = open_store(servers.postgres().url(schema=schema))
    await store.start()
    hand = await by_hand(schema)
    await hand.execute("BEGIN")
    await hand.fetch(events._APPEND, *columns("a", "b"))
    await hand.execute("ROLLBACK")
    assert (await store.revoke(event("c"))).position == 1
    await hand.close()
    await store.close()


async def test_R17_many_writers_and_readers_interleave_and_nobody_misses_anything() -> None:
    """Four processes' worth of writers, transactions of the test's own that dawdle, three that follow."""
    chance = random.Random(20_261_125)
    schema = servers.new_schema()
    stores = [open_store(servers.postgres().url(schema=schema)) for _ in range(4)]
    await stores[0].start()
    await asyncio.gather(*(store.start() for store in stores[1:]))
    ended = asyncio.Event()

    async def write(number: int) -> None:
        for n in range(60):
            await stores[number].revoke(event(f"{number}.{n}"))

    async def dawdle(number: int) -> None:
        hand = await by_hand(schema)
        for n in range(15):
            await hand.execute("BEGIN")
            await asyncio.sleep(chance.uniform(0, 0.002))
            await hand.fetch(events._APPEND, *columns(f"hand {number}.{n}", f"hand {number}.{n}'"))
            await asyncio.sleep(chance.uniform(0, 0.004))
            await hand.execute("COMMIT" if n % 3 else "ROLLBACK")
        await hand.close()

    async def follow(number: int) -> list[str]:
        position, seen = 0, list[str]()
        while True:
            last = ended.is_set()
            page = await stores[number].read_feed(position, now=NOW)
            assert [r.position for r in page.revocations] == sorted(r.position for r in page.revocations)
            seen += [r.subject for r in page.revocations]
            position = page.position
            if last:
                return seen
            await stores[number].wait(position, every=0.001, at_most=0.05)

    followers = [asyncio.create_task(follow(number)) for number in range(3)]
    await asyncio.gather(*(write(n) for n in range(4)), *(dawdle(n) for n in range(3)))
    ended.set()
    whole = [r.subject for r in (await stores[3].read_feed(0, now=NOW)).revocations]
    assert len(whole) == len(set(whole)) == 4 * 60 + 3 * 10 * 2
    for seen in await asyncio.gather(*followers):
        assert seen == whole
    await asyncio.gather(*(store.close() for store in stores))


async def test_a_reader_is_called_when_another_process_appends() -> None:
    url = servers.postgres().url(schema=servers.new_schema())
    one, two = open_store(url), open_store(url)
    await one.start()
    await two.start()
    for n in range(5):
        position = (await one.read_feed(0, now=NOW)).position
        waiting = asyncio.create_task(one.wait(position, every=LONG, at_most=LONG))
        await asyncio.sleep(0)
        kept = await two.revoke(event(n))
        await asyncio.wait_for(waiting, 5)
        assert kept in (await one.read_feed(position, now=NOW)).revocations
    await one.close()
    await two.close()


async def test_a_call_before_the_wait_is_not_missed() -> None:
    url = servers.postgres().url(schema=servers.new_schema())
    one, two = open_store(url), open_store(url)
    await one.start()
    await two.start()
    kept = await two.revoke(event(1))
    while (await one.read_feed(0, now=NOW)).position < kept.position:
        continue
    await asyncio.wait_for(one.wait(0, every=LONG, at_most=LONG), 5)
    await asyncio.wait_for(one.wait(kept.position, every=LONG, at_most=0.01), 5)
    await one.close()
    await two.close()


async def test_whoever_stops_listening_is_woken_and_listens_again(line: Wire, url: str) -> None:
    store, other = PostgresStore(url), PostgresStore(url)
    await store.start()
    await other.start()
    waiting = asyncio.create_task(store.wait(0, every=0.001, at_most=LONG))
    await asyncio.sleep(0)
    servers.postgres().sql(
        "limen", "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN%'"
    )
    await asyncio.wait_for(waiting, 5)
    assert (await store.read_feed(0, now=NOW)).position == 0
    waiting = asyncio.create_task(store.wait(0, every=LONG, at_most=LONG))
    await asyncio.sleep(0)
    await other.revoke(event(1))
    await asyncio.wait_for(waiting, 5)
    await store.close()
    await other.close()


async def test_the_feed_is_read_while_the_pool_is_stuck() -> None:
    """Every connection of the pool waits for a lock; revocations of others are seen all the same."""
    schema = servers.new_schema()
    url = servers.postgres().url(schema=schema, connections=1)
    store, other = open_store(url), open_store(url)
    await store.start()
    await other.start()
    hand = await by_hand(schema)
    await hand.execute("BEGIN")
    await hand.execute("LOCK TABLE limen_buckets IN EXCLUSIVE MODE")
    stuck = asyncio.create_task(store.sweep(now=NOW))
    kept = await other.revoke(event(1))
    page = await asyncio.wait_for(store.read_feed(0, now=NOW), 2)
    assert page.revocations == (kept,)
    await hand.execute("ROLLBACK")
    await stuck
    await hand.close()
    await store.close()
    await other.close()


async def test_a_pooler_is_found_out_and_the_feed_is_polled_or_heard_directly() -> None:
    """LISTEN needs a session: behind PgBouncer there is none, but `direct` may name the server."""
    before, schema = servers.pgbouncer(), servers.new_schema()
    polled = PostgresStore(before.url(schema=schema))
    direct = f"{servers.postgres().folder}:{servers.postgres().port}"
    heard = PostgresStore(before.url(schema=schema, direct=direct))
    await polled.start()
    await heard.start()
    await asyncio.wait_for(polled.wait(0, every=0.001, at_most=LONG), 5)
    waiting = asyncio.create_task(heard.wait(0, every=LONG, at_most=LONG))
    await asyncio.sleep(0)
    kept = await polled.revoke(event(1))
    await asyncio.wait_for(waiting, 5)
    assert (await heard.read_feed(0, now=NOW)).revocations == (kept,)
    await polled.close()
    await heard.close()


async def test_a_paused_process_holds_nobody_up_for_long(line: Wire, url: str) -> None:
    """It stops between its last statement and its COMMIT, holding the counter: the server cuts it off."""
    paused, other = PostgresStore(url), PostgresStore(servers.postgres().tcp(schema=url.rpartition("=")[2]))
    await paused.start()
    await other.start()
    line.plan = lambda request: Fate.LATE if b"COMMIT\0" in request else Fate.PASS
    ending = asyncio.create_task(paused.revoke(event("paused")))
    await asyncio.wait({ending}, timeout=0.1)
    kept = await asyncio.wait_for(other.revoke(event("other")), 5)
    line.plan = lambda _: Fate.PASS
    line.late.set()
    assert (await ending).position == kept.position + 1
    subjects = [r.subject for r in (await other.read_feed(0, now=Instant(NOW))).revocations]
    assert subjects == ["other", "paused"]
    await paused.close()
    await other.close()
