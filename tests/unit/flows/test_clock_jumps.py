"""S21: a wall clock that jumps revives nothing that was revoked."""

from __future__ import annotations

from pathlib import Path

import pytest

from limen.auth import Limen
from limen.errors import Denied
from limen.strategies.base import Grant, Identity
from limen.testing import TurnableClock
from support.world import EMAIL, PASSWORD, account_with, world

pytestmark = pytest.mark.anyio
HOUR, DAY, YEAR = 3_600.0, 86_400.0, 365 * 86_400.0
JUMPS = [HOUR, DAY, 10 * YEAR]
STATEFUL = ["session", "hybrid"]


async def signed(auth: Limen) -> Grant:
    return (await auth.sign_in(EMAIL, PASSWORD)).grant


async def refused(auth: Limen, grant: Grant) -> None:
    assert auth.recall(grant.credential) is None
    with pytest.raises(Denied):
        await auth.authenticate(grant.credential)


@pytest.mark.parametrize("strategy", STATEFUL)
@pytest.mark.parametrize("jump", JUMPS)
@pytest.mark.parametrize("seen", [True, False], ids=["seen before", "never seen"])
async def test_S21_what_was_revoked_stays_so_when_the_clock_was_ahead_for_a_while(
    strategy: str, jump: float, seen: bool
) -> None:
    """Maintenance in that while forgets the event: to that clock everything that it covered is dead."""
    async with world(strategy=strategy) as (auth, clock):
        await account_with(auth)
        grant, other = await signed(auth), await signed(auth)
        if seen:
            await auth.authenticate(grant.credential)
        await auth.sign_out(await auth.authenticate(grant.credential) if seen else await who_of(auth, grant))
        clock.jump(jump)
        await auth.catch_up()
        await auth.maintain()
        clock.jump(-jump)
        await auth.catch_up()
        await refused(auth, grant)
        assert other.session != grant.session


async def who_of(auth: Limen, grant: Grant) -> Identity:
    """Its identity, without a trace of it in memory."""
    who = await auth.authenticate(grant.credential)
    auth._recall.forget()
    return who


@pytest.mark.parametrize("strategy", STATEFUL)
@pytest.mark.parametrize("jump", JUMPS)
async def test_S21_what_another_process_revoked_meanwhile_is_known_when_the_clock_is_right_again(
    strategy: str, jump: float, tmp_path: Path
) -> None:
    """Here the clock was ahead, and a page that was read then leaves out what is over by that clock."""
    url = f"sqlite:///{tmp_path}/limen.db"
    right = TurnableClock()
    async with (
        world(url, strategy=strategy, clock=right) as (there, _),
        world(url, strategy=strategy) as (here, wrong),
    ):
        await account_with(there)
        grant = await signed(there)
        await here.authenticate(grant.credential)
        wrong.jump(jump)
        await there.sign_out(await there.authenticate(grant.credential))
        await here.catch_up()
        wrong.jump(-jump)
        await here.catch_up()
        await refused(here, grant)


@pytest.mark.parametrize("strategy", STATEFUL)
@pytest.mark.parametrize("jump", JUMPS)
async def test_S21_what_was_swept_by_a_wrong_clock_stays_revoked_over_a_restart(
    strategy: str, jump: float, tmp_path: Path
) -> None:
    url = f"sqlite:///{tmp_path}/limen.db"
    async with world(url, strategy=strategy) as (auth, clock):
        await account_with(auth)
        grant = await signed(auth)
        await auth.sign_out(await auth.authenticate(grant.credential))
        clock.jump(jump)
        await auth.maintain()
        clock.jump(-jump)
    async with world(url, strategy=strategy, clock=clock) as (auth, _):
        await refused(auth, grant)


@pytest.mark.parametrize("strategy", STATEFUL)
@pytest.mark.parametrize("jump", [-HOUR, -DAY, -10 * YEAR])
async def test_S21_what_was_revoked_stays_so_when_the_clock_goes_back_for_good(
    strategy: str, jump: float
) -> None:
    async with world(strategy=strategy) as (auth, clock):
        await account_with(auth)
        grant = await signed(auth)
        await auth.sign_out(await auth.authenticate(grant.credential))
        clock.turn(2 * HOUR)
        await auth.maintain()  # the event is forgotten, as all that it covers has expired
        clock.jump(jump)
        await auth.catch_up()
        await refused(auth, grant)


@pytest.mark.parametrize("strategy", STATEFUL)
async def test_S21_who_is_signed_in_stays_so_over_small_corrections(strategy: str) -> None:
    async with world(strategy=strategy) as (auth, clock):
        await account_with(auth)
        grant = await signed(auth)
        for step in (-0.5, 0.25, -3.0, 5.0, -1.0):
            clock.jump(step)
            await auth.authenticate(grant.credential)
            auth._recall.forget()
            await auth.authenticate(grant.credential)


async def test_S21_two_hosts_whose_clocks_differ_by_less_than_the_leeway_agree(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/limen.db"
    early, late = TurnableClock(), TurnableClock()
    late.jump(4.9)
    async with (
        world(url, strategy="hybrid", clock=early) as (one, _),
        world(url, strategy="hybrid", clock=late) as (two, _),
    ):
        await account_with(one)
        for here, there in ((one, two), (two, one)):
            grant = await signed(here)
            await there.authenticate(grant.credential)
            assert grant.refresh is not None
            again = await there.refresh(grant.refresh)
            assert (await here.refresh(grant.refresh)).refresh == again.refresh, "a retry, not a theft"
            await there.sign_out(await there.authenticate(again.credential))
            await here.catch_up()
            await refused(here, again)


@pytest.mark.parametrize("strategy", STATEFUL)
async def test_S21_a_token_of_a_clock_that_was_ahead_has_no_second_life(
    strategy: str, tmp_path: Path
) -> None:
    """An hour after the clock was set right, and the session ended, its time comes again."""
    url = f"sqlite:///{tmp_path}/limen.db"
    async with world(url, strategy=strategy) as (auth, clock):
        await account_with(auth)
        clock.jump(HOUR)
        grant = await signed(auth)
        who = await auth.authenticate(grant.credential)
        clock.jump(-HOUR)
        await auth.sign_out(who)
        for _ in range(60):
            clock.turn(60)
            await auth.maintain()
        await auth.catch_up()
        await refused(auth, grant)
    async with world(url, strategy=strategy, clock=clock) as (auth, _):
        await refused(auth, grant)


@pytest.mark.parametrize("strategy", STATEFUL)
@pytest.mark.parametrize("jump", [2 * DAY, 10 * YEAR])
async def test_S19_S21_who_signed_in_while_the_clock_was_far_ahead_is_not_signed_in_for_years(
    strategy: str, jump: float
) -> None:
    async with world(strategy=strategy) as (auth, clock):
        await account_with(auth)
        clock.jump(jump)
        await auth.catch_up()
        grant = await signed(auth)
        clock.jump(-jump)
        await auth.catch_up()
        await refused(auth, grant)
        if grant.refresh is not None:
            with pytest.raises(Denied):
                await auth.refresh(grant.refresh)
        await auth.authenticate((await signed(auth)).credential)


@pytest.mark.parametrize("strategy", STATEFUL)
async def test_S21_who_signed_in_while_the_clock_was_a_little_ahead_stays_signed_in(strategy: str) -> None:
    async with world(strategy=strategy) as (auth, clock):
        await account_with(auth)
        clock.jump(HOUR)
        await auth.catch_up()
        grant = await signed(auth)
        clock.jump(-HOUR)
        await auth.catch_up()
        credential = (
            grant.credential if grant.refresh is None else (await auth.refresh(grant.refresh)).credential
        )
        await auth.authenticate(credential)
