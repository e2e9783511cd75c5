"""A sign-in of more than one factor: nothing is opened before the last one, and each is proven once (S29)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from limen.auth import Limen
from limen.errors import Denied, LimenError, Misconfigured, Rejected, Throttled, Unavailable
from limen.factors import HALF_LIFETIME, Unfinished
from limen.testing import TurnableClock
from support.factors import Codes, code_at
from support.world import EMAIL, OTHER_PASSWORD, PASSWORD, STRATEGIES, account_with, world

pytestmark = pytest.mark.anyio
SEED = b"12345678901234567890"


@asynccontextmanager
async def guarded(*factors: Codes, **options: object) -> AsyncIterator[tuple[Limen, TurnableClock]]:
    """An account that must prove every one of these factors."""
    async with world(factors=factors, **options) as (auth, clock):
        await account_with(auth, scopes=("a", "b"))
        whose = (await auth.find_account(EMAIL)).id
        for factor in factors:
            factor.seeds[whose] = SEED
        yield auth, clock


async def begun(auth: Limen, scopes: tuple[str, ...] | None = None) -> Unfinished:
    with pytest.raises(Unfinished) as caught:
        await auth.sign_in(EMAIL, PASSWORD, scopes=scopes)
    return caught.value


async def code(auth: Limen, half: str, answer: str, factor: str = "otp") -> str | None:
    try:
        await auth.prove_factor(half, factor, answer)
    except LimenError as error:
        return error.code
    return None


def test_the_code_of_the_tests_is_that_of_the_rfc() -> None:
    assert (code_at(SEED, 59), code_at(SEED, 1111111109)) == ("287082", "081804")  # RFC 6238, appendix B


@pytest.mark.parametrize("strategy", STRATEGIES)
async def test_S29_the_password_alone_opens_nothing(strategy: str) -> None:
    async with guarded(Codes(), strategy=strategy) as (auth, clock):
        half = await begun(auth)
        assert half.factors == ("otp",)
        account = await auth.find_account(EMAIL)
        assert await auth.store.sessions_of(account.id, now=clock.now()) == []
        for closed in (auth.authenticate, auth.refresh):
            with pytest.raises(Denied):
                await closed(half.half)
        assert await auth.introspect(half.half) is None


@pytest.mark.parametrize("strategy", STRATEGIES)
async def test_the_right_answer_signs_in_with_both_factors_and_what_was_asked_for(strategy: str) -> None:
    async with guarded(Codes(), strategy=strategy) as (auth, clock):
        half = await begun(auth, scopes=("a",))
        signed_in = await auth.prove_factor(half.half, "otp", code_at(SEED, clock.now()))
        who = await auth.authenticate(signed_in.grant.credential)
        assert (who.amr, who.scopes) == (("pwd", "otp"), frozenset({"a"}))


async def test_one_factor_after_the_other() -> None:
    first, second = Codes(), Codes("hwk")
    async with guarded(first, second) as (auth, clock):
        half = await begun(auth)
        assert half.factors == ("otp", "hwk")
        with pytest.raises(Unfinished) as caught:
            await auth.prove_factor(half.half, "hwk", code_at(SEED, clock.now()))
        assert (caught.value.factors, caught.value.ends) == (("otp",), half.ends)
        signed_in = await auth.prove_factor(caught.value.half, "otp", code_at(SEED, clock.now()))
        assert (await auth.authenticate(signed_in.grant.credential)).amr == ("pwd", "hwk", "otp")


async def test_an_account_that_has_set_up_none_is_asked_for_none() -> None:
    async with world(factors=[Codes()]) as (auth, _):
        await account_with(auth)
        assert (await auth.authenticate((await auth.sign_in(EMAIL, PASSWORD)).grant.credential)).amr == (
            "pwd",
        )


async def test_a_wrong_answer_is_denied_and_an_answer_is_good_once() -> None:
    async with guarded(Codes()) as (auth, clock):
        half, right = (await begun(auth)).half, code_at(SEED, clock.now())
        assert await code(auth, half, "000000") == "factor_wrong"
        assert await code(auth, half, right) is None
        assert await code(auth, half, right) == "factor_wrong"


async def test_S29_the_half_dies_after_ten_minutes_and_with_a_new_password() -> None:
    async with guarded(Codes()) as (auth, clock):
        late, early = await begun(auth), clock.now()
        clock.turn(HALF_LIFETIME)
        assert await code(auth, late.half, code_at(SEED, clock.now())) == "sign_in_over"
        assert late.ends == early + HALF_LIFETIME
        half = await begun(auth)
        await auth.set_password(await auth.find_account(EMAIL), OTHER_PASSWORD)
        assert await code(auth, half.half, code_at(SEED, clock.now())) == "sign_in_over"


@pytest.mark.parametrize("act", ["disable_account", "revoke_sessions", "delete_account"])
async def test_what_ends_all_sessions_ends_a_half_too(act: str) -> None:
    async with guarded(Codes()) as (auth, clock):
        half = await begun(auth)
        await getattr(auth, act)(await auth.find_account(EMAIL))
        assert await code(auth, half.half, code_at(SEED, clock.now())) == "sign_in_over"


async def test_answers_are_throttled_by_account_and_who_does_not_know_the_password_cannot_fill_that() -> None:
    async with guarded(Codes()) as (auth, clock):
        half = (await begun(auth)).half
        for _ in range(5):
            assert await code(auth, half, "000000") == "factor_wrong"
        with pytest.raises(Throttled):
            await auth.prove_factor(half, "otp", code_at(SEED, clock.now()))
        assert await code(auth, "A" * 64, "000000") == "sign_in_over"
        clock.turn(2)
        assert await code(auth, half, code_at(SEED, clock.now())) is None


async def test_a_factor_that_cannot_be_asked_lets_nobody_in_and_is_not_counted() -> None:
    class Away(Codes):
        async def prove(self, account: object, answer: str, *, now: object) -> bool:
            raise Unavailable("the codes are away")

    async with guarded(Away()) as (auth, _):
        half = (await begun(auth)).half
        for _ in range(7):
            assert await code(auth, half, "000000") == "unavailable"


async def test_a_factor_that_is_not_asked_for_is_rejected() -> None:
    async with guarded(Codes()) as (auth, _):
        half = (await begun(auth)).half
        for name in ("pwd", "hwk", ""):
            with pytest.raises(Rejected):
                await auth.prove_factor(half, name, "1")


async def test_an_outdated_hash_is_renewed_although_another_factor_is_missing() -> None:
    codes = Codes()
    async with guarded(codes) as (auth, clock):
        account = await auth.find_account(EMAIL)
        old = "$2b$04$......................wJ8kgQuCDuLCwHlTJHkRGBZ4kaJ1lqe"
        assert account.password is not None
        assert await auth.store.upgrade_password(
            account.id, spent=account.password, fresh=bcrypt_of(PASSWORD)
        )
        half = await begun(auth)
        assert (await auth.find_account(EMAIL)).password not in (old, bcrypt_of(PASSWORD))
        assert await code(auth, half.half, code_at(SEED, clock.now())) is None


def bcrypt_of(password: str) -> str:
    import bcrypt

    return bcrypt.hashpw(password.encode(), b"$2b$04$......................").decode()


@pytest.mark.parametrize("names", [("pwd",), ("otp", "otp"), ("OTP",), ("",), ("o" * 33,), ("o t",)])
async def test_a_factor_without_a_name_of_its_own_is_refused_when_limen_is_made(
    names: tuple[str, ...],
) -> None:
    with pytest.raises(Misconfigured):
        async with world(factors=[Codes(name) for name in names]):
            pass
