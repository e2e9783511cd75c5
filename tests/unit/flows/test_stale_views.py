"""K02, S36: a process that slept, or whose following has ended, looks before it believes its own memory."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from limen.auth import Limen
from limen.errors import Denied, Unavailable
from limen.testing import TurnableClock
from support.world import EMAIL, PASSWORD, STRATEGIES, account_with, world

pytestmark = pytest.mark.anyio


@asynccontextmanager
async def a_sleeper(tmp_path: Path, strategy: str) -> AsyncIterator[tuple[Limen, Limen, TurnableClock]]:
    """Two processes on one file; the second one has heard of everything so far and follows no more."""
    url = f"sqlite:///{tmp_path}/limen.db"
    async with (
        world(url, strategy=strategy) as (awake, clock),
        world(url, strategy=strategy, clock=clock) as (sleeper, _),
    ):
        await account_with(awake)
        await sleeper.catch_up()
        for task in sleeper._tasks:
            task.cancel()
        await asyncio.gather(*sleeper._tasks, return_exceptions=True)
        yield awake, sleeper, clock


@pytest.mark.parametrize("strategy", ["jwt", "hybrid"])
async def test_K02_a_compromised_key_is_refused_by_a_process_that_wakes_up(
    strategy: str, tmp_path: Path
) -> None:
    async with a_sleeper(tmp_path, strategy) as (awake, sleeper, clock):
        grant = (await awake.sign_in(EMAIL, PASSWORD)).grant
        await awake.compromise_key(awake.ring.active.kid)
        clock.turn(awake.settings.max_staleness + 0.1)
        assert not sleeper.is_fresh()
        with pytest.raises(Denied) as caught:
            await sleeper.authenticate(grant.credential)
        assert caught.value.reason == "kid_unknown"
        assert sleeper.is_fresh()


@pytest.mark.parametrize("strategy", ["session", "hybrid"])
async def test_S36_what_was_revoked_meanwhile_is_refused_by_a_process_that_wakes_up(
    strategy: str, tmp_path: Path
) -> None:
    async with a_sleeper(tmp_path, strategy) as (awake, sleeper, clock):
        grant = (await awake.sign_in(EMAIL, PASSWORD)).grant
        who = await sleeper.authenticate(grant.credential)
        await awake.sign_out(who)
        clock.turn(awake.settings.max_staleness + 0.1)
        with pytest.raises(Denied):
            await sleeper.authenticate(grant.credential)


@pytest.mark.parametrize("strategy", STRATEGIES)
async def test_S36_who_cannot_look_answers_only_for_what_needs_no_look(strategy: str, tmp_path: Path) -> None:
    async with a_sleeper(tmp_path, strategy) as (awake, sleeper, clock):
        grant = (await awake.sign_in(EMAIL, PASSWORD)).grant
        await sleeper.store.close()
        clock.turn(awake.settings.max_staleness + 0.1)
        if strategy == "jwt":
            assert (await sleeper.authenticate(grant.credential)).session == grant.session
        else:
            with pytest.raises(Unavailable):
                await sleeper.authenticate(grant.credential)
