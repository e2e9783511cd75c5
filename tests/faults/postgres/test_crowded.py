"""D13: more is asked than can be done: whoever cannot be served in time is told so, and all goes on after."""

from __future__ import annotations

import asyncio
import os

import asyncpg
import pytest

from limen.errors import Unavailable
from limen.stores import open_store
from limen.stores.postgres import PostgresStore, writer
from limen.stores.postgres.connection import Connection
from limen.stores.postgres.pool import Pool
from support import servers
from support.stores import IDLE, NOW, added, digest, opened

pytestmark = pytest.mark.anyio


async def test_D13_a_thousand_waiters_are_answered_in_time() -> None:
    schema = servers.new_schema()
    store = PostgresStore(servers.postgres().url(schema=schema, connections=2), patience=0.4)
    await store.start()
    account = await added(store)
    session = await opened(store, account)
    hand = await asyncpg.connect(servers.postgres().url(), server_settings={"search_path": schema})
    await hand.execute("BEGIN")
    await hand.execute("LOCK TABLE limen_sessions, limen_accounts IN ACCESS EXCLUSIVE MODE")
    attempts = [
        *(store.rotate(session.id, session.digest, digest(n), now=NOW, idle=IDLE) for n in range(400)),
        *(store.account(account.id) for _ in range(400)),
        *(store.session(session.id) for _ in range(200)),
    ]
    outcomes = await asyncio.wait_for(asyncio.gather(*attempts, return_exceptions=True), 5)
    assert {type(outcome) for outcome in outcomes} == {Unavailable}
    assert all(outcome.retry_after > 0 for outcome in outcomes)  # type: ignore[union-attr]
    await hand.execute("ROLLBACK")
    await hand.close()
    assert await store.session(session.id) == session
    assert await store.account(account.id) == account
    await store.close()


async def test_D13_a_queue_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer, "QUEUE_MAX", 100)
    store = open_store(servers.postgres().url(schema=servers.new_schema()))
    await store.start()
    session = await opened(store, await added(store))
    touches = [store.touch(session.id, now=NOW, idle=IDLE) for _ in range(300)]
    outcomes = await asyncio.gather(*touches, return_exceptions=True)
    assert outcomes[:100] == [True] * 100
    assert {type(outcome) for outcome in outcomes[100:]} == {Unavailable}
    assert await store.touch(session.id, now=NOW, idle=IDLE)
    await store.close()


async def test_the_pool_makes_no_more_than_it_may_and_loses_none() -> None:
    made: list[Connection] = []

    async def connect() -> Connection:
        connection: Connection = await asyncpg.connect(servers.postgres().url())
        made.append(connection)
        return connection

    pool = Pool(connect, size=3, patience=5)

    async def use(fail: bool) -> None:
        async with pool.connection() as connection:
            await connection.fetch("SELECT 1")
            assert sum(not c.is_closed() for c in made) <= 3
            if fail:
                raise ValueError

    for turn in range(10):
        tasks = [asyncio.create_task(use(n % 5 == 0)) for n in range(20)]
        await asyncio.sleep(0)
        tasks[turn].cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    assert pool._held <= 3
    await asyncio.gather(*(use(False) for _ in range(10)))
    await pool.close()
    assert all(connection.is_closed() for connection in made)
    with pytest.raises(Unavailable):
        await use(False)


async def test_a_forked_process_leaves_the_parents_connections_alone() -> None:
    store = open_store(servers.postgres().url(schema=servers.new_schema()))
    await store.start()
    account = await added(store)
    child = os.fork()
    if child == 0:  # the child must not come back into pytest
        try:
            store.account(account.id).send(None)  # type: ignore[attr-defined]
        except Unavailable as refused:
            os._exit(0 if refused.code == "store_forked" else 1)
        os._exit(2)
    _, status = await asyncio.to_thread(os.waitpid, child, 0)
    assert os.waitstatus_to_exitcode(status) == 0
    assert await store.account(account.id) == account
    await store.close()


async def test_nobodys_receipt_stays_behind() -> None:
    """A store that closes takes its receipts along; those of a process that died go with a sweep, in time."""
    schema = servers.new_schema()
    store = open_store(servers.postgres().url(schema=schema))
    await store.start()
    await added(store)
    count = f"SELECT count(*) FROM {schema}.limen_receipts"
    assert int(servers.postgres().sql("limen", count)) > 0
    await store.close()
    assert servers.postgres().sql("limen", count) == "0"
    old = "VALUES (gen_random_uuid(), 1, now() - interval '2 days'), (gen_random_uuid(), 1, now())"
    servers.postgres().sql("limen", f"INSERT INTO {schema}.limen_receipts (lane, turn, at) {old}")
    await store.start()
    await store.sweep(now=NOW)
    await store.close()
    assert servers.postgres().sql("limen", count) == "1"
