"""D21: the file is removed or replaced while it is open. Nothing is answered from a file that nobody has."""

from __future__ import annotations

import logging
import os
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from limen.errors import Denied, Unavailable
from limen.stores.sqlite import SQLiteStore
from support.stores import NOW, UNTIL, added, make_account, opened
from support.world import EMAIL, PASSWORD, account_with, world

pytestmark = pytest.mark.anyio


def removed(path: Path) -> None:
    path.unlink()


def replaced(path: Path) -> None:
    """As a backup is put back: another file of the same name."""
    shutil.copy(path, path.with_name("backup"))
    os.replace(path.with_name("backup"), path)


def directory_renamed(path: Path) -> None:
    path.parent.rename(path.parent.with_name("elsewhere"))


@pytest.mark.parametrize("done", [removed, replaced, directory_renamed])
async def test_D21_no_write_is_acknowledged_that_would_be_lost(
    done: Callable[[Path], None], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    store = SQLiteStore(folder / "limen.db")
    await store.start()
    await added(store, "ada")
    done(folder / "limen.db")
    for _ in range(2):
        with pytest.raises(Unavailable) as caught:
            await store.add_account(make_account("bob"))
        assert caught.value.reason == "database_moved"
    with pytest.raises(Unavailable):
        await store.ping()
    said = [r for r in caplog.records if r.levelno == logging.CRITICAL]
    assert len(said) == 1, "once, and not at every look"
    assert "removed or replaced" in said[0].getMessage()
    await store.close()


@pytest.mark.parametrize("done", [removed, replaced, directory_renamed])
async def test_D21_no_read_is_answered_once_the_feed_has_been_asked(
    done: Callable[[Path], None], tmp_path: Path
) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    store = SQLiteStore(folder / "limen.db")
    await store.start()
    ada = await added(store, "ada")
    session = await opened(store, ada)
    done(folder / "limen.db")
    with pytest.raises(Unavailable):
        await store.read_feed(0, now=NOW)
    for read in (
        store.session(session.id),
        store.account(ada.id),
        store.account_by_key(ada.key),
        store.sessions_of(ada.id, now=NOW),
        store.ring(),
    ):
        with pytest.raises(Unavailable):
            await read
    await store.close()


async def test_D21_a_file_that_comes_back_is_used_again(tmp_path: Path) -> None:
    path = tmp_path / "limen.db"
    store = SQLiteStore(path)
    await store.start()
    ada = await added(store, "ada")
    path.rename(tmp_path / "away")
    with pytest.raises(Unavailable):
        await store.read_feed(0, now=NOW)
    (tmp_path / "away").rename(path)
    await store.read_feed(0, now=NOW)
    assert await store.account(ada.id) == ada
    assert await store.disable_account(ada.id, now=NOW, until=UNTIL) is not None
    await store.close()


@pytest.mark.parametrize("strategy", ["session", "hybrid"])
async def test_D21_S36_what_is_revoked_in_the_new_file_is_accepted_no_longer_than_was_promised(
    strategy: str, tmp_path: Path
) -> None:
    """Before, the process went on with the file that nobody else had, and heard of nothing, for ever."""
    path = tmp_path / "limen.db"
    url = f"sqlite:///{path}"
    async with world(url, strategy=strategy) as (here, clock):
        await account_with(here)
        grant = (await here.sign_in(EMAIL, PASSWORD)).grant
        await here.authenticate(grant.credential)
        backup = tmp_path / "backup.db"
        back_up(path, backup)
        os.replace(backup, path)
        for ending in ("-wal", "-shm"):
            path.with_name(path.name + ending).unlink()
        async with world(url, strategy=strategy, clock=clock) as (there, _):
            await there.disable_account(await there.find_account(EMAIL))
        with pytest.raises(Unavailable):
            await here.catch_up()
        clock.turn(here.settings.max_staleness + 0.1)
        with pytest.raises(Unavailable):
            await here.authenticate(grant.credential)
        with pytest.raises((Unavailable, Denied)):
            await here.sign_in(EMAIL, PASSWORD)


def back_up(path: Path, backup: Path) -> None:
    with closing(sqlite3.connect(path)) as db:
        db.execute("VACUUM INTO ?", (str(backup),))
    backup.chmod(0o600)
