"""Several processes on one file: writers in turn, a feed that all follow, migrations that run once, forks."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import statistics
import time
from contextlib import closing
from pathlib import Path

import pytest

from limen.clock import SystemClock
from limen.errors import Unavailable
from limen.feed import Follower
from limen.ids import AccountID, SessionID
from limen.revocations import Filter, Revocation
from limen.stores.sqlite import SQLiteStore
from limen.stores.sqlite import schema as schemas
from support.processes import answer, started
from support.stores import NOW, UNTIL, added, opened

pytestmark = pytest.mark.anyio
WRITERS, EACH = 8, 60
REVOCATIONS = 20


@pytest.mark.slow
def test_D16_eight_writers_on_one_file_lose_and_double_nothing(tmp_path: Path) -> None:
    process = started("support.crash", "contend", str(tmp_path / "limen.db"), WRITERS, EACH)
    told = answer(process, patience=120)
    charged, revoked, busy = (sum(column) for column in zip(*told["sums"], strict=True))
    assert busy == 0
    assert charged + revoked == WRITERS * EACH
    assert told["charges"] == charged, "a charge was lost or counted twice"
    assert told["positions"] == list(range(1, revoked + 1)), "positions have no gap and no double"
    assert told["integrity"] == "ok"


async def test_D16_a_write_that_waits_too_long_is_unavailable_and_the_next_one_is_not(tmp_path: Path) -> None:
    """Another program, which knows nothing of our lock, holds SQLite's own."""
    store = SQLiteStore(tmp_path / "limen.db", patience=0.1)
    await store.start()
    account = await added(store)
    with closing(sqlite3.connect(tmp_path / "limen.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(Unavailable) as caught:
            await store.ping()
        assert caught.value.reason == "SQLITE_BUSY"
        assert await store.account(account.id) == account, "readers are not kept waiting"
        other.rollback()
    await store.ping()
    await store.close()


@pytest.mark.slow
async def test_R20_D25_a_revocation_in_one_process_is_known_in_another_within_moments(tmp_path: Path) -> None:
    path, filter_, clock = tmp_path / "limen.db", Filter(), SystemClock()
    store = SQLiteStore(path)
    await store.start()
    account = await added(store)
    sessions = [await opened(store, account, at=NOW + n) for n in range(REVOCATIONS)]

    async def nothing() -> None: ...

    follower = Follower(store, filter_, clock, every=0.02, on_ring=nothing)
    following = asyncio.create_task(follower.run())
    other = started("support.others", "revoke", str(path), [s.id for s in sessions])
    seen: dict[SessionID, float] = {}
    all_seen = asyncio.Event()

    def hear(event: Revocation) -> None:
        seen.setdefault(SessionID(event.subject), time.monotonic())
        if len(seen) == REVOCATIONS:
            all_seen.set()

    filter_.hearing.append(hear)
    async with asyncio.timeout(30):
        await all_seen.wait()
    acknowledged = await asyncio.to_thread(answer, other)
    following.cancel()
    await store.close()
    assert seen.keys() == set(acknowledged)
    lags = [seen[sid] - at for sid, at in acknowledged.items()]
    assert max(lags) < 5, "the promise"
    assert statistics.median(lags) < 0.1, "the usual"


@pytest.mark.slow
async def test_processes_that_migrate_at_once_apply_each_migration_once(tmp_path: Path) -> None:
    path = tmp_path / "limen.db"
    others = [started("support.others", "migrate", str(path)) for _ in range(4)]
    applied = [await asyncio.to_thread(answer, other) for other in others]
    names = [migration.name for migration in schemas.known()]
    assert sorted(name for one in applied for name in one) == names
    store = SQLiteStore(path)
    assert (await store.schema()).pending == ()


async def test_a_store_that_was_open_at_a_fork_says_so_in_the_child_and_works_in_the_parent(
    tmp_path: Path,
) -> None:
    told = answer(started("support.others", "fork_with_an_open_store", str(tmp_path / "limen.db")))
    assert told == {
        "read in the child": "store_forked",
        "written in the child": "store_forked",
        "opened anew in the child": True,
        "written in the parent": True,
        "seen by the parent": True,
    }


async def test_D18_a_child_that_outlives_its_killed_parent_holds_no_lock_of_it(tmp_path: Path) -> None:
    """An advisory lock belongs to the open file, and a fork opens nothing: the child would hold it too."""
    path = tmp_path / "limen.db"
    store = SQLiteStore(path, patience=1)
    await store.start()
    orphan = int(answer(started("support.others", "die_with_the_lock_and_a_child", str(path))))
    try:
        os.kill(orphan, 0)  # it lives
        await store.revoke_account(AccountID("nobody"), now=NOW, until=UNTIL, why="w")
    finally:
        os.kill(orphan, 9)
        await store.close()
