"""Paths and methods that frameworks read in ways of their own: to Limen's routes there is one way."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.routing import Mount

from limen import Limen
from limen.testing import TurnableClock, for_tests, running, sign_in
from support.apps import APPS
from support.http import Raw, ask

pytestmark = pytest.mark.anyio


@pytest.fixture
def auth() -> Limen:
    return for_tests(clock=TurnableClock(), strategy="session")


@pytest.fixture
def app(framework: str, auth: Limen) -> Any:
    return APPS[framework](auth)


async def asked(app: Any, auth: Limen, path: str, method: str = "GET", raw: bytes | None = None) -> Raw:
    """As somebody who is signed in, and who names another host."""
    grant = await sign_in(auth)
    headers = [("authorization", f"Bearer {grant.credential}"), ("accept", "*/*")]
    return await ask(app, method, path, headers=headers, raw_path=raw, host="evil.example")


@pytest.mark.parametrize(
    ("path", "raw"),
    [
        ("/auth/session/", None),
        ("/auth/session//", None),
        ("/auth//session", None),
        ("//auth/session", None),
        ("/auth/./session", None),
        ("/auth/x/../session", None),
        ("/auth/session;a=b", None),
        ("/auth/session\0", None),
        ("/auth/session ", None),
        ("/auth\\session", None),
        ("/AUTH/session", None),
        ("/auth/Session", None),
        ("/authx/session", None),
        ("/auth/session", b"/auth%2Fsession"),
        ("/auth/session", b"/%61uth/session"),
        ("/auth/session", b"/auth/sessio%6E"),
        ("/auth/session", b"/auth/session%2F"),
        ("/auth/sessions/x/", None),
        ("/auth/sessions/x", b"/auth/sessions/%78"),
        ("/.well-known/jwks.json/", None),
        ("/.well-known/jwks.json", b"/.well-known/%6awks.json"),
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_W08_W09_there_is_one_way_to_write_a_path_of_ours(
    app: Any, auth: Limen, framework: str, path: str, raw: bytes | None, method: str
) -> None:
    async with running(app):
        answer = await asked(app, auth, path, method, raw)
    assert "location" not in answer.headers, "it would be at the host that the request named"
    if framework != "asgi" or path.startswith("/auth/") or raw is not None:
        assert answer.status_code == 404
    else:  # below the middleware lies an application that answers whatever it is asked
        assert b"auth_time" not in answer.content


@pytest.mark.parametrize("raw", [b"/caf%C3%A9/auth/session", None])
async def test_an_application_may_lie_below_a_path_that_needs_a_percent_sign(
    app: Any, auth: Limen, raw: bytes | None
) -> None:
    async with auth:
        outer = Starlette(routes=[Mount("/café", app)])
        assert (
            await asked(outer, auth, "/café/auth/session", raw=raw or "/café/auth/session".encode())
        ).status_code == 200


@pytest.mark.parametrize(
    ("path", "raw"),
    [
        ("/me/", None),
        ("//me", None),
        ("/me//", None),
        ("/ME", None),
        ("/./me", None),
        ("/me;a", None),
        ("/me\0", None),
        ("/me", b"/%6de"),
        ("/me", b"/me%2F"),
    ],
)
@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "BREW"])
async def test_W27_no_way_to_write_a_guarded_path_goes_around_its_guard(
    app: Any, path: str, raw: bytes | None, method: str
) -> None:
    async with running(app):
        answer = await ask(app, method, path, raw_path=raw)
    assert answer.status_code in (204, 307, 400, 401, 404, 405)
    assert b"account" not in answer.content


@pytest.mark.parametrize("name", ["x-http-method-override", "x-http-method", "x-method-override"])
async def test_no_header_makes_another_method_of_one(app: Any, auth: Limen, name: str) -> None:
    async with running(app):
        grant = await sign_in(auth)
        headers = [("authorization", f"Bearer {grant.credential}"), (name, "DELETE")]
        for method in ("GET", "POST"):
            await ask(app, method, "/auth/sessions", headers=headers)
        assert (await auth.authenticate(grant.credential)).session == grant.session
