"""Headers that stand on every answer, and what other origins are told."""

from __future__ import annotations

import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from limen.server.embed import embed
from limen.server.site import Site
from limen.server.table import endpoints_of
from support.http import ISSUER, LOGIN, Raw, ask, code, login, served

pytestmark = pytest.mark.anyio

STANDING = {
    "strict-transport-security": "max-age=31536000; includeSubDomains",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "content-security-policy": (
        "default-src 'none'; frame-ancestors 'none'; form-action 'self'; base-uri 'none'"
    ),
}
CASES = {
    "ok": ("GET", "/", {}),
    "unauthenticated": ("GET", "/auth/session", {}),
    "ambiguous": ("GET", "/auth/session", {"authorization": "Bearer a", "cookie": "__Host-token=b"}),
    "not found": ("GET", "/nothing", {}),
    "encoded": ("GET", "/auth/%6cogin", {}),
    "method": ("PUT", "/auth/login", {}),
    "trace": ("TRACE", "/auth/login", {}),
    "unknown method": ("BREW", "/auth/session", {}),
    "options": ("OPTIONS", "/auth/login", {}),
    "type": ("POST", "/auth/login", {"content-type": "text/plain"}),
    "size": ("POST", "/auth/login", {"content-type": "application/json", "content-length": "70000"}),
    "forged": ("POST", "/auth/login", {"origin": "https://evil.example"}),
    "factor": ("POST", "/auth/login/factor", {}),
    "forgot": ("POST", "/auth/password/forgot", {}),
    "reset": ("POST", "/auth/password/reset", {}),
    "verify": ("POST", "/auth/email/verify", {}),
    "confirm": ("POST", "/auth/email/confirm", {}),
    "health": ("GET", "/healthz", {}),
    "forward": ("GET", "/forward-auth", {}),
    "client": ("POST", "/oauth/introspect", {}),
    "list": ("GET", "/auth/status-list/{list}", {}),
    "keys": ("GET", "/.well-known/jwks.json", {}),
    "head": ("HEAD", "/auth/session", {}),
}


def stands(answer: Raw) -> None:
    headers = answer.headers
    assert {name: headers.get(name) for name in STANDING} == STANDING
    assert headers["permissions-policy"].count("=()") >= 5
    assert headers["cache-control"] == "no-store" or headers["cache-control"].startswith("public, max-age=")
    once = [name for name, _ in answer.lines if name != b"set-cookie"]
    assert len(once) == len(set(once)), "no header is said twice"
    assert "server" not in headers
    assert "x-powered-by" not in headers


@pytest.mark.parametrize("case", CASES, ids=str)
async def test_W19_W20_every_answer_has_them(case: str) -> None:
    method, path, headers = CASES[case]
    async with served() as at:
        answer = await ask(at.app, method, path, headers=list(headers.items()))
        stands(answer)
        if method == "HEAD":
            assert answer.content == b""
            assert int(answer.headers["content-length"]) > 0


@pytest.mark.parametrize("host", ["evil.example", "", None])
async def test_W20_a_refused_host_has_them_too(host: str | None) -> None:
    async with served() as at:
        answer = await ask(at.app, host=host)
        assert answer.status_code == 400
        stands(answer)


async def test_W20_hsts_is_not_said_in_development_or_in_clear_text() -> None:
    async with served(issuer="http://127.0.0.1:8000") as at, at.client() as client:
        assert "strict-transport-security" not in (await client.get("/")).headers
        answer = await ask(at.app, scheme="https", host="localhost:8000")
        assert "strict-transport-security" not in answer.headers
    async with served() as at:
        answer = await ask(at.app, scheme="http", path="/healthz")
        assert "strict-transport-security" not in answer.headers


async def test_S31_whatever_is_about_a_person_is_stored_nowhere() -> None:
    async with served() as at, await at.signed_in() as client:
        answers = [
            await client.get("/auth/session"),
            await client.get("/auth/sessions"),
            await client.post("/auth/refresh"),
            await client.post("/auth/login", json=LOGIN | {"transport": "cookie"}),
            await client.get("/forward-auth"),
            await client.get("/auth/sessions/none"),
            await client.delete("/auth/sessions"),
            await client.post("/auth/logout"),
        ]
    for answer in answers:
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["vary"] == "Cookie"


async def test_every_endpoint_is_among_the_cases_or_needs_an_identity() -> None:
    """So that a new public endpoint is looked at here."""
    async with served() as at:
        open_to_all = {e.path for e in endpoints_of(Site.of(at.auth, whole=True)) if not e.security}
    seen = {path for _, path, _ in CASES.values()}
    assert open_to_all - seen <= {"/auth/register", "/readyz", "/.well-known/oauth-authorization-server"}


# -- other origins --------------------------------------------------------------------------------------

ALLOWED = "https://app.example"
FOREIGN = [
    "https://evil.example",
    "null",
    "https://app.example.evil.example",
    "https://xapp.example",
    "https://a.app.example",
    "http://app.example",
    "https://app.example:8443",
    "https://APP.example",
    "https://app.example/",
    "*",
    "",
]


def preflight(origin: str) -> list[tuple[str, str]]:
    return [
        ("origin", origin),
        ("access-control-request-method", "POST"),
        ("access-control-request-headers", "content-type"),
    ]


@pytest.mark.parametrize("origin", FOREIGN)
async def test_W14_no_other_origin_is_told_anything(origin: str) -> None:
    async with served(origins=(ALLOWED,)) as at:
        for answer in (
            await ask(at.app, "OPTIONS", "/auth/login", headers=preflight(origin)),
            await ask(at.app, "GET", "/auth/session", headers=[("origin", origin)]),
            await ask(at.app, "GET", "/auth/session", headers=[("origin", ALLOWED), ("origin", origin)]),
        ):
            assert not [name for name in answer.headers if name.startswith("access-control")]
            assert "Origin" in answer.all("vary")


async def test_W14_the_named_origin_may_ask_and_read() -> None:
    async with served(origins=(ALLOWED,)) as at:
        asked = await ask(at.app, "OPTIONS", "/auth/login", headers=preflight(ALLOWED))
        assert asked.status_code == 204
        assert "content-length" not in asked.headers
        assert asked.headers["access-control-allow-origin"] == ALLOWED
        assert asked.headers["access-control-allow-methods"] == "GET, POST, PATCH, DELETE"
        assert "content-type" in asked.headers["access-control-allow-headers"]
        for path in ("/auth/session", "/nothing"):
            answer = await ask(at.app, "GET", path, headers=[("origin", ALLOWED)])
            assert answer.headers["access-control-allow-origin"] == ALLOWED
            assert answer.headers["access-control-allow-credentials"] == "true"
            assert set(answer.all("vary")) == {"Cookie", "Origin"}


async def test_W14_credentials_are_for_cookies_alone_and_nothing_is_said_by_default() -> None:
    async with served(origins=(ALLOWED,), transports=("bearer",)) as at:
        answer = await ask(at.app, headers=[("origin", ALLOWED)])
        assert "access-control-allow-credentials" not in answer.headers
    async with served() as at:
        for origin in (*FOREIGN, ISSUER):
            answer = await ask(at.app, headers=[("origin", origin)])
            assert not [name for name in answer.headers if name.startswith("access-control")]
            assert answer.all("vary") == ["Cookie"]


async def test_W13_W14_options_that_is_no_preflight_is_405() -> None:
    async with served(origins=(ALLOWED,)) as at:
        for headers in ([], [("origin", ALLOWED)], [("origin", "https://evil.example")]):
            answer = await ask(at.app, "OPTIONS", "/auth/login", headers=headers)
            assert (answer.status_code, answer.headers["allow"]) == (405, "POST")


# -- what travels in headers ----------------------------------------------------------------------------

SPLITS = [
    "a\r\nset-cookie: x=y",
    "a\nset-cookie: x=y",
    "a\r\n\r\n<script>",
    "a\0b",
    "%0d%0aset-cookie:%20x=y",
]


@pytest.mark.parametrize("text", SPLITS)
async def test_W06_no_input_becomes_a_header(text: str) -> None:
    async with served() as at, at.client() as client:
        token = (await login(client))["access_token"]
        head, _, rest = token.partition(".")
        answers = [
            await client.post("/auth/register", json={"email": text, "password": text}),
            await client.post("/auth/login", json=LOGIN | {"email": text, "transport": "bearer"}),
            await client.post("/auth/login", json=LOGIN | {"scope": text, "transport": "bearer"}),
            await client.post("/auth/login", json=LOGIN | {"device": text, "transport": "bearer"}),
            await client.post("/auth/login", json=LOGIN | {text: text}),
            await client.post("/auth/refresh", json={"refresh_token": text}),
            await client.delete("/auth/sessions/x"),
            await client.get("/auth/session", headers={"authorization": f"Bearer {head}.{rest}x"}),
        ]
        raw = [
            await ask(at.app, headers=[("cookie", f"__Host-token={text}")]),
            await ask(at.app, headers=[("authorization", f"Bearer {text}")]),
            await ask(at.app, headers=[("origin", text)]),
            await ask(at.app, "POST", "/auth/login", headers=[("content-type", text)]),
            await ask(at.app, "GET", f"/auth/sessions/{text}"),
            await ask(at.app, text.split("\r")[0], "/auth/session"),
        ]
    for answer in answers:
        assert "set-cookie" not in answer.headers
        assert "\r" not in str(answer.headers)
        assert "\n" not in str(answer.headers)
    for one in raw:
        for name, value in one.lines:
            assert not set(name + value) & set(b"\r\n\0")
            assert name != b"set-cookie"
    assert code(answers[-1]) == "token_invalid"


async def test_the_routes_of_an_application_that_embeds_us_say_nothing_of_subdomains() -> None:
    async def mine(request: object) -> PlainTextResponse:
        return PlainTextResponse("mine")

    async with served() as at:
        app = Starlette(routes=[Route("/mine", mine), Route("/healthz", mine), Route("/oauth/revoke", mine)])
        embed(app, at.auth)
        ours = await ask(app, "GET", "/auth/session")
        assert ours.headers["strict-transport-security"] == "max-age=31536000"
        assert ours.status_code == 401
        for path in ("/mine", "/healthz", "/oauth/revoke"):
            theirs = await ask(app, "GET", path)
            assert (theirs.content, set(theirs.headers)) == (b"mine", {"content-length", "content-type"})
