"""A store's own life: starting, sweeping, being cancelled, closing."""

from __future__ import annotations

import asyncio

import pytest

from limen.clock import Instant
from limen.errors import Unavailable
from limen.ids import AccountID
from limen.stores.base import Rotated, Stale, Store
from limen.throttle import Limit
from support.stores import IDLE, NOW, UNTIL, Home, added, digest, make_account, make_session, opened

pytestmark = pytest.mark.anyio


async def test_a_closed_store_is_unavailable_and_a_restarted_one_is_not(home: Home) -> None:
    store = home.open()
    await store.start()
    account = await added(store)
    await store.close()
    await store.close()
    for attempt in (
        store.account(account.id),
        store.read_feed(0, now=NOW),
        store.ring(),
        store.ping(),
        store.sweep(now=NOW),
        store.enable_account(account.id),
    ):
        with pytest.raises(Unavailable):
            await attempt
    await store.start()
    await store.start()
    await store.ping()
    assert await store.account(account.id) == account
    await store.close()


async def test_closing_finishes_what_was_begun(home: Home) -> None:
    store = home.open()
    await store.start()
    accounts = [make_account(f"p{n}") for n in range(40)]
    writes = [asyncio.ensure_future(store.add_account(account)) for account in accounts]
    await asyncio.sleep(0)
    await store.close()
    assert await asyncio.gather(*writes) == [True] * 40
    await store.start()
    assert len(await store.accounts()) == 40
    await store.close()


async def test_S30_a_cancelled_caller_leaves_a_whole_step_and_nobody_gets_its_answer(store: Store) -> None:
    account = await added(store)
    held = [await opened(store, account, at=NOW + n) for n in range(40)]
    rotations = [
        asyncio.ensure_future(
            store.rotate(s.id, s.digest, digest((s.id, 1)), now=Instant(NOW + 60), idle=IDLE)
        )
        for s in held
    ]
    await asyncio.sleep(0)
    for rotation in rotations[::2]:
        rotation.cancel()
    answers = await asyncio.gather(*rotations, return_exceptions=True)
    await store.ping()
    for session, answer in zip(held, answers, strict=True):
        found = await store.session(session.id)
        assert found is not None
        assert (found.digest, found.generation) == (digest((session.id, 1)), 1)
        if isinstance(answer, Rotated):
            assert answer.session == found
        again = await store.rotate(session.id, session.digest, digest(7), now=Instant(NOW + 61), idle=IDLE)
        assert again == Stale(found)


async def test_one_step_that_fails_harms_no_other_of_the_same_moment(store: Store) -> None:
    account = await added(store)
    good = [make_session(account, at=NOW + n) for n in range(10)]
    bad = [
        store.replace_ring([], version=0),
        store.add_account(make_account("x", id=AccountID("no id"))),
    ]
    openings = [store.open_session(s, limit=None, until=UNTIL, now=NOW) for s in good]
    await asyncio.gather(*openings[:5], *bad, *openings[5:], return_exceptions=True)
    for session in good:
        assert await store.session(session.id) == session


async def test_a_sweep_takes_what_is_past_its_end_and_nothing_else(store: Store) -> None:
    account = await added(store)
    held = [await opened(store, account, at=NOW + n) for n in range(10)]
    event = await store.revoke_session(held[9].id, account=None, now=NOW, until=UNTIL, why="w")
    await store.charge([("a", Limit(free=1, keep=10_000))], now=NOW)
    assert await store.sweep(now=Instant(held[0].ends - 0.001)) == 0
    assert await store.sweep(now=held[4].ends) == 5
    assert await store.sessions_of(account.id, now=NOW) == held[8:4:-1]
    assert event is not None
    assert (await store.read_feed(0, now=NOW)).revocations == (event,)
    assert await store.sweep(now=Instant(NOW + 10_000)) == 4 + 1 + 1
    assert await store.account(account.id) == account


async def test_a_sweep_goes_in_batches_the_longest_dead_first(store: Store) -> None:
    account = await added(store)
    held = [await opened(store, account, at=NOW - n) for n in range(10)]
    assert await store.sweep(now=Instant(NOW + IDLE), limit=4) == 4
    for session in held:
        gone = await store.session(session.id) is None
        assert gone == (session.ends <= NOW - 6 + IDLE)
    assert await store.sweep(now=Instant(NOW + IDLE), limit=4) == 4
    assert await store.sweep(now=Instant(NOW + IDLE), limit=4) == 2


async def test_a_schema_is_up_to_date_once_started(home: Home) -> None:
    before = await home.open().schema()
    store = home.open()
    migrated = await store.migrate()
    assert migrated.applied == before.pending
    await store.start()
    after = await store.schema()
    assert after.pending == ()
    assert after.applied == (*before.applied, *before.pending)
    assert (await store.migrate()).applied == ()
    await store.close()
