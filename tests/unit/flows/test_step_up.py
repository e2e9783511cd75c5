"""Step up: a new session takes the place of the old one, authenticated now (RFC 9470, ASVS 7.2.4)."""

from __future__ import annotations

import pytest

from limen.auth import Limen
from limen.errors import Denied, Throttled
from limen.factors import Unfinished
from limen.strategies.base import Identity
from support.factors import Codes, code_at
from support.world import EMAIL, OTHER_PASSWORD, PASSWORD, STRATEGIES, account_with, world

pytestmark = pytest.mark.anyio


async def signed_in(auth: Limen) -> tuple[Identity, str]:
    credential = (await auth.sign_in(EMAIL, PASSWORD)).grant.credential
    return await auth.authenticate(credential), credential


@pytest.mark.parametrize("strategy", STRATEGIES)
async def test_the_new_session_is_authenticated_now_and_the_old_one_has_ended(strategy: str) -> None:
    async with world(strategy=strategy) as (auth, clock):
        await account_with(auth, scopes=("a", "b"))
        who, old = await signed_in(auth)
        clock.turn(600)
        grant = await auth.step_up(who, PASSWORD)
        fresh = await auth.authenticate(grant.credential)
        assert int(fresh.authenticated) == int(clock.now())
        assert (fresh.scopes, fresh.session == who.session) == (who.scopes, False)
        if strategy != "jwt":  # which promises no end before expiry
            with pytest.raises(Denied):
                await auth.authenticate(old)


async def test_narrower_scopes_stay_narrow() -> None:
    async with world() as (auth, _):
        await account_with(auth, scopes=("a", "b"))
        credential = (await auth.sign_in(EMAIL, PASSWORD, scopes=("a",))).grant.credential
        grant = await auth.step_up(await auth.authenticate(credential), PASSWORD)
        assert grant.scopes == ("a",)


async def test_a_wrong_password_changes_nothing_and_is_throttled() -> None:
    async with world() as (auth, _):
        await account_with(auth)
        who, credential = await signed_in(auth)
        for _ in range(5):
            with pytest.raises(Denied) as caught:
                await auth.step_up(who, OTHER_PASSWORD)
            assert (caught.value.code, caught.value.forbidden) == ("password_wrong", True)
        with pytest.raises(Throttled):
            await auth.step_up(who, PASSWORD)
        assert await auth.authenticate(credential) == who


async def test_further_factors_are_asked_for_again_and_only_then_the_old_session_ends() -> None:
    codes = Codes()
    async with world(factors=[codes]) as (auth, clock):
        await account_with(auth)
        who, old = await signed_in(auth)
        codes.seeds[who.account] = b"seed"
        with pytest.raises(Unfinished) as caught:
            await auth.step_up(who, PASSWORD)
        assert await auth.authenticate(old) == who
        done = await auth.prove_factor(caught.value.half, "otp", code_at(b"seed", clock.now()))
        assert (await auth.authenticate(done.grant.credential)).amr == ("pwd", "otp")
        with pytest.raises(Denied):
            await auth.authenticate(old)


async def test_an_account_that_is_gone_or_disabled_steps_up_to_nothing() -> None:
    async with world() as (auth, _):
        await account_with(auth)
        who, _ = await signed_in(auth)
        await auth.disable_account(await auth.find_account(EMAIL))
        with pytest.raises(Denied):
            await auth.step_up(who, PASSWORD)
        await auth.delete_account(await auth.find_account(EMAIL))
        with pytest.raises(Denied):
            await auth.step_up(who, PASSWORD)
