"""Signing in and out over HTTP, under each strategy and over both transports."""

from __future__ import annotations

import asyncio
from http.cookies import SimpleCookie
from typing import Any

import httpx2
import pytest

from limen.testing import TurnableClock
from support.http import ISSUER, LOGIN, ask, code, login, served
from support.world import EMAIL, OTHER_PASSWORD, PASSWORD, STRATEGIES

pytestmark = pytest.mark.anyio
TRANSPORTS = ("bearer", "cookie")


def cookies(answer: httpx2.Response) -> dict[str, Any]:
    """Set-Cookie lines by name, each with its attributes."""
    found: dict[str, Any] = {}
    for line in answer.headers.get_list("set-cookie"):
        jar: SimpleCookie = SimpleCookie(line)
        found.update(jar.items())
    return found


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
async def test_S11_cookies_have_every_flag_and_their_answer_no_token(strategy: str) -> None:
    async with served(strategy=strategy) as at, at.browser() as client:
        answer = await client.post("/auth/login", json=LOGIN | {"transport": "cookie"})
        found = cookies(answer)
        used = "__Host-sid" if strategy == "session" else "__Host-token"
        expected = {used, "__Host-device"} | ({"__Secure-refresh"} if strategy == "hybrid" else set())
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


COOKIE_TRICKS = [
    [(b"cookie", b"__Host-sid=%s; __Host-sid=%s")],
    [(b"cookie", b"__Host-sid=%s"), (b"cookie", b"__Host-sid=%s")],
    [(b"cookie", b"__Host-sid=x; __Host-sid=%s")],
    [(b"cookie", b"__Host-sid=%s; __Host-sid=")],
    [(b"cookie", "\u2000__Host-sid=%s".encode())],
    [(b"cookie", b"\xc2\x85__Host-sid=%s")],
    [(b"cookie", b"\x85__Host-sid=%s")],
    [(b"cookie", b"\xa0__Host-sid=%s")],
    [(b"cookie", b"\x0b__Host-sid=%s")],
    [(b"cookie", b"\x1c__Host-sid=%s")],
    [(b"cookie", b"=__Host-sid=%s")],
    [(b"cookie", b"$Version=1;__Host-sid =%s")],
    [(b"cookie", b'__Host-sid="%s"')],
    [(b"cookie", b"a=b, __Host-sid=%s")],
    [(b"cookie", b"__host-sid=%s")],
    [(b"cookie", b"__Host-sid=%s.")],
    [(b"cookie", b"sid=%s")],
]


@pytest.mark.parametrize("lines", COOKIE_TRICKS, ids=repr)
async def test_S08_S09_S10_a_cookie_that_only_looks_like_ours_signs_nobody_in(lines: list[Any]) -> None:
    async with served(strategy="session") as at, await at.signed_in() as client:
        good = next(c.value for c in client.cookies.jar if c.name == "__Host-sid").encode()
        plain = await ask(at.app, headers=[(b"cookie", b"__Host-sid=" + good)])
        assert plain.status_code == 200
        answer = await ask(at.app, headers=[(k, v.replace(b"%s", good)) for k, v in lines])
        assert answer.status_code in (400, 401)


async def test_S08_two_cookies_of_ours_are_taken_away(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    async with served() as at:
        for lines in (
            [("cookie", "__Host-token=a.b.c; __Host-token=d.e.f")],
            [("cookie", "__Host-token=a.b.c"), ("cookie", "__Host-token=d.e.f")],
            [("cookie", f"__Host-token=a.b.c; __Host-sid={'A' * 64}")],
        ):
            answer = await ask(at.app, headers=lines)
            assert (answer.status_code, code(answer)) == (400, "credential_ambiguous")
            taken = {line.partition("=")[0] for line in answer.all("set-cookie") if "Max-Age=0" in line}
            assert {"__Host-sid", "__Host-token"} <= taken
        both = [("cookie", "__Host-token=a.b.c"), ("authorization", "Bearer x")]
        assert (await ask(at.app, headers=both)).all("set-cookie") == [], (
            "a mistake of a program, not of a jar"
        )
    assert "two_cookies" in caplog.text


AUTHORIZATIONS: list[tuple[list[bytes], int]] = [
    ([b"Bearer %s"], 200),
    ([b"bearer %s"], 200),
    ([b"BEARER %s"], 200),
    ([b"Bearer %s", b"Bearer %s"], 400),
    ([b"Bearer %s", b"Basic YTpi"], 400),
    ([b"Basic YTpi", b"Bearer %s"], 400),
    ([b"Bearer %s, Bearer %s"], 400),
    ([b"Bearer Bearer %s"], 400),
    ([b"Bearer\t%s"], 400),
    ([b"Bearer  %s"], 400),
    ([b"Bearer %s "], 400),
    ([b"Bearer"], 400),
    ([b"Bearer "], 400),
    ([b"Bearer %%"], 400),
    ([b"Bearer \xff\xfe"], 400),
    ([b"Bearer %%61%%zz"], 400),
    ([b"Token %s"], 401),
    ([b"%s"], 401),
    ([b""], 401),
    ([b"Basic YTpi"], 401),
]


@pytest.mark.parametrize(("lines", "status"), AUTHORIZATIONS, ids=repr)
async def test_W10_one_authorization_well_written_or_none(lines: list[bytes], status: int) -> None:
    async with served() as at, at.client() as client:
        token = (await login(client))["access_token"].encode()
        said = [("authorization", line.replace(b"%s", token).replace(b"%%", b"%")) for line in lines]
        answer = await ask(at.app, headers=said)
        assert answer.status_code == status
        if status != 200:
            assert "www-authenticate" in answer.headers


async def test_the_refresh_cookie_is_sent_to_where_the_application_is_mounted() -> None:
    async with served() as at, at.client() as client:
        inner = at.app

        async def mounted(scope: Any, receive: Any, send: Any) -> None:
            await inner({**scope, "root_path": "/api"}, receive, send)

        at.app = mounted
        async with at.browser() as browser:
            answer = await browser.post("/api/auth/login", json=LOGIN | {"transport": "cookie"})
            assert cookies(answer)["__Secure-refresh"]["path"] == "/api/auth/refresh"
            assert (await browser.post("/api/auth/refresh")).status_code == 200
            out = await browser.post("/api/auth/logout")
            assert cookies(out)["__Secure-refresh"]["path"] == "/api/auth/refresh"
        at.app = inner
        assert (await client.get("/auth/session")).status_code == 401


async def test_S32_a_credential_in_the_address_or_the_body_is_no_credential() -> None:
    async with served() as at, at.client() as client:
        tokens = await login(client)
        for query in (tokens["access_token"], tokens["refresh_token"]):
            for name in ("access_token", "token", "sid", "__Host-token", "refresh_token"):
                assert (await client.get("/auth/session", params={name: query})).status_code == 401
                answer = await client.post("/auth/refresh", params={name: query})
                assert answer.status_code in (401, 403)
        answer = await client.post("/auth/logout", json={"access_token": tokens["access_token"]})
        assert answer.status_code == 401


async def test_S32_no_credential_is_in_any_log_or_error(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    async with served() as at, at.client() as client, await at.signed_in() as browser:
        tokens = await login(client)
        secrets = [tokens["access_token"], tokens["refresh_token"], PASSWORD]
        secrets += [c.value for c in browser.cookies.jar if c.value]
        answers = [
            await client.get("/auth/session", headers={"authorization": f"Bearer {tokens['access_token']}x"}),
            await client.get("/auth/session", headers={"authorization": f"Bearer {tokens['refresh_token']}"}),
            await client.post("/auth/refresh", json={"refresh_token": tokens["access_token"]}),
            await browser.get("/auth/session", headers={"authorization": f"Bearer {tokens['access_token']}"}),
            await client.post("/auth/login", json=LOGIN | {"scope": "none", "transport": "bearer"}),
            await client.get(f"/{tokens['refresh_token']}"),
        ]
    assert all(answer.status_code >= 400 for answer in answers)
    ours = [record.getMessage() for record in caplog.records if record.name.startswith("limen")]
    assert ours
    said = "".join([*ours, *(answer.text + str(answer.headers) for answer in answers)])
    assert not [secret for secret in secrets if secret in said]


# -- refresh --------------------------------------------------------------------------------------------


async def test_refresh_by_body_and_by_cookie() -> None:
    async with served() as at, at.client() as client, await at.signed_in() as browser:
        tokens = await login(client)
        at.clock.turn(60)
        fresh = (await client.post("/auth/refresh", json={"refresh_token": tokens["refresh_token"]})).json()
        assert fresh["refresh_token"] != tokens["refresh_token"]
        headers = {"authorization": f"Bearer {fresh['access_token']}"}
        assert (await client.get("/auth/session", headers=headers)).status_code == 200
        before = {c.name: c.value for c in browser.cookies.jar}
        answer = await browser.post("/auth/refresh")
        assert answer.status_code == 200
        after = {c.name: c.value for c in browser.cookies.jar}
        assert before["__Secure-refresh"] != after["__Secure-refresh"]
        assert before["__Host-token"] != after["__Host-token"]
        assert before["__Host-device"] == after["__Host-device"]
        assert not any(value in answer.text for value in after.values() if value)


async def test_a_refresh_takes_one_credential() -> None:
    async with served() as at, await at.signed_in() as browser:
        tokens = await login(at.client())
        answer = await browser.post("/auth/refresh", json={"refresh_token": tokens["refresh_token"]})
        assert (answer.status_code, code(answer)) == (400, "credential_ambiguous")
        assert code(await at.browser().post("/auth/refresh")) == "credential_missing"
        for body in ({}, {"refresh_token": None}, {"refresh_token": ""}):
            assert (await at.browser().post("/auth/refresh", json=body)).status_code == 401
        again = await at.client().post("/auth/refresh", json={"refresh_token": tokens["refresh_token"]})
        assert again.status_code == 200, "the refused request spent nothing"


async def test_R01_a_replay_ends_the_session_for_both_holders() -> None:
    async with served() as at, at.client() as client:
        first = await login(client)
        second = (await client.post("/auth/refresh", json={"refresh_token": first["refresh_token"]})).json()
        at.clock.turn(at.auth.settings.refresh_grace)
        stolen = await client.post("/auth/refresh", json={"refresh_token": first["refresh_token"]})
        assert (stolen.status_code, code(stolen)) == (401, "refresh_denied")
        answer = await client.post("/auth/refresh", json={"refresh_token": second["refresh_token"]})
        assert code(answer) == "refresh_denied"
        headers = {"authorization": f"Bearer {second['access_token']}"}
        assert code(await client.get("/auth/session", headers=headers)) == "credential_revoked"


async def test_R02_many_refreshes_at_once_get_one_successor(tmp_path: Any) -> None:
    async with served(database=f"sqlite:///{tmp_path}/limen.db") as at, at.client() as client:
        tokens = await login(client)
        body = {"refresh_token": tokens["refresh_token"]}
        answers = await asyncio.gather(*(client.post("/auth/refresh", json=body) for _ in range(16)))
        assert {answer.status_code for answer in answers} == {200}
        assert len({answer.json()["refresh_token"] for answer in answers}) == 1


@pytest.mark.parametrize("late", [9.9, 10.0])
async def test_R03_R05_a_retry_in_the_grace_gets_the_same_successor(late: float) -> None:
    async with served(refresh_grace=10) as at, at.client() as client:
        body = {"refresh_token": (await login(client))["refresh_token"]}
        first = await client.post("/auth/refresh", json=body)
        at.clock.turn(late)
        again = await client.post("/auth/refresh", json=body)
        if late < 10:
            assert again.json()["refresh_token"] == first.json()["refresh_token"]
        else:
            assert again.status_code == 401


@pytest.mark.parametrize("strategy", STRATEGIES)
async def test_R11_refresh_and_access_are_never_taken_for_each_other(strategy: str) -> None:
    async with served(strategy=strategy) as at, at.client() as client:
        tokens = await login(client)
        answer = await client.post("/auth/refresh", json={"refresh_token": tokens["access_token"]})
        assert answer.status_code == 401
        if strategy == "hybrid":
            headers = {"authorization": f"Bearer {tokens['refresh_token']}"}
            assert (await client.get("/auth/session", headers=headers)).status_code == 401


async def test_R12_refreshing_does_not_outlive_the_absolute_lifetime() -> None:
    async with served(idle_lifetime=3_600, absolute_lifetime=7_200) as at, at.client() as client:
        tokens = await login(client)
        for _ in range(4):
            at.clock.turn(1_750)
            answer = await client.post("/auth/refresh", json={"refresh_token": tokens["refresh_token"]})
            assert answer.status_code == 200
            tokens = answer.json()
        assert tokens["expires_in"] <= 200
        at.clock.turn(200)
        answer = await client.post("/auth/refresh", json={"refresh_token": tokens["refresh_token"]})
        assert code(answer) == "refresh_denied"


@pytest.mark.parametrize("how", ["logout", "password", "disable"])
async def test_R13_nothing_refreshes_after_the_end(how: str) -> None:
    async with served() as at, at.client() as client:
        tokens = await login(client)
        headers = {"authorization": f"Bearer {tokens['access_token']}"}
        if how == "logout":
            assert (await client.post("/auth/logout", headers=headers)).status_code == 200
        elif how == "password":
            body = {"current_password": PASSWORD, "new_password": OTHER_PASSWORD}
            assert (await client.post("/auth/password/change", json=body, headers=headers)).status_code == 200
        else:
            await at.auth.disable_account(await at.auth.find_account(EMAIL))
        answer = await client.post("/auth/refresh", json={"refresh_token": tokens["refresh_token"]})
        assert (answer.status_code, code(answer)) == (401, "refresh_denied")


async def test_R14_a_refresh_asks_for_no_scope() -> None:
    async with served(account=False) as at, at.client() as client:
        await at.auth.add_account(EMAIL, PASSWORD, scopes=("a", "b"))
        tokens = await login(client, scope="a")
        assert tokens["scope"] == "a"
        body = {"refresh_token": tokens["refresh_token"]}
        assert code(await client.post("/auth/refresh", json=body | {"scope": "a b"})) == "body_malformed"
        assert (await client.post("/auth/refresh", json=body)).json()["scope"] == "a"
        answer = await client.post("/auth/login", json=LOGIN | {"scope": "a c", "transport": "bearer"})
        assert (answer.status_code, code(answer)) == (400, "invalid_scope")


# -- signing out ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("strategy", STRATEGIES)
@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_S22_sign_out_says_when_it_is_in_effect_and_it_is(strategy: str, transport: str) -> None:
    async with served(strategy=strategy) as at, await at.either(transport) as client:
        held = {c.name: c.value for c in client.cookies.jar if c.value and c.name != "__Host-device"}
        answer = await client.post("/auth/logout")
        assert answer.status_code == 200
        told = answer.json()
        assert told["effective_at"].endswith("Z")
        assert told["effective_in"] <= (905 if strategy == "jwt" else 5)
        at.clock.turn(told["effective_in"])
        await at.auth.catch_up()
        headers = {"cookie": "; ".join(f"{k}={v}" for k, v in held.items() if k != "__Secure-refresh")}
        if transport == "cookie":
            assert {name for name, m in cookies(answer).items() if m.value == ""} >= set(held)
            assert all(m["max-age"] == "0" for m in cookies(answer).values())
            assert "__Host-device" not in cookies(answer)
            assert answer.headers["clear-site-data"] == '"cache"'
        else:
            assert "set-cookie" not in answer.headers
            headers = {"authorization": client.headers["authorization"]}
        assert (await at.client().get("/auth/session", headers=headers)).status_code == 401


@pytest.mark.parametrize("strategy", ["session", "hybrid"])
async def test_S22_a_request_in_flight_is_answered_and_the_next_is_not(strategy: str) -> None:
    async with served(strategy=strategy) as at, await at.bearer() as client:
        flying = [client.get("/auth/sessions") for _ in range(8)]
        answers = await asyncio.gather(client.post("/auth/logout"), *flying)
        assert {answer.status_code for answer in answers} <= {200, 401}
        assert "set-cookie" not in "".join(str(answer.headers) for answer in answers)
        assert (await client.get("/auth/sessions")).status_code == 401


@pytest.mark.parametrize("strategy", ["session", "hybrid"])
async def test_sign_out_of_everything(strategy: str) -> None:
    async with served(strategy=strategy) as at, await at.bearer() as here, await at.bearer() as there:
        assert (await here.post("/auth/logout", json={"all": True})).status_code == 200
        assert (await there.get("/auth/session")).status_code == 401
        assert (await here.get("/auth/session")).status_code == 401


async def test_a_sign_out_whose_body_is_not_understood_ends_nothing() -> None:
    async with served() as at, await at.bearer() as client:
        for body in ({"everywhere": True}, {"all": "yes"}, []):
            assert (await client.post("/auth/logout", json=body)).status_code == 400
        assert (await client.get("/auth/session")).status_code == 200


@pytest.mark.parametrize("strategy", STRATEGIES)
@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_S26_a_new_password_ends_the_others_and_this_one_goes_on(strategy: str, transport: str) -> None:
    async with (
        served(strategy=strategy) as at,
        await at.either(transport) as client,
        await at.bearer() as other,
    ):
        before = (await client.get("/auth/session")).json()["session"]
        at.clock.turn(1)
        answer = await client.post(
            "/auth/password/change", json={"current_password": PASSWORD, "new_password": OTHER_PASSWORD}
        )
        assert answer.status_code == 200
        if transport == "bearer":
            client.headers["authorization"] = f"Bearer {answer.json()['access_token']}"
        else:
            assert "access_token" not in answer.json()
        who = (await client.get("/auth/session")).json()
        assert who["session"] != before
        if strategy != "jwt":
            assert (await other.get("/auth/session")).status_code == 401
        assert (
            await at.client().post("/auth/login", json=LOGIN | {"transport": "bearer"})
        ).status_code == 401
        await login(at.client(), password=OTHER_PASSWORD)


async def test_a_wrong_current_password_changes_nothing() -> None:
    async with served() as at, await at.bearer() as client:
        for current, fresh, status, why in (
            (OTHER_PASSWORD, OTHER_PASSWORD, 403, "password_wrong"),
            (PASSWORD, "short", 422, "password_too_short"),
            (PASSWORD, "", 422, "password_empty"),
        ):
            body = {"current_password": current, "new_password": fresh}
            answer = await client.post("/auth/password/change", json=body)
            assert (answer.status_code, code(answer)) == (status, why)
        assert (await client.get("/auth/session")).status_code == 200
        await login(at.client())


# -- transports -----------------------------------------------------------------------------------------


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
