"""The reader of the feed: asks for nothing while nothing changes, and misses nothing when something did."""

from __future__ import annotations

from pathlib import Path

import pytest

from limen.clock import Instant
from limen.ids import AccountID
from limen.stores.sqlite import SQLiteStore
from support.faulty import Plan, factory
from support.stores import NOW, UNTIL, added

pytestmark = pytest.mark.anyio


async def test_a_feed_in_which_nothing_happens_costs_one_pragma_a_look(tmp_path: Path) -> None:
    plan = Plan()
    store = SQLiteStore(tmp_path / "limen.db", factory=factory(plan))
    await store.start()
    page = await store.read_feed(0, now=NOW)
    plan.statements.clear()
    for _ in range(50):
        page = await store.read_feed(page.position, now=NOW)
    assert plan.statements == ["PRAGMA data_version"] * 50
    await store.close()


async def test_R17_a_reader_that_goes_back_or_starts_anew_is_given_everything_young(tmp_path: Path) -> None:
    store = SQLiteStore(tmp_path / "limen.db")
    await store.start()
    account = await added(store)
    events = [await store.revoke_account(account.id, now=NOW, until=UNTIL, why="w") for _ in range(5)]
    assert (await store.read_feed(0, now=NOW)).revocations == tuple(events)
    assert (await store.read_feed(5, now=NOW)).revocations == ()
    assert (await store.read_feed(2, now=NOW)).revocations == tuple(events[2:])
    assert (await store.read_feed(0, now=NOW)).revocations == tuple(events)
    assert (await store.read_feed(99, now=NOW)).position == 5
    await store.close()


async def test_a_commit_of_whichever_store_on_the_file_is_seen_by_the_next_look(tmp_path: Path) -> None:
    here, there = SQLiteStore(tmp_path / "limen.db"), SQLiteStore(tmp_path / "limen.db")
    await here.start()
    await there.start()
    position = (await there.read_feed(0, now=NOW)).position
    for n in range(30):
        event = await here.revoke_account(AccountID(f"a{n}"), now=NOW, until=UNTIL, why="w")
        page = await there.read_feed(position, now=NOW)
        assert page.revocations == (event,)
        position = page.position
        await here.ping()
        assert (await there.read_feed(position, now=NOW)).revocations == ()
    await here.close()
    assert len((await there.read_feed(0, now=NOW)).revocations) == 30
    await there.close()


async def test_a_checkpoint_and_a_vacuum_of_the_log_hide_nothing(tmp_path: Path) -> None:
    here, there = SQLiteStore(tmp_path / "limen.db"), SQLiteStore(tmp_path / "limen.db")
    await there.start()
    for n in range(3):
        await here.start()
        await here.revoke_account(AccountID(f"a{n}"), now=NOW, until=UNTIL, why="w")
        await here.close()  # which truncates the log if it can
        assert len((await there.read_feed(0, now=NOW)).revocations) == n + 1
    await there.close()


async def test_what_is_past_its_time_is_left_out(tmp_path: Path) -> None:
    store = SQLiteStore(tmp_path / "limen.db")
    await store.start()
    await store.revoke_account(AccountID("a"), now=NOW, until=Instant(NOW + 10), why="w")
    late = await store.revoke_account(AccountID("b"), now=NOW, until=Instant(NOW + 20), why="w")
    page = await store.read_feed(0, now=Instant(NOW + 10))
    assert (page.revocations, page.position) == ((late,), late.position)
    await store.close()
