"""D17: the disk is full, broken or read-only, at any statement. It is said, and nothing is half done."""

from __future__ import annotations

import asyncio
import logging
import os
import sqlite3
import subprocess
from collections.abc import Awaitable, Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from limen.clock import Instant
from limen.errors import LimenError, Misconfigured, Unavailable
from limen.jose.jwk import Algorithm
from limen.keys import KeyState, StoredKey
from limen.stores.base import Store
from limen.stores.sqlite import SQLiteStore
from limen.throttle import Limit
from support.faulty import Plan, factory
from support.processes import answer, started
from support.stores import IDLE, NOW, UNTIL, added, digest, make_account, make_session, opened

pytestmark = pytest.mark.anyio
CODES = [sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_NOMEM]
LATER = Instant(NOW + 1)
FREE = Limit(free=3)


def dump(path: Path) -> list[str]:
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert db.execute("PRAGMA foreign_key_check").fetchall() == []
        return list(db.iterdump())


async def writes(store: Store) -> dict[str, Callable[[], Awaitable[Any]]]:
    """Every kind of write, each over records of its own."""
    ada, bob, eve = [await added(store, name) for name in ("ada", "bob", "eve")]
    one, two, three, four = [await opened(store, ada, at=NOW + n / 1000) for n in range(4)]
    new, session = make_account("new"), make_session(ada, at=NOW + 5)
    key = StoredKey("k1", Algorithm.ES256, KeyState.ACTIVE, b"sealed", NOW, NOW)
    await store.charge([("refunded", FREE)], now=NOW)
    return {
        "add_account": lambda: store.add_account(new),
        "upgrade_password": lambda: store.upgrade_password(bob.id, spent="hash of bob", fresh="fresh"),
        "set_scopes": lambda: store.set_scopes(ada.id, ("read",), upto=NOW, until=UNTIL, now=NOW),
        "open_session": lambda: store.open_session(session, limit=4, until=UNTIL, now=LATER),
        "rotate": lambda: store.rotate(two.id, two.digest, digest("fresh"), now=LATER, idle=IDLE),
        "touch": lambda: store.touch(three.id, now=LATER, idle=IDLE),
        "revoke_session": lambda: store.revoke_session(
            four.id, account=ada.id, now=NOW, until=UNTIL, why="w"
        ),
        "revoke_others": lambda: store.revoke_others(ada.id, keep=one.id, now=NOW, until=UNTIL, why="w"),
        "change_password": lambda: store.change_password(ada.id, spent=None, fresh="f", now=NOW, until=UNTIL),
        "charge": lambda: store.charge([("a", FREE), ("b", FREE)], now=NOW),
        "settle": lambda: store.settle(clear=["x"], refund=[("refunded", FREE)]),
        "replace_ring": lambda: store.replace_ring([key], version=0),
        "disable_account": lambda: store.disable_account(bob.id, now=NOW, until=UNTIL),
        "delete_account": lambda: store.delete_account(eve.id, now=NOW, until=UNTIL),
        "ping": lambda: store.ping(),
        "sweep": lambda: store.sweep(now=UNTIL),
    }


@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize("rolled_back", [False, True])
async def test_D17_a_failure_at_any_statement_of_any_write_changes_nothing_and_passes(
    code: int, rolled_back: bool, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    plan, path, failed = Plan(), tmp_path / "limen.db", 0
    store = SQLiteStore(path, factory=factory(plan))
    await store.start()
    for name, attempt in (await writes(store)).items():
        before = dump(path)
        for at in range(100):
            plan.fail(at, code, rolled_back=rolled_back)
            (outcome,) = await asyncio.gather(attempt(), return_exceptions=True)
            plan.recover()
            if not isinstance(outcome, Unavailable):
                break
            assert (outcome.code, "hunter2" in str(outcome)) == ("unavailable", False)
            assert dump(path) == before, f"{name} left half of itself behind at statement {at}"
            failed += 1
        assert at >= 3, f"{name} wrote nothing"
        assert dump(path) != before, f"{name} does not work again"
    assert failed >= 3 * 16
    assert "hunter2" not in caplog.text
    await store.close()


@pytest.mark.parametrize("rolled_back", [False, True])
async def test_D17_a_statement_that_fails_once_in_a_group_harms_at_most_its_own_write(
    rolled_back: bool, tmp_path: Path
) -> None:
    plan, path = Plan(), tmp_path / "limen.db"
    store = SQLiteStore(path, factory=factory(plan))
    await store.start()
    for at in range(26):
        accounts = [make_account(f"p{at}x{n}") for n in range(20)]
        plan.fail(at, rolled_back=rolled_back, once=True)
        outcomes = await asyncio.gather(
            *(store.add_account(account) for account in accounts), return_exceptions=True
        )
        plan.recover()
        for account, outcome in zip(accounts, outcomes, strict=True):
            assert outcome is True or isinstance(outcome, Unavailable)
            there = await store.account(account.id)
            assert there == (account if outcome is True else None)
        if 0 < at <= 20:
            assert outcomes == [True] * 20, "the group is begun anew and each write is alone then"
    await store.close()


async def test_D17_reads_fail_as_unavailable_and_say_nothing_of_the_content(tmp_path: Path) -> None:
    plan = Plan()
    store = SQLiteStore(tmp_path / "limen.db", factory=factory(plan))
    await store.start()
    account = await added(store)
    session = await opened(store, account)
    reads: list[Callable[[], Awaitable[Any]]] = [
        lambda: store.account(account.id),
        lambda: store.account_by_key(account.key),
        lambda: store.accounts(),
        lambda: store.session(session.id),
        lambda: store.sessions_of(account.id, now=NOW),
        lambda: store.ring(),
    ]
    for code in CODES:
        for read in reads:
            plan.fail(0, code)
            with pytest.raises(Unavailable) as caught:
                await read()
            assert "hunter2" not in str(caught.value) + caught.value.reason
            plan.recover()
            assert await read() is not None
    await store.close()


async def test_D17_R17_a_feed_that_could_not_be_read_is_read_in_full_afterwards(tmp_path: Path) -> None:
    plan = Plan()
    store = SQLiteStore(tmp_path / "limen.db", factory=factory(plan))
    await store.start()
    await store.read_feed(0, now=NOW)
    event = await store.revoke_account((await added(store)).id, now=NOW, until=UNTIL, why="w")
    for at in range(4):
        plan.fail(at, sqlite3.SQLITE_IOERR)
        with pytest.raises(Unavailable):
            await store.read_feed(0, now=NOW)
        plan.recover()
    assert (await store.read_feed(0, now=NOW)).revocations == (event,)
    await store.close()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 512 KiB."""
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=512k,mode=0700", "tmpfs", str(tmp_path)], capture_output=True
    )
    if mounted.returncode:
        pytest.skip("this user may not mount a small file system; RLIMIT_FSIZE is tested beside this")
    yield tmp_path
    subprocess.run(["umount", "-l", str(tmp_path)], check=True)


def remount(disk: Path, how: str) -> None:
    subprocess.run(["mount", "-o", f"remount,{how}", str(disk)], check=True)


async def fill(store: Store, most: int, name: str) -> LimenError | None:
    """Add accounts until it fails; the failure."""
    for n in range(most):
        try:
            await added(store, f"{name}{n}" + "x" * 400)
        except Unavailable as error:
            return error
    return None


async def test_D17_a_disk_that_is_full_for_real_and_has_space_again(small_disk: Path) -> None:
    path, ballast = small_disk / "limen.db", small_disk / "ballast"
    store = SQLiteStore(path)
    await store.start()
    account = await added(store)
    session = await opened(store, account)
    with ballast.open("wb") as file:  # all but some 40 KiB
        file.write(bytes(os.statvfs(small_disk).f_bavail * os.statvfs(small_disk).f_bsize - 40_960))
    for name in ("p", "q", "r"):
        error = await fill(store, 500, name)
        assert error is not None
        assert error.reason in ("SQLITE_FULL", "SQLITE_IOERR_WRITE", "SQLITE_IOERR_SHMSIZE")
    with pytest.raises(Unavailable):
        await store.revoke_account(account.id, now=NOW, until=UNTIL, why="w" * 40_000)
    assert await store.session(session.id) == session, "who is signed in stays so"
    held = len(await store.accounts(limit=1_000))
    ballast.unlink()
    await store.ping()
    assert await store.revoke_account(account.id, now=NOW, until=UNTIL, why="w") is not None
    assert len(await store.accounts(limit=1_000)) == held
    await store.close()
    assert dump(path)


async def test_D17_a_quota_of_bytes_is_a_full_disk(tmp_path: Path) -> None:
    told = answer(started("support.others", "fill_a_quota", str(tmp_path / "limen.db")))
    assert told["failed"] in ("SQLITE_FULL", "SQLITE_IOERR_WRITE")
    assert told["recovered"] is True
    assert told["acknowledged"] == told["kept"] > 10
    assert dump(tmp_path / "limen.db")


async def test_D17_a_file_system_that_is_read_only_is_said_at_the_start(small_disk: Path) -> None:
    store = SQLiteStore(small_disk / "limen.db")
    await store.start()
    await store.close()
    remount(small_disk, "ro")
    with pytest.raises(Misconfigured, match="cannot be written by this user"):
        await store.start()
    remount(small_disk, "rw")
    await store.start()
    await store.ping()
    await store.close()


@pytest.mark.parametrize("code", CODES)
async def test_D17_a_start_that_fails_is_said_in_one_sentence_and_leaves_nothing_open(
    code: int, tmp_path: Path
) -> None:
    plan, path = Plan(), tmp_path / "limen.db"
    for at in range(40):
        store = SQLiteStore(path, factory=factory(plan))
        plan.fail(at, code)
        (failure,) = await asyncio.gather(store.start(), return_exceptions=True)
        plan.recover()
        if failure is None:
            await store.close()
            break
        assert isinstance(failure, Misconfigured | Unavailable)
        assert "hunter2" not in str(failure)
        assert "\n" not in str(failure)
        with pytest.raises(Unavailable):
            await store.ping()
    assert at > 5
    store = SQLiteStore(path)
    await store.start()
    await store.ping()
    await store.close()
