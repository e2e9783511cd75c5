"""A verifier from afar: what it accepts, what ends it, and what it does when it cannot tell."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest

from limen.errors import Denied, Misconfigured
from limen.insecure import AcceptStale
from limen.testing import TurnableClock
from limen.verifier import Verifier
from support.http import Served, login, served
from support.remote import ASK, CLIENT, KEYS, PAGE, Between, changed, code_of, made, said, verified
from support.world import EMAIL

pytestmark = pytest.mark.anyio


def serving(**options: Any) -> Any:
    return served(clients=(CLIENT,), strategy="hybrid", **options)


async def token_of(at: Served) -> str:
    return str((await login(at.client()))["access_token"])


async def ended(at: Served, token: str) -> None:
    await at.auth.sign_out(await at.auth.authenticate(token))


async def test_it_says_of_a_token_what_the_issuer_says() -> None:
    async with serving() as at, verified(at) as (verifier, between):
        token = await token_of(at)
        assert await verifier.authenticate(token) == await at.auth.authenticate(token)
        assert verifier.recall(token) is not None
        assert verifier.recall_raw(token.encode()) is not None
        assert between.asked[ASK] == between.asked[KEYS] == 0
        assert between.asked[PAGE] == 1


async def test_a_revocation_is_known_with_the_next_page() -> None:
    async with serving() as at, verified(at) as (verifier, _):
        doomed, honest = await token_of(at), await token_of(at)
        assert await code_of(verifier, doomed) == await code_of(verifier, honest) == "ok"
        await ended(at, doomed)
        await verifier.catch_up()
        assert await code_of(verifier, doomed) == "credential_revoked"
        assert await code_of(verifier, honest) == "ok"


async def test_S38_a_change_of_claims_makes_older_tokens_stale() -> None:
    async with serving() as at, verified(at) as (verifier, _):
        token = await token_of(at)
        account = await at.auth.find_account(EMAIL)
        await at.auth.set_scopes(account, ("notes:read",))
        await verifier.catch_up()
        assert await code_of(verifier, token) == "token_stale"
        assert (await verifier.authenticate(await token_of(at))).scopes == {"notes:read"}


async def test_a_stale_view_asks_the_issuer_about_each_token_and_keeps_no_answer() -> None:
    async with serving() as at, verified(at) as (verifier, between):
        doomed, honest = await token_of(at), await token_of(at)
        assert await code_of(verifier, doomed) == "ok"
        await ended(at, doomed)
        between.instead[PAGE] = lambda request: said(500)
        at.clock.turn(5)
        assert await code_of(verifier, doomed) == "ok", "within max_staleness a view is believed"
        at.clock.turn(0.001)
        assert not verifier.is_fresh()
        assert await code_of(verifier, doomed) == "credential_revoked"
        for n in range(3):
            assert await code_of(verifier, honest) == "ok"
            assert between.asked[ASK] == n + 2


async def test_an_answer_about_a_token_holds_at_the_moment_of_asking() -> None:
    """The issuer's own view may be as old as `max_staleness`; whoever introspects is not told by it."""
    async with serving(max_staleness=300) as at, verified(at) as (verifier, between):
        token = await token_of(at)
        who = await at.auth.authenticate(token)
        between.instead[PAGE] = lambda request: said(500)
        at.clock.turn(6)
        now: Any = at.clock.now()  # another process ends it; this one's follower has not looked since
        await at.auth.store.revoke_session(who.session, account=None, now=now, until=now + 900, why="w")
        assert await code_of(verifier, token) == "credential_revoked"


async def test_what_is_narrowed_is_narrowed_where_the_issuer_is_asked() -> None:
    async with serving() as at, verified(at) as (verifier, between):
        await at.auth.set_scopes(await at.auth.find_account(EMAIL), ("a", "b"))
        await verifier.catch_up()
        at.clock.turn(1)
        token = await token_of(at)
        who = await verifier.authenticate(token)
        between.alter[ASK] = changed(scope="a")
        at.clock.turn(5.5)
        assert who.scopes == {"a", "b"}
        assert (await verifier.authenticate(token)).scopes == {"a"}


@pytest.mark.parametrize(
    ("policy", "code"), [("ask", "unavailable"), ("refuse", "unavailable"), (AcceptStale(at_most=10), "ok")]
)
async def test_R09_without_an_issuer_it_goes_on_for_max_staleness_and_then_lets_nobody_in(
    policy: Any, code: str
) -> None:
    async with serving() as at, verified(at, on_outage=policy) as (verifier, between):
        token, unseen = await token_of(at), await token_of(at)
        assert await code_of(verifier, token) == "ok"
        between.cut()
        at.clock.turn(5)
        assert await code_of(verifier, token) == await code_of(verifier, unseen) == "ok"
        at.clock.turn(1)
        assert await code_of(verifier, token) == await code_of(verifier, unseen) == code
        assert not verifier.is_fresh()
        at.clock.turn(10)
        assert await code_of(verifier, token) == "unavailable"
        between.mend()
        await verifier.catch_up()
        assert await code_of(verifier, token) == "ok"


async def test_refuse_asks_nobody() -> None:
    async with serving() as at, verified(at, on_outage="refuse") as (verifier, between):
        token = await token_of(at)
        at.clock.turn(6)
        assert await code_of(verifier, token) == "unavailable"
        assert between.asked[ASK] == 0
        assert verifier.guarantees.store_reads_stale == 0


async def test_questions_that_fail_are_not_asked_by_everybody() -> None:
    async with serving() as at, verified(at) as (verifier, between):
        token = await token_of(at)
        between.cut()
        at.clock.turn(6)
        for _ in range(50):
            assert await code_of(verifier, token) == "unavailable"
        assert between.asked[ASK] == 1
        at.clock.turn(0.5)
        assert await code_of(verifier, token) == "unavailable"
        assert between.asked[ASK] == 2


@pytest.mark.parametrize("wrong", [{"sub": "x"}, {"sid": "x"}, {"active": "yes"}, {"active": None}], ids=str)
async def test_an_answer_about_somebody_else_lets_nobody_in(wrong: dict[str, Any]) -> None:
    async with serving() as at, verified(at) as (verifier, between):
        token = await token_of(at)
        at.clock.turn(6)
        between.alter[ASK] = changed(**wrong)
        assert await code_of(verifier, token) == "unavailable"
        between.mend()
        at.clock.turn(1)
        assert await code_of(verifier, token) == "ok"


async def test_R19_what_is_too_much_for_the_filter_is_asked_about() -> None:
    async with serving() as at, verified(at) as (verifier, between):
        verifier.filter._exact = 0
        doomed, honest = await token_of(at), await token_of(at)
        await ended(at, doomed)
        await verifier.catch_up()
        assert await code_of(verifier, honest) == "ok"
        assert between.asked[ASK] == 0
        assert await code_of(verifier, doomed) == "credential_revoked"
        assert between.asked[ASK] == 1


async def test_the_stricter_promise_counts() -> None:
    async with serving(max_staleness=2) as at, verified(at, max_staleness=60) as (verifier, between):
        token = await token_of(at)
        assert verifier.max_staleness == verifier.guarantees.revocation_lag == 2
        between.cut()
        at.clock.turn(2.1)
        assert not verifier.is_fresh()
        assert await code_of(verifier, token) == "unavailable"


# -- where the issuer is not there, or is another ---------------------------------------------------------


async def test_an_issuer_that_is_not_there_yet_is_waited_for() -> None:
    async with serving() as at:
        between = Between(at.app)
        between.cut()
        async with made(at, between) as verifier:
            token = await token_of(at)
            assert await code_of(verifier, token) == "unavailable"
            between.mend()
            await verifier.catch_up()
            assert await code_of(verifier, token) == "ok"
            await verifier.start()  # twice is once


async def test_a_client_that_the_issuer_does_not_know_is_told_at_the_start() -> None:
    async with serving() as at:
        verifier = made(at, Between(at.app), client=False, client_id=CLIENT, client_secret="x")
        with pytest.raises(Misconfigured, match="limen key client"):
            await verifier.start()
        await verifier.close()


@pytest.mark.parametrize(
    ("options", "word"),
    [
        ({"issuer": "http://issuer.example"}, "https"),
        ({"issuer": "https://issuer.example", "at": "http://10.0.0.1:8000"}, "https"),
        ({"issuer": "https://issuer.example/"}, "origin"),
        ({"issuer": "https://issuer.example", "client_id": "api"}, "come together"),
        ({"issuer": "https://issuer.example", "client_secret": "x"}, "come together"),
        ({"issuer": "https://issuer.example", "on_outage": "accept"}, "limen.insecure"),
        ({"issuer": "https://issuer.example", "max_staleness": 0}, "max_staleness"),
        ({"issuer": "https://issuer.example", "leeway": 61}, "leeway"),
        ({"issuer": "https://issuer.example", "transports": ("pigeon",)}, "transports"),
    ],
)
def test_K08_what_does_not_fit_is_said_when_it_is_made(options: dict[str, Any], word: str) -> None:
    with pytest.raises(Misconfigured, match=word):
        Verifier(**options)


def test_an_unsafe_choice_is_bounded() -> None:
    for seconds in (0, -1, 100_000):
        with pytest.raises(Misconfigured):
            AcceptStale(at_most=seconds)


def test_without_an_http_client_it_says_what_to_install_and_with_one_it_needs_no_driver() -> None:
    code = (
        "import sys; sys.modules['httpx2'] = None\n"
        "try:\n import limen.verifier\nexcept ImportError as error:\n print(error)"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert "limen[verifier]" in told
    code = "import sys, limen.verifier; print([m for m in sys.modules if m.split('.')[0] in sys.argv[1:]])"
    heavy = ("sqlite3", "asyncpg", "redis", "starlette", "uvicorn", "click", "fastapi")
    ran = subprocess.run([sys.executable, "-c", code, *heavy], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"


# -- tokens of others -------------------------------------------------------------------------------------


async def test_K14_a_key_of_one_issuer_is_worth_nothing_for_another() -> None:
    """Storm-0558: the same audience, the same sort of key, and even the key itself in the wrong set."""
    elsewhere = served(issuer="https://other.example", strategy="hybrid")
    async with serving() as at, elsewhere as other, verified(at) as (verifier, _):
        foreign = str((await login(other.client()))["access_token"])
        assert await code_of(verifier, foreign) == "token_invalid"
        ours, theirs = at.auth.ring.published(), other.auth.ring.published()
        verifier._keys.take({"keys": ours["keys"] + theirs["keys"]}, etag="both")
        with pytest.raises(Denied) as denied:
            await verifier.authenticate(foreign)
        assert denied.value.reason == "iss_wrong"


async def test_K14_a_token_for_another_audience_is_refused() -> None:
    async with serving(audience="https://a.example") as at:
        token = await token_of(at)
        async with verified(at, audience="https://a.example") as (verifier, _):
            assert await code_of(verifier, token) == "ok"
        async with verified(at, audience="https://b.example") as (verifier, _):
            with pytest.raises(Denied) as denied:
                await verifier.authenticate(token)
            assert denied.value.reason == "aud_wrong"


@pytest.mark.parametrize("strategy", ["jwt", "session"])
async def test_credentials_of_other_strategies_are_not_accepted(strategy: str) -> None:
    serving = served(strategy=strategy, accept=("hybrid",), clients=(CLIENT,))
    async with serving as at, verified(at) as (verifier, _):
        assert await code_of(verifier, await token_of(at)) == "credential_invalid"


async def test_without_a_client_only_tokens_of_the_strategy_jwt_are_accepted() -> None:
    async with served(strategy="jwt") as at, verified(at, client=False) as (verifier, between):
        token = await token_of(at)
        assert (await verifier.authenticate(token)).strategy == "jwt"
        assert (between.asked[KEYS], between.asked[PAGE]) == (1, 0)
        assert verifier.guarantees.revocation_lag >= at.auth.guarantees.revocation_lag
        between.cut()
        at.clock.turn(800)
        assert await code_of(verifier, token) == "ok"
        at.clock.turn(105)
        assert await code_of(verifier, token) == "token_expired"
    async with serving() as at, verified(at, client=False) as (verifier, _):
        assert await code_of(verifier, await token_of(at)) == "credential_invalid"


# -- clocks -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("skew", [-90.0, -60.0, -5.0, 0.0, 5.0, 60.0, 90.0])
async def test_R25_clocks_that_differ_let_no_revoked_token_in(skew: float) -> None:
    """Within the leeway nothing is noticed, beyond it fresh tokens are refused; revocations hold always."""
    async with serving(leeway=60) as at:
        clock = TurnableClock(at.clock.now() + skew)
        async with verified(at, clock=clock, leeway=60) as (verifier, _):
            token, doomed = await token_of(at), await token_of(at)
            assert await code_of(verifier, token) == ("token_invalid" if skew < -60 else "ok")
            await code_of(verifier, doomed)
            await ended(at, doomed)
            await verifier.catch_up()
            assert verifier.is_fresh(), "no two clocks are compared"
            for _ in range(20):
                assert await code_of(verifier, doomed) != "ok"
                at.clock.turn(60)
                clock.turn(60)
                for _ in verifier.filter.pruning(now=clock.now()):
                    assert await code_of(verifier, doomed) != "ok"
                await at.auth.maintain()
                await verifier.catch_up()
