"""What stays open after a request ends with the session that opened it."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from limen.auth import Limen
from limen.clock import Instant, SystemClock
from limen.errors import Denied, LimenError, Unavailable
from limen.strategies.base import Identity
from support.http import login, served
from support.remote import CLIENT, PAGE, said, verified
from support.world import EMAIL, PASSWORD, account_with, world

pytestmark = pytest.mark.anyio


async def somebody(auth: Limen) -> Identity:
    credential = (await auth.sign_in(EMAIL, PASSWORD)).grant.credential
    return await auth.authenticate(credential)


async def watching(auth: Any, who: Identity) -> asyncio.Task[str]:
    """A handler that would go on for ever; what ended it. It has begun when this returns."""
    begun = asyncio.Event()

    async def handle() -> str:
        try:
            async with auth.alive(who):
                begun.set()
                await asyncio.Event().wait()
        except LimenError as error:
            return error.code
        return "nothing"

    task = asyncio.ensure_future(handle())
    await begun.wait()
    return task


async def ended(task: asyncio.Task[str]) -> str:
    async with asyncio.timeout(10):
        return await task


@pytest.mark.parametrize("strategy", ["session", "hybrid"])
async def test_a_connection_is_cut_when_its_session_ends_and_no_other_is(strategy: str) -> None:
    async with world(strategy=strategy) as (auth, _):
        await account_with(auth)
        one, other = await somebody(auth), await somebody(auth)
        first, second = await watching(auth, one), await watching(auth, other)
        await auth.sign_out(one)
        assert await ended(first) == "credential_revoked"
        assert not second.done()
        await auth.revoke_sessions(await auth.find_account(EMAIL))
        assert await ended(second) == "credential_revoked"


async def test_another_process_ends_it_by_the_feed() -> None:
    async with world(strategy="hybrid") as (auth, clock):
        await account_with(auth)
        who = await somebody(auth)
        task = await watching(auth, who)
        now = clock.now()
        await auth.store.revoke_session(who.session, account=None, now=now, until=Instant(now + 900), why="w")
        assert await ended(task) == "credential_revoked"


async def test_a_verifier_ends_it_by_the_same_feed() -> None:
    async with served(clients=(CLIENT,), strategy="hybrid") as at, verified(at) as (verifier, _):
        token = str((await login(at.client()))["access_token"])
        task = await watching(verifier, await verifier.authenticate(token))
        await at.auth.sign_out(await at.auth.authenticate(token))
        await verifier.catch_up()
        assert await ended(task) == "credential_revoked"


async def test_one_that_was_ended_before_it_began_does_not_begin() -> None:
    async with world(strategy="hybrid") as (auth, _):
        await account_with(auth)
        who = await somebody(auth)
        await auth.sign_out(who)
        with pytest.raises(Denied):
            async with auth.alive(who):
                await asyncio.Event().wait()


async def test_a_view_that_is_too_old_lets_nothing_stay_open() -> None:
    options: dict[str, Any] = {"clients": (CLIENT,), "strategy": "hybrid", "max_staleness": 0.3}
    clock: Any = SystemClock()
    async with served(clock=clock, **options) as at, verified(at, max_staleness=0.3) as (verifier, between):
        token = str((await login(at.client()))["access_token"])
        task = await watching(verifier, await verifier.authenticate(token))
        between.instead[PAGE] = lambda request: said(500)
        assert await ended(task) == "unavailable"


async def test_it_ends_with_the_credential() -> None:
    clock: Any = SystemClock()
    async with world(strategy="jwt", access_lifetime=2, leeway=0, clock=clock) as (auth, _):
        await account_with(auth)
        assert await ended(await watching(auth, await somebody(auth))) == "token_expired"


async def test_events_that_were_missed_let_nothing_stay_open() -> None:
    async with world(strategy="hybrid") as (auth, _):
        await account_with(auth)
        task = await watching(auth, await somebody(auth))
        auth.filter.miss(Instant(1.0))
        auth._vigil._arm()
        assert await ended(task) == "unavailable"


async def test_what_the_body_raises_and_who_cancels_it_is_not_changed() -> None:
    async with world(strategy="hybrid") as (auth, _):
        await account_with(auth)
        who = await somebody(auth)
        for error in (ValueError("x"), TimeoutError("y"), Unavailable("z")):
            with pytest.raises(type(error)) as raised:
                async with auth.alive(who):
                    raise error
            assert raised.value is error
        task = await watching(auth, who)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task


async def test_when_nobody_is_left_nothing_is_left() -> None:
    async with world(strategy="hybrid") as (auth, _):
        await account_with(auth)
        who = await somebody(auth)
        others = list(auth.filter.hearing)
        for _ in range(3):
            async with auth.alive(who):
                assert len(auth.filter.hearing) == len(others) + 1
                async with auth.alive(who):
                    assert len(auth.filter.hearing) == len(others) + 1
                assert auth._vigil._timer is not None
            assert auth.filter.hearing == others
            assert auth._vigil._timer is None
