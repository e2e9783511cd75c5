"""Registering and signing in over HTTP, under each strategy and over both transports."""

from __future__ import annotations

import pytest

from limen.testing import TurnableClock
from support.http import ISSUER, LOGIN, TRANSPORTS, code, cookies, login, served
from support.world import EMAIL, OTHER_PASSWORD, STRATEGIES

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("strategy", STRATEGIES)
@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_from_registration_to_sign_out(strategy: str, transport: str) -> None:
    async with served(strategy=strategy, account=False) as at, at.browser() as client:
        assert (await client.post("/auth/register", json=LOGIN | {})).status_code == 202
        body = await login(client, transport=transport)
        if transport == "bearer":
            client.headers["authorization"] = f"Bearer {body['access_token']}"
        who = (await client.get("/auth/session")).json()
        assert (who["email"], who["strategy"], who["amr"]) == (EMAIL, strategy, ["pwd"])
        assert who["authenticated_at"] == "2027-01-15T08:00:00Z"
        out = await client.post("/auth/logout")
        assert out.status_code == 200
        again = await client.get("/auth/session")
        if strategy == "jwt" and transport == "bearer":  # says so, and is believed until then
            assert again.status_code == 200
            at.clock.turn(out.json()["effective_in"])
            again = await client.get("/auth/session")
        assert again.status_code == 401


@pytest.mark.parametrize("strategy", STRATEGIES)
async def test_a_bearer_answer_is_that_of_oauth_and_sets_no_cookie(strategy: str) -> None:
    async with served(strategy=strategy) as at, at.client() as client:
        answer = await client.post("/auth/login", json=LOGIN | {"transport": "bearer"})
        body = answer.json()
        assert body["token_type"] == "Bearer"
        assert 0 < body["expires_in"] <= 30 * 86_400
        assert ("refresh_token" in body) == (strategy == "hybrid")
        assert "set-cookie" not in answer.headers
        assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("strategy", STRATEGIES)
async def test_S11_the_longest_scopes_that_an_account_may_have_fit_a_cookie(strategy: str) -> None:
    scopes = tuple(f"{n:063d}" for n in range(16))
    async with served(strategy=strategy, account=False) as at, at.browser() as client:
        await at.auth.add_account(EMAIL, LOGIN["password"], scopes=scopes)
        await login(client, transport="cookie")
        assert (await client.get("/auth/session")).json()["scope"] == " ".join(scopes)


@pytest.mark.parametrize("strategy", STRATEGIES)
async def test_S11_cookies_have_every_flag_and_their_answer_no_token(strategy: str) -> None:
    async with served(strategy=strategy) as at, at.browser() as client:
        answer = await client.post("/auth/login", json=LOGIN | {"transport": "cookie"})
        found = cookies(answer)
        used = "__Host-sid" if strategy == "session" else "__Host-token"
        expected = {used, "__Host-device"} | (
            {"__Secure-refresh", "__Host-refreshes"} if strategy == "hybrid" else set()
        )
        assert {name for name, morsel in found.items() if morsel.value} == expected
        for name, morsel in found.items():
            assert morsel["secure"]
            assert morsel["httponly"]
            assert morsel["samesite"] == "Lax"
            assert morsel["domain"] == ""
            assert morsel["path"] == ("/auth/refresh" if name == "__Secure-refresh" else "/")
            assert not morsel.value or morsel.value not in answer.text
        assert all(len(line) <= 4_096 for line in answer.headers.get_list("set-cookie"))
        assert set(answer.json()) == {"transport", "expires_in", "scope", "refreshes"}


async def test_S11_a_session_cookie_outlives_the_idle_time_that_it_cannot_know() -> None:
    async with served(strategy="session") as at, at.browser() as client:
        answer = await client.post("/auth/login", json=LOGIN | {"transport": "cookie"})
        assert cookies(answer)["__Host-sid"]["max-age"] == str(30 * 86_400)


async def test_in_development_cookies_go_without_prefix_and_secure(caplog: pytest.LogCaptureFixture) -> None:
    async with served(issuer="http://127.0.0.1:8000") as at, at.browser() as client:
        assert caplog.text.count("cookies go without Secure") == 1
        answer = await client.post("/auth/login", json=LOGIN | {"transport": "cookie"})
        found = {name: morsel for name, morsel in cookies(answer).items() if morsel.value}
        assert not any(name.startswith("__") or morsel["secure"] for name, morsel in found.items())
        assert (await client.get("/auth/session")).status_code == 200
        assert caplog.text.count("cookies go without Secure") == 1


@pytest.mark.parametrize("strategy", ["session", "hybrid"])
@pytest.mark.parametrize("sent", ["A" * 64, "A" * 43, "x", "a.b.c", ""])
async def test_S01_S03_a_credential_that_the_client_made_never_becomes_valid(
    strategy: str, sent: str
) -> None:
    async with served(strategy=strategy) as at, at.browser() as client:
        for name in ("__Host-sid", "__Host-token"):
            planted = {"cookie": f"{name}={sent}"}
            assert (await client.get("/auth/session", headers=planted)).status_code in (400, 401)
            answer = await client.post("/auth/login", json=LOGIN | {"transport": "cookie"}, headers=planted)
            assert answer.status_code == 200
            given = {morsel.value for morsel in cookies(answer).values()}
            assert not sent or sent not in given
            assert (await at.client().get("/auth/session", headers=planted)).status_code in (400, 401)


@pytest.mark.parametrize("strategy", ["session", "hybrid"])
async def test_S02_the_session_before_a_sign_in_ends_with_it(strategy: str) -> None:
    async with served(strategy=strategy) as at, await at.signed_in() as client:
        before = {c.name: c.value for c in client.cookies.jar}
        first = (await client.get("/auth/session")).json()["session"]
        await login(client, transport="cookie")
        assert (await client.get("/auth/session")).json()["session"] != first
        used = "__Host-sid" if strategy == "session" else "__Host-token"
        old = await at.client().get("/auth/session", headers={"cookie": f"{used}={before[used]}"})
        assert old.status_code == 401
        assert len((await client.get("/auth/sessions")).json()["sessions"]) == 1


async def test_a_sign_in_that_fails_ends_nothing() -> None:
    async with served() as at, await at.signed_in() as client:
        body = LOGIN | {"transport": "cookie", "password": OTHER_PASSWORD}
        answer = await client.post("/auth/login", json=body)
        assert answer.status_code == 401
        assert "set-cookie" not in answer.headers
        assert (await client.get("/auth/session")).status_code == 200


async def test_S08_a_browser_with_the_cookies_of_two_strategies_can_sign_in_again() -> None:
    async with served(strategy="hybrid", accept=("session",)) as at, at.browser() as client:
        both = {"cookie": f"__Host-sid={'A' * 64}; __Host-token=a.b.c"}
        assert code(await client.get("/auth/session", headers=both)) == "credential_ambiguous"
        answer = await client.post("/auth/login", json=LOGIN | {"transport": "cookie"}, headers=both)
        found = cookies(answer)
        assert found["__Host-token"].value
        assert (found["__Host-sid"].value, found["__Host-sid"]["max-age"]) == ("", "0")


async def test_the_configuration_says_which_transports_there_are() -> None:
    async with served(transports=("bearer",)) as at, at.browser() as client:
        answer = await client.post("/auth/login", json=LOGIN | {"transport": "cookie"})
        assert (answer.status_code, code(answer)) == (400, "transport_refused")
        assert "access_token" in (await client.post("/auth/login", json=LOGIN)).json()
        tokens = await login(client)
        answer = await client.get(
            "/auth/session", headers={"cookie": f"__Host-token={tokens['access_token']}"}
        )
        assert answer.status_code == 401
    async with served(transports=("cookie",)) as at, at.browser() as client:
        answer = await client.post("/auth/login", json=LOGIN | {"transport": "bearer"})
        assert (answer.status_code, code(answer)) == (400, "transport_refused")
        answer = await client.post("/auth/login", json=LOGIN)
        assert "access_token" not in answer.json()
        token = cookies(answer)["__Host-token"].value
        stranger = at.client(authorization=f"Bearer {token}")
        assert (await stranger.get("/auth/session")).status_code == 401
        answer = await stranger.post("/auth/refresh", json={"refresh_token": "x"})
        assert code(answer) == "transport_refused"


async def test_a_transport_that_nobody_knows_is_refused() -> None:
    async with served() as at, at.browser() as client:
        for transport in ("header", "COOKIE", "", 1):
            answer = await client.post("/auth/login", json=LOGIN | {"transport": transport})
            assert (answer.status_code, code(answer)) == (400, "body_malformed")


async def test_registration_can_be_closed() -> None:
    async with served(registration="closed") as at, at.client() as client:
        answer = await client.post("/auth/register", json=LOGIN)
        assert (answer.status_code, code(answer)) == (403, "registration_closed")


async def test_S18_polling_keeps_no_session_awake() -> None:
    clock = TurnableClock()
    async with served(strategy="session", idle_lifetime=600, clock=clock) as at, await at.bearer() as client:
        for _ in range(3):
            clock.turn(299)
            await at.auth.catch_up()
            answer = await client.get("/auth/session", headers={"limen-activity": "none"})
        assert answer.status_code == 401


def test_the_issuer_of_these_tests_is_in_production() -> None:
    assert ISSUER.startswith("https://")


async def test_another_prefix() -> None:
    async with served(prefix="/api/v1/auth") as at, at.browser() as client:
        answer = await client.post("/api/v1/auth/login", json=LOGIN | {"transport": "cookie"})
        assert cookies(answer)["__Secure-refresh"]["path"] == "/api/v1/auth/refresh"
        assert (await client.post("/api/v1/auth/refresh")).status_code == 200
        assert (await client.post("/auth/login", json=LOGIN)).status_code == 404
