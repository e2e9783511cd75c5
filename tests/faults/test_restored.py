"""D24: a backup of last night, with everything in it that has ended since."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from limen.errors import Denied, LimenError
from limen.secret import Secret
from limen.strategies.base import Grant
from limen.testing import TurnableClock
from support import redis, servers
from support.shell import COMMAND, surroundings
from support.world import EMAIL, ISSUER, PASSWORD, account_with, world

pytestmark = pytest.mark.anyio
SECRET = Secret(bytes(range(32)))


@dataclass(frozen=True)
class Home:
    """A database that can be backed up and restored, as its operator would."""

    options: dict[str, Any]
    back_up: Callable[[], None]
    restore: Callable[[], None]


def sqlite(folder: Path) -> Home:
    file, kept = folder / "limen.db", folder / "kept.db"

    def restore() -> None:
        for beside in folder.glob("limen.db*"):
            beside.unlink()
        shutil.copy(kept, file)

    return Home({"database": f"sqlite:///{file}"}, lambda: shutil.copy(file, kept) and None, restore)


def postgres(folder: Path) -> Home:
    server, schema, kept = servers.postgres(), servers.new_schema(), folder / "kept.sql"
    place = ["-h", str(server.folder), "-p", str(server.port), "-U", servers.USER, "-d", servers.DATABASE]

    def back_up() -> None:
        dump = [servers.program("pg_dump"), *place, "-n", schema]
        kept.write_bytes(subprocess.run(dump, check=True, capture_output=True).stdout)

    def restore() -> None:
        server.sql(servers.DATABASE, f"DROP SCHEMA {schema} CASCADE")
        with kept.open("rb") as file:
            load = [servers.program("psql"), *place, "-qX", "-v", "ON_ERROR_STOP=1"]
            subprocess.run(load, check=True, stdin=file, capture_output=True)

    return Home({"database": server.url(schema=schema)}, back_up, restore)


def beside_redis(folder: Path) -> Home:
    """The accounts are restored, and Redis is not: it knows more than they do."""
    home = sqlite(folder)
    sessions = f"{redis.shared('redis').url}?prefix={redis.prefix()}"
    return Home(home.options | {"session_store": sessions}, home.back_up, home.restore)


HOMES = {"sqlite": sqlite, "postgres": postgres, "redis": beside_redis}


def restored(home: Home, folder: Path) -> str:
    """`limen migrate --restored`, as an operator runs it."""
    environment = {f"LIMEN_{name.upper()}": value for name, value in home.options.items()}
    environment |= {"LIMEN_SECRET": SECRET.reveal(), "LIMEN_ISSUER": ISSUER}
    ran = subprocess.run(
        [*COMMAND, "migrate", "--restored", "--yes"], cwd=folder, env=surroundings(**environment),
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


async def refused(attempt: Any) -> None:
    with pytest.raises(Denied):
        await attempt


async def signed_in(auth: Any) -> Grant:
    grant: Grant = (await auth.sign_in(EMAIL, PASSWORD)).grant
    return grant


@pytest.mark.parametrize("strategy", ["hybrid", "session"])
@pytest.mark.parametrize("kind", HOMES)
async def test_D24_of_a_restored_backup_no_session_no_refresh_and_no_key_is_good(
    tmp_path: Path, kind: str, strategy: str
) -> None:
    """What lived when it was made and ended since; what lives on; and a key that was compromised since."""
    home = HOMES[kind](tmp_path)
    clock = TurnableClock(time.time() - 600)  # the command's own is the real one
    options: dict[str, Any] = home.options | {"secret": SECRET, "strategy": strategy, "issuer": ISSUER}
    async with world(clock=clock, **options) as (auth, _):
        await account_with(auth)
        ended, lives = await signed_in(auth), await signed_in(auth)
        key = auth.ring.active
    home.back_up()
    async with world(clock=clock, **options) as (auth, _):
        clock.turn(60)
        await auth.sign_out(await auth.authenticate(ended.credential))
        await auth.compromise_key(key.kid)
        since = await signed_in(auth)
    home.restore()
    said = restored(home, tmp_path)
    assert "ended all sessions" in said
    async with world(clock=clock, **options) as (auth, _):
        for grant in (ended, lives, since):
            await refused(auth.authenticate(grant.credential))
            if grant.refresh is not None:
                await refused(auth.refresh(grant.refresh))
        assert key.kid not in auth.ring.verifying
        clock.jump(700)
        fresh = await signed_in(auth)
        assert (await auth.authenticate(fresh.credential)).session == fresh.session


async def test_D24_without_the_verb_a_backup_would_revive_what_had_ended(tmp_path: Path) -> None:
    """Why it is needed: nothing in one SQLite file tells that it is of last night."""
    home = sqlite(tmp_path)
    async with world(secret=SECRET, strategy="session", **home.options) as (auth, clock):
        await account_with(auth)
        ended = await signed_in(auth)
    home.back_up()
    async with world(clock=clock, secret=SECRET, strategy="session", **home.options) as (auth, _):
        await auth.sign_out(await auth.authenticate(ended.credential))
    home.restore()
    async with world(clock=clock, secret=SECRET, strategy="session", **home.options) as (auth, _):
        assert (await auth.authenticate(ended.credential)).session == ended.session


async def test_D24_a_running_process_that_had_read_further_hears_of_it(tmp_path: Path) -> None:
    """PostgreSQL can be restored under processes that go on: their place in the feed lies beyond."""
    home = postgres(tmp_path)
    options: dict[str, Any] = home.options | {"secret": SECRET, "issuer": ISSUER}
    clock = TurnableClock(time.time() - 600)
    async with world(clock=clock, **options) as (auth, _):
        await account_with(auth)
        lives = await signed_in(auth)
        home.back_up()
        for _ in range(20):
            await auth.sign_out(await auth.authenticate((await signed_in(auth)).credential))
        await auth.authenticate(lives.credential)
        home.restore()
        restored(home, tmp_path)
        for _ in range(50):
            try:
                await auth.catch_up()
                break
            except LimenError:  # its connections were to tables that are gone
                clock.turn(1)
        await refused(auth.authenticate(lives.credential))
