"""Accounts beside somebody else's users, and sessions that somebody else vouches for."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from limen import Denied, Limen, Rejected, Throttled
from limen.clock import Instant
from limen.testing import PASSWORD, TurnableClock, for_tests

pytestmark = pytest.mark.anyio
DJANGO = "pbkdf2_sha256$1000$salt$ZVNz2rQBLO7/D2QJ6bXBp5Zg1s9lxp0UHhrO+u9J2pY="
FRESH = "another battery, another staple"


@pytest.fixture
def clock() -> TurnableClock:
    return TurnableClock()


@pytest.fixture(params=["session", "jwt", "hybrid"])
async def auth(request: pytest.FixtureRequest, clock: TurnableClock) -> AsyncIterator[Limen]:
    async with for_tests(clock=clock, strategy=request.param) as started:
        yield started


async def test_an_adopted_account_has_the_hash_that_it_came_with(auth: Limen) -> None:
    account = await auth.adoption.adopt_account("ada@example.com", DJANGO)
    assert account.password == DJANGO
    with pytest.raises(Rejected, match="address already"):
        await auth.adoption.adopt_account("Ada@Example.com", DJANGO)


@pytest.mark.parametrize("hashed", [None, "", "!unusable", "md5$salt$0123456789abcdef", "plain text"])
async def test_P11_what_is_no_hash_is_no_password(auth: Limen, hashed: str | None) -> None:
    account = await auth.adoption.adopt_account("ada@example.com", hashed)
    assert account.password is None
    with pytest.raises(Denied):
        await auth.adoption.prove(account.id, "ada", hashed or "x", started=auth.clock.monotonic())


async def test_a_proof_opens_nothing_and_tells_what_it_was_proven_by(auth: Limen) -> None:
    account = await auth.add_account("ada@example.com", PASSWORD)
    proven = await auth.adoption.prove(account.id, "ada", PASSWORD, started=auth.clock.monotonic())
    assert (proven.found, proven.kept) == (account.password, account)
    assert await auth.store.sessions_of(account.id, now=auth.clock.now()) == []


async def test_A05_proofs_are_throttled_as_sign_ins_are_and_by_one_bucket(auth: Limen) -> None:
    account = await auth.add_account("ada@example.com", PASSWORD)
    for _ in range(3):
        with pytest.raises(Denied):
            await auth.adoption.prove(account.id, "ada", FRESH, started=auth.clock.monotonic())
    for _ in range(2):
        with pytest.raises(Denied):
            await auth.sign_in("ada@example.com", FRESH)
    with pytest.raises(Throttled):
        await auth.adoption.prove(account.id, "ada", PASSWORD, started=auth.clock.monotonic())
    with pytest.raises(Throttled):
        await auth.sign_in("ada@example.com", PASSWORD)


async def test_A05_nobody_is_told_to_come_back_in_no_time(auth: Limen, clock: TurnableClock) -> None:
    account = await auth.add_account("ada@example.com", PASSWORD)
    for _ in range(5):
        with pytest.raises(Denied):
            await auth.adoption.prove(account.id, "ada", FRESH, started=auth.clock.monotonic())
    with pytest.raises(Throttled) as waiting:
        await auth.adoption.prove(account.id, "ada", FRESH, started=auth.clock.monotonic())
    clock.turn(waiting.value.retry_after - 0.2)
    with pytest.raises(Throttled, match="try again in 1 s"):
        await auth.adoption.prove(account.id, "ada", FRESH, started=auth.clock.monotonic())


async def test_A01_a_proof_is_denied_on_the_grid_of_when_somebody_began_to_look(
    auth: Limen, clock: TurnableClock
) -> None:
    account = await auth.add_account("ada@example.com", PASSWORD)
    for whose in (account.id, None):
        started = clock.monotonic()
        clock.turn(0.1)
        with pytest.raises(Denied):
            await auth.adoption.prove(whose, "ada", FRESH, started=started)
        assert round(clock.monotonic() - started, 6) == 0.25


async def test_no_session_is_opened_for_an_account_that_changed_since_it_was_proven(auth: Limen) -> None:
    account = await auth.add_account("ada@example.com", PASSWORD)
    await auth.set_password(account, FRESH)
    with pytest.raises(Denied):
        await auth.adoption.open_session(account, amr=("pwd",))
    fresh = await auth.find_account(account.id)
    with pytest.raises(Denied):
        await auth.adoption.open_session(replace(fresh, disabled=Instant(1.0)), amr=("pwd",))
    await auth.disable_account(fresh)
    with pytest.raises(Denied):
        await auth.adoption.open_session(fresh, amr=("pwd",))


async def test_a_session_that_goes_on_is_as_old_as_it_was(auth: Limen, clock: TurnableClock) -> None:
    account = await auth.add_account("ada@example.com", PASSWORD)
    before = auth.clock.now()
    clock.turn(3_600)
    grant = await auth.adoption.open_session(account, amr=("pwd",), authenticated=before)
    identity = await auth.authenticate(grant.credential)
    assert int(identity.authenticated) == int(before)


async def test_a_session_lives_until_it_ends(auth: Limen) -> None:
    account = await auth.add_account("ada@example.com", PASSWORD)
    grant = await auth.adoption.open_session(account, amr=("pwd",))
    alive = await auth.adoption.session(grant.session)
    if auth.settings.strategy == "jwt":
        assert alive is None
        return
    assert alive is not None
    await auth.adoption.end(grant.session, account.id)
    assert await auth.adoption.session(grant.session) is None
    with pytest.raises(Denied):
        await auth.authenticate(grant.credential)


async def test_a_hash_that_is_set_ends_all_sessions(auth: Limen) -> None:
    account = await auth.add_account("ada@example.com", PASSWORD)
    other = await auth.add_account("bob@example.com", FRESH)
    grant = await auth.adoption.open_session(account, amr=("pwd",))
    assert other.password is not None
    await auth.adoption.set_hash(account, other.password)
    if auth.settings.strategy != "jwt":
        with pytest.raises(Denied):
            await auth.authenticate(grant.credential)
    assert (await auth.sign_in("ada@example.com", FRESH)).grant.account == account.id
    await auth.adoption.set_hash(account, "!nothing")
    with pytest.raises(Denied):
        await auth.sign_in("ada@example.com", FRESH)
