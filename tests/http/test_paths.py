"""W08, W09, W13: one way to write a path, one host, and the methods that there are."""

from __future__ import annotations

import pytest

from limen.server.site import Site
from limen.server.table import endpoints_of
from support.http import LOGIN, ask, code, served

pytestmark = pytest.mark.anyio

ODD = [
    "//auth/login",
    "/auth//login",
    "/auth/login/",
    "/auth/login//",
    "/auth/./login",
    "/auth/../auth/login",
    "/x/../auth/login",
    "/;/auth/login",
    "/auth;x/login",
    "/auth/login;x",
    "/auth/login.",
    "/auth/login ",
    "/AUTH/LOGIN",
    "/auth/Login",
    "/auth\\login",
    "\\auth\\login",
    "/auth/login\0",
    "/auth/login?",
    "/auth/login#",
    "auth/login",
    "",
    "*",
    "/auth",
    "/auth/",
    "https://limen.example/auth/login",
]
ENCODED = [
    "/auth/%6cogin",
    "/auth%2flogin",
    "/%61uth/login",
    "/auth/%2e%2e/auth/login",
    "/auth/login%00",
    "/auth/login%",
]


@pytest.mark.parametrize("path", ODD)
async def test_W09_a_path_is_written_in_one_way(path: str) -> None:
    async with served() as at:
        for method in ("POST", "GET"):
            answer = await ask(at.app, method, path, headers=[("content-type", "application/json")])
            assert (answer.status_code, code(answer)) == (404, "not_found")
            assert "location" not in answer.headers


@pytest.mark.parametrize("written", ENCODED)
async def test_W09_a_path_with_percent_signs_is_none_of_ours(written: str) -> None:
    """The server has decoded it, and would find it; a proxy in front may have decided by the other form."""
    async with served() as at:
        answer = await ask(at.app, "POST", "/auth/login", raw_path=written.encode())
    assert (answer.status_code, code(answer)) == (404, "not_found")


@pytest.mark.parametrize(
    "path", ["/auth/sessions/", "/auth/sessions/a/b", "/auth/sessions//", "/auth/sessions/../session"]
)
async def test_W09_a_variable_part_holds_no_slash(path: str) -> None:
    async with served() as at, await at.bearer() as client:
        headers = [("authorization", client.headers["authorization"])]
        assert (await ask(at.app, "DELETE", path, headers=headers)).status_code == 404


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "",
        None,
        "limen.example/abc?bar=",
        "u@limen.example",
        "limen.example:99999",
        "limen.example.",
    ],
)
async def test_W08_another_host_is_answered_nothing(host: str | None) -> None:
    async with served() as at:
        for path in ("/", "/auth/session", "/.well-known/jwks.json", "/nothing"):
            answer = await ask(at.app, "GET", path, host=host)
            assert (answer.status_code, code(answer)) == (400, "host_unknown")
        twice = await ask(at.app, headers=[("host", "evil.example")])
        assert twice.status_code == 400


async def test_W08_no_answer_repeats_a_host() -> None:
    async with served(hosts=("other.example",)) as at:
        for path in ("/", "/.well-known/oauth-authorization-server", "/nothing", "/auth/session"):
            answer = await ask(at.app, "GET", path, host="other.example")
            assert answer.status_code != 400
            assert b"other.example" not in answer.content
            assert "other.example" not in str(answer.headers)


@pytest.mark.parametrize(
    "method", ["TRACE", "CONNECT", "BREW", "get", "PROPFIND", "OPTIONS", "PUT", "PATCH", ""]
)
async def test_W13_a_method_that_a_path_does_not_have_is_405(method: str) -> None:
    async with served() as at:
        endpoints = endpoints_of(Site.of(at.auth, whole=True))
        has = {endpoint.path for endpoint in endpoints if endpoint.method == method}
        for endpoint in (endpoint for endpoint in endpoints if endpoint.path not in has):
            path = endpoint.path.replace("{sid}", "x")
            answer = await ask(at.app, method, path, body=[b"x"])
            if endpoint.any_method:
                assert (answer.status_code, code(answer)) == (401, "credential_missing")
                continue
            assert (answer.status_code, code(answer)) == (405, "method_not_allowed")
            assert endpoint.method in answer.headers["allow"].split(", ")
            assert answer.content != b"x", "TRACE echoes nothing"


async def test_W13_head_is_get_without_its_body_and_nothing_for_post() -> None:
    async with served() as at:
        for path in ("/", "/healthz", "/.well-known/jwks.json", "/auth/session"):
            head, get = [await ask(at.app, method, path) for method in ("HEAD", "GET")]
            assert head.content == b""
            assert (head.status_code, head.alike) == (get.status_code, get.alike)
        answer = await ask(at.app, "HEAD", "/auth/login")
        assert (answer.status_code, answer.content) == (405, b"")


async def test_W13_two_methods_of_a_path_are_both_allowed() -> None:
    async with served() as at:
        answer = await ask(at.app, "POST", "/auth/sessions")
        assert answer.headers["allow"] == "DELETE, GET, HEAD"


async def test_the_query_means_nothing() -> None:
    async with served() as at, at.browser() as client:
        answer = await client.post("/auth/login?x=1&transport=cookie", json=LOGIN | {"transport": "bearer"})
        assert "access_token" in answer.json()
