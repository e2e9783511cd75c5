"""Signed-in clients present what a browser or an API client would."""

from __future__ import annotations

from typing import Any

import httpx2
import pytest

from limen import Limen
from limen.testing import for_tests, origin, present, sign_in, signed_in, stranger

pytestmark = pytest.mark.anyio


class Echo:
    """An application that remembers the headers of the last request."""

    headers: dict[str, str]

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.headers = {k.decode(): v.decode() for k, v in scope["headers"]}
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body"})


@pytest.fixture
def app() -> Echo:
    return Echo()


async def test_a_stranger_presents_nothing_but_an_origin(app: Echo) -> None:
    async with for_tests() as auth, stranger(app, auth) as client:
        await client.get("/")
    assert not {"authorization", "cookie"} & set(app.headers)
    assert app.headers["origin"] == "http://127.0.0.1:8000"


async def test_bearer_travels_in_a_header(app: Echo) -> None:
    async with for_tests() as auth, await signed_in(app, auth) as client:
        await client.get("/")
        identity = await auth.authenticate(app.headers["authorization"].removeprefix("Bearer "))
    assert "cookie" not in app.headers
    assert identity.strategy == auth.settings.strategy


@pytest.mark.parametrize("issuer", ["http://127.0.0.1:8000", "http://localhost:8000", "https://app.example"])
@pytest.mark.parametrize("strategy", ["session", "jwt", "hybrid"])
async def test_cookies_travel_under_their_names_and_paths(app: Echo, issuer: str, strategy: str) -> None:
    async with (
        for_tests(issuer=issuer, strategy=strategy) as auth,
        await signed_in(app, auth, transport="cookie") as client,
    ):
        names = auth.cookie_names
        await client.get("/")
        sent = app.headers["cookie"].split("; ")
        await client.post("/auth/refresh")
        sent_to_refresh = app.headers["cookie"].split("; ")
    own = names.sid if strategy == "session" else names.token
    everywhere = {own, names.refreshes} if strategy == "hybrid" else {own}
    assert {pair.partition("=")[0] for pair in sent} == everywhere
    assert "authorization" not in app.headers
    assert app.headers["origin"] == issuer
    refresh = {names.refresh} if strategy == "hybrid" else set()
    assert {pair.partition("=")[0] for pair in sent_to_refresh} == everywhere | refresh


async def test_a_cookie_that_the_application_sets_replaces_ours(auth_on_name: Limen) -> None:
    auth = auth_on_name
    name = auth.cookie_names.token

    async def setter(scope: Any, receive: Any, send: Any) -> None:
        headers = [(b"set-cookie", f"{name}=fresh; Path=/; HttpOnly; SameSite=Lax".encode())]
        await send({"type": "http.response.start", "status": 204, "headers": headers})
        await send({"type": "http.response.body"})

    async with await signed_in(setter, auth, transport="cookie") as client:
        await client.get("/")
        assert [c.value for c in client.cookies.jar if c.name == name] == ["fresh"]


@pytest.fixture(params=["http://127.0.0.1:8000", "http://localhost:8000"])
async def auth_on_name(request: pytest.FixtureRequest) -> Any:
    async with for_tests(issuer=request.param, strategy="jwt") as auth:
        yield auth


async def test_signing_in_twice_uses_the_account_that_is_there() -> None:
    async with for_tests() as auth:
        one, other = await sign_in(auth), await sign_in(auth)
    assert one.account == other.account
    assert one.session != other.session


async def test_scopes_are_those_of_the_account() -> None:
    async with for_tests() as auth:
        grant = await sign_in(auth, scopes=("b", "a"))
        identity = await auth.authenticate(grant.credential)
    assert identity.scopes == {"a", "b"}


async def test_present_works_for_a_synchronous_client() -> None:
    async with for_tests(strategy="jwt") as auth:
        grant = await sign_in(auth)
        with httpx2.Client(base_url=auth.settings.issuer) as client:
            present(client, auth, grant, transport="cookie")
            assert client.build_request("GET", "/").headers["cookie"].endswith(grant.credential)
            assert client.headers["origin"] == origin(auth)
