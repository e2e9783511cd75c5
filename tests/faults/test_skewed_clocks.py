"""D23: the database's machine and ours do not agree on the time.

Stores read no clock, so the one that decides is the application's. The servers here run on the real time and
Limen ten minutes beside it, which is the same as the other way round.
"""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from limen.errors import Denied
from limen.stores.base import Store
from limen.testing import TurnableClock
from support import redis, servers
from support.world import EMAIL, PASSWORD, account_with, world

pytestmark = pytest.mark.anyio
SKEWS = (-600, 600)


def home(kind: str, folder: Path) -> dict[str, str]:
    if kind == "postgres":
        return {"database": servers.postgres().url(schema=servers.new_schema())}
    file = f"sqlite:///{folder}/limen.db"
    if kind == "redis":
        return {"database": file, "session_store": f"{redis.shared(kind).url}?prefix={redis.prefix()}"}
    return {"database": file}


@pytest.mark.parametrize("skew", SKEWS)
@pytest.mark.parametrize("kind", ["sqlite", "postgres", "redis"])
@pytest.mark.parametrize("strategy", ["session", "hybrid"])
async def test_D23_a_session_ends_by_our_clock_whatever_the_databases_says(
    tmp_path: Path, kind: str, strategy: str, skew: float
) -> None:
    clock = TurnableClock(time.time() + skew)
    options = home(kind, tmp_path) | {"strategy": strategy}
    async with world(clock=clock, idle_lifetime=300, access_lifetime=60, **options) as (auth, _):
        await account_with(auth)
        for outlived in (False, True):
            grant = (await auth.sign_in(EMAIL, PASSWORD)).grant
            clock.turn(299)
            await auth.maintain()  # what is over is swept, and nothing else
            clock.turn(1.5 if outlived else 0)
            spent = auth.refresh(grant.refresh) if grant.refresh else auth.authenticate(grant.credential)
            if outlived:
                with pytest.raises(Denied):
                    await spent
            else:
                await spent


@pytest.mark.parametrize("skew", SKEWS)
@pytest.mark.parametrize("kind", ["postgres", "redis"])
async def test_D23_a_revocation_is_remembered_by_our_clock_too(
    tmp_path: Path, kind: str, skew: float
) -> None:
    """Swept when all that it covers is over, not ten minutes earlier; and gone then, so memory is bounded."""
    clock = TurnableClock(time.time() + skew)
    async with world(clock=clock, strategy="hybrid", **home(kind, tmp_path)) as (auth, _):
        await account_with(auth)
        who = await auth.authenticate((await auth.sign_in(EMAIL, PASSWORD)).grant.credential)
        await auth.sign_out(who)
        clock.turn(auth.lifetimes.memory - 1)
        await auth.maintain()
        assert len(await events(auth.store, clock)) == 1
        clock.turn(2)
        await auth.maintain()
        assert await events(auth.store, clock) == []
        assert len(auth.filter) == 0


@pytest.mark.parametrize("kind", ["postgres", "redis"])
async def test_D23_two_machines_that_disagree_by_less_than_the_leeway_hand_sessions_to_each_other(
    tmp_path: Path, kind: str
) -> None:
    options = home(kind, tmp_path)
    behind, ahead = TurnableClock(time.time() - 2), TurnableClock(time.time() + 2)
    async with (
        world(clock=behind, **options) as (one, _),
        world(clock=ahead, **options) as (two, _),
    ):
        await account_with(one)
        for issues, checks in ((one, two), (two, one)):
            grant = (await issues.sign_in(EMAIL, PASSWORD)).grant
            who = await checks.authenticate(grant.credential)
            assert grant.refresh is not None
            fresh = await checks.refresh(grant.refresh)
            assert (await issues.authenticate(fresh.credential)).session == who.session
            await checks.sign_out_everywhere(who)
            await issues.catch_up()
            with pytest.raises(Denied):
                await issues.authenticate(fresh.credential)


async def events(store: Store, clock: TurnableClock) -> list[object]:
    return list((await store.read_feed(0, now=clock.now())).revocations)
