"""S30, D07, D29: whoever is cancelled harms nobody, and nobody gets another's row, whatever the wire says."""

from __future__ import annotations

import asyncio
import logging
import random

import pytest

from limen.sessions import Session
from limen.stores import open_store
from limen.stores.base import Gone, Rotated, Store
from support import servers
from support.postgres_wire import Wire
from support.stores import IDLE, NOW, added, digest, opened

pytestmark = pytest.mark.anyio


async def held_by(store: Store, count: int) -> list[Session]:
    account = await added(store)
    return [await opened(store, account, at=NOW + n / 1000) for n in range(count)]


@pytest.mark.parametrize("before", [servers.postgres, servers.pgbouncer], ids=["postgres", "pgbouncer"])
async def test_S30_D07_thousands_of_cancelled_lookups_mix_nothing_up(before: object) -> None:
    chance = random.Random(20_261_125)
    store = open_store(before().url(schema=servers.new_schema()))  # type: ignore[operator]
    await store.start()
    held = await held_by(store, 50)

    async def look_up(session: Session) -> None:
        found = await store.session(session.id)
        assert found == session

    for _ in range(150):
        lookups = [asyncio.create_task(look_up(session)) for session in chance.choices(held, k=30)]
        lookups += [asyncio.create_task(one_account(store, held[0])) for _ in range(2)]
        for _ in range(chance.randrange(6)):
            await asyncio.sleep(0)
        for lookup in chance.sample(lookups, 15):
            lookup.cancel()
        outcomes = await asyncio.gather(*lookups, return_exceptions=True)
        assert {type(outcome) for outcome in outcomes} <= {type(None), asyncio.CancelledError}
    for session in held:
        await look_up(session)
    await store.close()


async def one_account(store: Store, session: Session) -> None:
    found = await store.account(session.account)
    assert found is not None
    assert found.id == session.account


async def test_D07_a_thousand_that_give_up_do_not_cost_a_thousand_connections(line: Wire, url: str) -> None:
    store = open_store(url)
    await store.start()
    session = (await held_by(store, 1))[0]
    before = line.connections
    for _ in range(1_000):
        lookup = asyncio.create_task(store.session(session.id))
        await asyncio.sleep(0)
        lookup.cancel()
        await asyncio.wait({lookup})
    assert await store.session(session.id) == session
    assert line.connections - before < 15
    await store.close()


@pytest.mark.parametrize("alone", [True, False])
async def test_D29_a_row_of_another_id_is_nobodys(
    line: Wire, url: str, alone: bool, caplog: pytest.LogCaptureFixture
) -> None:
    """A pipeline that is out of step answers with another's row: it is absent, and the operator is told."""
    store = open_store(url)
    await store.start()
    mine, theirs = await held_by(store, 2)
    swap = (bytes.fromhex(mine.id.replace("-", "")), bytes.fromhex(theirs.id.replace("-", "")))
    line.rewrite = lambda message: message.replace(*swap) if message[:1] == b"D" else message
    asked = [mine.id] if alone else [mine.id, mine.id]
    with caplog.at_level(logging.CRITICAL):
        assert set(await asyncio.gather(*map(store.session, asked))) == {None}
    assert "row of another id" in caplog.text
    line.rewrite = lambda message: message
    assert await store.session(mine.id) == mine
    await store.close()


@pytest.mark.parametrize(
    "damage", ["strategy = '?'", "ends = 'Infinity'", "expires = 'NaN'", "amr = E'a\\nb', strategy = ''"]
)
async def test_D30_a_row_edited_by_hand_is_no_session(damage: str, caplog: pytest.LogCaptureFixture) -> None:
    schema = servers.new_schema()
    store = open_store(servers.postgres().url(schema=schema))
    await store.start()
    good, bad = await held_by(store, 2)
    servers.postgres().sql("limen", f"UPDATE {schema}.limen_sessions SET {damage} WHERE id = '{bad.id}'")
    assert await store.session(bad.id) is None
    assert "cannot be read" in caplog.text
    assert bad.id not in caplog.text
    assert await store.sessions_of(good.account, now=NOW) == [good]
    assert await store.session(good.id) == good
    await store.close()


async def test_D30_a_row_that_cannot_be_read_is_not_rotated_either() -> None:
    """And the rotation of another in the same group is."""
    schema = servers.new_schema()
    store = open_store(servers.postgres().url(schema=schema))
    await store.start()
    good, bad = await held_by(store, 2)
    servers.postgres().sql(
        "limen", f"UPDATE {schema}.limen_sessions SET strategy = '?' WHERE id = '{bad.id}'"
    )
    gone = store.rotate(bad.id, bad.digest, digest(1), now=NOW, idle=IDLE)
    kept = store.rotate(good.id, good.digest, digest(1), now=NOW, idle=IDLE)
    answers = await asyncio.gather(gone, kept)
    assert answers[0] == Gone()
    assert isinstance(answers[1], Rotated)
    query = f"SELECT generation FROM {schema}.limen_sessions WHERE id = '{bad.id}'"
    assert servers.postgres().sql("limen", query) == "0", "what cannot be read was not rotated"
    await store.close()
