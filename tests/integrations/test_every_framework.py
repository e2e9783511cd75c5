"""What every framework must answer, under every strategy and over both transports."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx2
import pytest

from limen import Limen
from limen.testing import TurnableClock, for_tests, present, running, sign_in, signed_in, stranger
from support.apps import APPS
from support.websockets import dial

pytestmark = pytest.mark.anyio


def problem(answer: httpx2.Response) -> str:
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["cache-control"] == "no-store"
    body = answer.json()
    assert body["status"] == answer.status_code
    return str(body["code"])


async def test_a_stranger_is_asked_to_sign_in(app: Any, auth: Limen) -> None:
    async with stranger(app, auth) as client:
        answer = await client.get("/me")
    assert answer.status_code == 401
    assert problem(answer) == "credential_missing"
    assert answer.headers["www-authenticate"].startswith("Bearer")


async def test_who_is_signed_in_is_let_through(app: Any, auth: Limen, transport: str) -> None:
    async with await signed_in(app, auth, transport=transport) as client:
        first, again = await client.get("/me"), await client.get("/me")
    account = await auth.find_account("ada@example.com")
    assert first.status_code == again.status_code == 200
    assert first.json() == again.json()
    assert first.json()["account"] == account.id


async def test_optional_serves_both(app: Any, auth: Limen, transport: str) -> None:
    async with stranger(app, auth) as nobody, await signed_in(app, auth, transport=transport) as ada:
        assert (await nobody.get("/maybe")).json()["account"] is None
        account = await auth.find_account("ada@example.com")
        assert (await ada.get("/maybe")).json()["account"] == account.id


async def test_a_missing_scope_is_forbidden(app: Any, auth: Limen, transport: str) -> None:
    async with await signed_in(app, auth, transport=transport) as client:
        refused = await client.get("/notes")
    async with await signed_in(
        app, auth, "bob@example.com", transport=transport, scopes=("notes:read",)
    ) as client:
        allowed = await client.get("/notes")
    assert (refused.status_code, allowed.status_code) == (403, 200)
    assert refused.json()["code"] == "insufficient_scope"


@pytest.mark.parametrize(
    "headers",
    [
        {"sec-fetch-site": "cross-site", "origin": "https://evil.example"},
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {},
    ],
    ids=["fetch-metadata", "foreign-origin", "null-origin", "neither"],
)
async def test_S13_a_cross_site_post_with_a_cookie_is_refused(
    app: Any, auth: Limen, headers: dict[str, str]
) -> None:
    async with await signed_in(app, auth, transport="cookie") as client:
        ours = await client.post("/me")
        del client.headers["origin"]
        theirs = await client.post("/me", headers=headers)
    assert ours.status_code == 200
    assert theirs.status_code == 403
    assert problem(theirs) == "cross_site"


async def test_a_bearer_needs_no_origin(app: Any, auth: Limen) -> None:
    async with await signed_in(app, auth) as client:
        answer = await client.post("/me", headers={"origin": "https://other.example"})
    assert answer.status_code == 200


async def test_what_has_expired_is_denied(
    app: Any, auth: Limen, clock: TurnableClock, transport: str, strategy: str
) -> None:
    async with await signed_in(app, auth, transport=transport) as client:
        assert (await client.get("/me")).status_code == 200
        clock.turn(8 * 86_400 if strategy == "session" else auth.settings.access_lifetime + 60)
        answer = await client.get("/me")
    assert answer.status_code == 401
    assert "invalid_token" in answer.headers["www-authenticate"]


async def test_S36_a_revocation_by_this_process_is_effective_at_once(
    app: Any, auth: Limen, clock: TurnableClock, transport: str, strategy: str
) -> None:
    grant = await sign_in(auth)
    async with stranger(app, auth) as client:
        present(client, auth, grant, transport=transport)
        assert (await client.get("/me")).status_code == 200
        account = await auth.find_account("ada@example.com")
        revoked = await auth.revoke_sessions(account)
        answer = await client.get("/me")
        if strategy == "jwt":  # promises nothing earlier than expiry, and says so
            assert answer.status_code == 200
            clock.turn(revoked.effective - clock.now())
            answer = await client.get("/me")
    assert answer.status_code == 401


@pytest.mark.parametrize("strategy", ["session", "hybrid"])
async def test_S36_a_revocation_by_another_process_is_effective_when_the_feed_brings_it(
    framework: str, strategy: str, transport: str, clock: TurnableClock, tmp_path: Path
) -> None:
    database = f"sqlite:///{tmp_path}/limen.db"
    here = for_tests(database, clock=clock, strategy=strategy)
    app = APPS[framework](here)
    async with (
        running(app),
        for_tests(database, clock=clock, strategy=strategy) as elsewhere,
        await signed_in(app, here, transport=transport) as client,
    ):
        assert (await client.get("/me")).status_code == 200
        await elsewhere.revoke_sessions(await elsewhere.find_account("ada@example.com"))
        await here.catch_up()
        answer = await client.get("/me")
    assert answer.status_code == 401


async def test_refresh_renews_what_requests_present(
    framework: str, transport: str, clock: TurnableClock
) -> None:
    auth = for_tests(clock=clock, strategy="hybrid")
    app = APPS[framework](auth)
    async with running(app), stranger(app, auth) as client:
        grant = await sign_in(auth)
        present(client, auth, grant, transport=transport)
        clock.turn(auth.settings.access_lifetime + 60)
        assert (await client.get("/me")).status_code == 401
        if transport == "bearer":
            fresh = await client.post("/auth/refresh", json={"refresh_token": grant.refresh})
            client.headers["Authorization"] = f"Bearer {fresh.json()['access_token']}"
        else:
            fresh = await client.post("/auth/refresh")
        assert fresh.status_code == 200, fresh.text
        answer = await client.get("/me")
    assert answer.status_code == 200
    assert answer.json()["session"] == grant.session


async def test_S37_two_credentials_are_an_error_and_never_the_first_that_works(app: Any, auth: Limen) -> None:
    grant = await sign_in(auth)
    async with stranger(app, auth) as client:
        present(client, auth, grant, transport="cookie")
        present(client, auth, grant, transport="bearer")
        answer = await client.get("/me")
    assert answer.status_code == 400
    assert problem(answer) == "credential_ambiguous"


async def test_S37_a_credential_of_a_strategy_that_is_not_accepted_is_denied(
    framework: str, strategy: str, transport: str, clock: TurnableClock, tmp_path: Path
) -> None:
    database = f"sqlite:///{tmp_path}/limen.db"
    others = {"session": "jwt", "jwt": "session", "hybrid": "session"}
    here = for_tests(database, clock=clock, strategy=strategy)
    app = APPS[framework](here)
    async with running(app), for_tests(database, clock=clock, strategy=others[strategy]) as other:
        grant = await sign_in(other)
        async with stranger(app, here) as client:
            present(client, here, grant, transport=transport)
            answer = await client.get("/me")
    assert answer.status_code == 401


async def test_garbage_is_denied(app: Any, auth: Limen) -> None:
    async with stranger(app, auth, headers={"Authorization": "Bearer garbage"}) as client:
        answer = await client.get("/me")
    assert answer.status_code == 401
    assert "garbage" not in answer.text


async def test_signing_in_and_out_over_the_routes_of_limen(app: Any, auth: Limen, transport: str) -> None:
    await auth.add_account("ada@example.com", "correct horse battery staple")
    body = {"email": "ada@example.com", "password": "correct horse battery staple", "transport": transport}
    async with stranger(app, auth) as client:
        answer = await client.post("/auth/login", json=body)
        assert answer.status_code == 200, answer.text
        if transport == "bearer":
            client.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
        assert (await client.get("/me")).status_code == 200
        assert (await client.get("/auth/session")).json()["account"]
        assert (await client.get("/.well-known/jwks.json")).json()["keys"] is not None
        out = await client.post("/auth/logout")
        assert out.status_code == 200, out.text


async def test_who_presents_an_expired_cookie_can_still_sign_in(
    app: Any, auth: Limen, clock: TurnableClock
) -> None:
    async with await signed_in(app, auth, transport="cookie") as client:
        clock.turn(31 * 86_400)
        body = {"email": "ada@example.com", "password": "correct horse battery staple", "transport": "cookie"}
        assert (await client.post("/auth/login", json=body)).status_code == 200
        assert (await client.get("/me")).status_code == 200


# -- WebSockets -----------------------------------------------------------------------------------------


async def headers_of(app: Any, auth: Limen, transport: str) -> dict[str, str]:
    async with await signed_in(app, auth, transport=transport) as client:
        request = client.build_request("GET", "/socket")
        return {k: v for k, v in request.headers.items() if k in ("cookie", "authorization", "origin")}


async def test_a_websocket_is_accepted(app: Any, auth: Limen, transport: str) -> None:
    answer = await dial(app, "/socket", await headers_of(app, auth, transport))
    account = await auth.find_account("ada@example.com")
    assert answer.accepted
    assert answer.texts == [account.id]


@pytest.mark.parametrize("denial", [True, False], ids=["denial-response", "close"])
async def test_a_websocket_of_a_stranger_is_refused_before_it_is_accepted(app: Any, denial: bool) -> None:
    answer = await dial(app, "/socket", {}, denial=denial)
    assert not answer.accepted
    assert (answer.status, answer.code) == ((401, None) if denial else (None, 1008))


@pytest.mark.parametrize("origin", ["https://evil.example", "null", None])
async def test_a_websocket_with_a_cookie_and_a_foreign_origin_is_refused(
    app: Any, auth: Limen, origin: str | None
) -> None:
    headers = await headers_of(app, auth, "cookie")
    del headers["origin"]
    answer = await dial(app, "/socket", headers | ({"origin": origin} if origin else {}))
    assert not answer.accepted
    assert answer.status == 403
