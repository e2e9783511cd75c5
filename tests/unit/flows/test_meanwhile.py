"""What is changed while a password is being proven: the proof is good for the account as it was then."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from threading import Event
from typing import TypeVar

import pytest

from limen.accounts import Account
from limen.auth import Limen
from limen.errors import Denied, Rejected
from limen.flows.sign_in import SignedIn
from limen.strategies.base import Grant
from support.world import EMAIL, OTHER_PASSWORD, PASSWORD, STRATEGIES, account_with, world

pytestmark = pytest.mark.anyio
T = TypeVar("T")
NEWEST_PASSWORD = "a third horse, a third staple"
Change = Callable[[Limen, Account], Awaitable[object]]


@asynccontextmanager
async def two(tmp_path: Path, strategy: str) -> AsyncIterator[tuple[Limen, Limen, Account]]:
    """Two processes on one file and an account with two scopes. The first one has a single hashing thread."""
    url = f"sqlite:///{tmp_path}/limen.db"
    async with (
        world(url, strategy=strategy, hash_threads=1) as (here, clock),
        world(url, strategy=strategy, clock=clock) as (there, _),
    ):
        await account_with(here, scopes=("admin", "read"))
        yield here, there, await here.find_account(EMAIL)


async def during(here: Limen, work: Awaitable[T], change: Awaitable[object]) -> T:
    """The outcome of `work`, whose password waits for a thread while `change` is made."""
    gate, pool = Event(), here._parts.pool
    held = asyncio.ensure_future(pool.run(gate.wait))
    try:
        while not pool.stats().running:  # noqa: ASYNC110 - what the pool counts has no event
            await asyncio.sleep(0)
        started = asyncio.ensure_future(work)
        while not pool.stats().waiting:  # noqa: ASYNC110 - the same
            await asyncio.sleep(0)
        await change
    finally:
        gate.set()
    await held
    return await started


async def is_refused(auth: Limen, grant: Grant) -> bool:
    await auth.catch_up()
    try:
        await auth.authenticate(grant.credential)
    except Denied:
        return grant.refresh is None or await is_not_refreshed(auth, grant.refresh)
    return False


async def is_not_refreshed(auth: Limen, credential: str) -> bool:
    try:
        await auth.refresh(credential)
    except Denied:
        return True
    return False


@pytest.mark.parametrize("strategy", STRATEGIES)
async def test_S24_R13_who_proves_an_old_password_while_it_is_replaced_is_not_signed_in(
    strategy: str, tmp_path: Path
) -> None:
    async with two(tmp_path, strategy) as (here, there, account):
        with pytest.raises(Denied) as caught:
            await during(here, here.sign_in(EMAIL, PASSWORD), there.set_password(account, OTHER_PASSWORD))
        assert caught.value.code == "sign_in_failed"
        assert await there.store.sessions_of(account.id, now=there.clock.now()) == []
        await here.sign_in(EMAIL, OTHER_PASSWORD)


@pytest.mark.parametrize("strategy", STRATEGIES)
async def test_S25_who_proves_a_password_while_the_account_goes_is_not_signed_in(
    strategy: str, tmp_path: Path
) -> None:
    goes: list[Callable[[Limen], Change]] = [lambda a: a.disable_account, lambda a: a.delete_account]
    for number, change in enumerate(goes):
        folder = tmp_path / str(number)
        folder.mkdir()
        async with two(folder, strategy) as (here, there, account):
            with pytest.raises(Denied) as caught:
                await during(here, here.sign_in(EMAIL, PASSWORD), change(there)(account))
            assert caught.value.code == "sign_in_failed"


@pytest.mark.parametrize("strategy", STRATEGIES)
async def test_S38_a_scope_that_is_taken_away_while_a_password_is_proven_is_not_granted(
    strategy: str, tmp_path: Path
) -> None:
    async with two(tmp_path, strategy) as (here, there, account):
        signed: SignedIn = await during(
            here, here.sign_in(EMAIL, PASSWORD), there.set_scopes(account, ("read",))
        )
        assert signed.grant.scopes == ("read",)
        await here.catch_up()
        assert (await here.authenticate(signed.grant.credential)).scopes == {"read"}
        if signed.grant.refresh is not None:
            assert (await here.refresh(signed.grant.refresh)).scopes == ("read",)


@pytest.mark.parametrize("strategy", STRATEGIES)
async def test_S38_a_scope_that_was_asked_for_and_is_taken_away_meanwhile_is_refused(
    strategy: str, tmp_path: Path
) -> None:
    async with two(tmp_path, strategy) as (here, there, account):
        with pytest.raises(Rejected) as caught:
            await during(
                here, here.sign_in(EMAIL, PASSWORD, scopes=("admin",)), there.set_scopes(account, ("read",))
            )
        assert caught.value.code == "invalid_scope"
        assert await there.store.sessions_of(account.id, now=there.clock.now()) == []


@pytest.mark.parametrize("strategy", STRATEGIES)
async def test_S24_a_sign_in_outlives_the_sign_out_of_all_others_before_it(
    strategy: str, tmp_path: Path
) -> None:
    """The password was right before and is right after: nobody has to type it twice."""
    async with two(tmp_path, strategy) as (here, there, account):
        signed = await during(here, here.sign_in(EMAIL, PASSWORD), there.revoke_sessions(account))
        assert not await is_refused(here, signed.grant)


@pytest.mark.parametrize("strategy", STRATEGIES)
async def test_a_hash_that_is_upgraded_meanwhile_keeps_nobody_out(strategy: str, tmp_path: Path) -> None:
    async with two(tmp_path, strategy) as (here, there, account):
        assert account.password is not None
        fresh = there._parts.hasher.hash(PASSWORD)
        upgrade = there.store.upgrade_password(account.id, spent=account.password, fresh=fresh)
        signed = await during(here, here.sign_in(EMAIL, PASSWORD), upgrade)
        assert not await is_refused(here, signed.grant)
        live = await there.store.sessions_of(account.id, now=there.clock.now())
        assert len(live) == (strategy != "jwt")


@pytest.mark.parametrize("strategy", ["session", "hybrid"])
async def test_S26_of_two_changes_of_a_password_the_later_one_ends_the_session_of_the_earlier(
    strategy: str, tmp_path: Path
) -> None:
    """Between the change and the session that goes on with it, an operator sets another password."""
    async with two(tmp_path, strategy) as (here, there, account):
        who = await here.authenticate((await here.sign_in(EMAIL, PASSWORD)).grant.credential)
        issue = here._strategy.issue

        async def late(*arguments: object, **named: object) -> Grant:
            await there.set_password(account, NEWEST_PASSWORD)
            return await issue(*arguments, **named)  # type: ignore[arg-type]

        here._strategy.issue = late  # type: ignore[method-assign]
        with pytest.raises(Rejected) as caught:
            await here.change_password(who, PASSWORD, OTHER_PASSWORD)
        assert caught.value.code == "password_changed"
        assert await there.store.sessions_of(account.id, now=there.clock.now()) == []


@pytest.mark.parametrize("strategy", STRATEGIES)
async def test_who_steps_up_with_a_password_that_is_replaced_meanwhile_stays_where_they_were(
    strategy: str, tmp_path: Path
) -> None:
    async with two(tmp_path, strategy) as (here, there, account):
        who = await here.authenticate((await here.sign_in(EMAIL, PASSWORD)).grant.credential)
        with pytest.raises(Rejected) as caught:
            await during(here, here.step_up(who, PASSWORD), there.set_password(account, OTHER_PASSWORD))
        assert caught.value.code == "account_changed"
        assert await there.store.sessions_of(account.id, now=there.clock.now()) == []
