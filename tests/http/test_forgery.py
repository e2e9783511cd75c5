"""Requests that another site makes a browser send, and requests in clear text."""

from __future__ import annotations

from typing import Any

import pytest

from support.http import ISSUER, LOGIN, ask, code, login, served
from support.world import OTHER_PASSWORD, PASSWORD

pytestmark = pytest.mark.anyio

FORGED: dict[str, dict[str, str]] = {
    "cross-site": {"sec-fetch-site": "cross-site", "origin": "https://evil.example"},
    "same-site": {"sec-fetch-site": "same-site", "origin": "https://x.limen.example"},
    "cross-site-no-origin": {"sec-fetch-site": "cross-site"},
    "foreign": {"origin": "https://evil.example"},
    "null": {"origin": "null"},
    "suffix": {"origin": f"{ISSUER}.evil"},
    "prefix": {"origin": "https://xlimen.example"},
    "subdomain": {"origin": "https://a.limen.example"},
    "plain": {"origin": "http://limen.example"},
    "port": {"origin": "https://limen.example:8443"},
    "empty": {"origin": ""},
    "silent": {},
    "referer-alone": {"referer": ISSUER},
}
UNSAFE: list[tuple[str, str, Any]] = [
    ("POST", "/auth/logout", None),
    ("POST", "/auth/logout", {"all": True}),
    ("POST", "/auth/refresh", None),
    ("POST", "/auth/password/change", {"current_password": PASSWORD, "new_password": OTHER_PASSWORD}),
    ("DELETE", "/auth/sessions", None),
    ("DELETE", "/auth/sessions/SID", None),
]


@pytest.mark.parametrize("headers", FORGED.values(), ids=FORGED)
async def test_S13_S15_S16_no_other_site_can_use_the_cookies_of_a_browser(headers: dict[str, str]) -> None:
    async with served() as at, await at.signed_in() as client, await at.signed_in() as other:
        sid = (await client.get("/auth/session")).json()["session"]
        before = {c.name: c.value for c in client.cookies.jar}
        del client.headers["origin"]
        for method, path, body in UNSAFE:
            answer = await client.request(method, path.replace("SID", sid), json=body, headers=headers)
            assert (answer.status_code, code(answer)) == (403, "cross_site"), path
            assert "set-cookie" not in answer.headers
        assert {c.name: c.value for c in client.cookies.jar} == before
        assert (await client.get("/auth/session")).status_code == 200
        assert len((await other.get("/auth/sessions")).json()["sessions"]) == 2
        assert (await client.post("/auth/refresh", headers={"origin": ISSUER})).status_code == 200


@pytest.mark.parametrize("headers", FORGED.values(), ids=FORGED)
async def test_S14_no_other_site_can_sign_a_browser_in(headers: dict[str, str]) -> None:
    async with served() as at, at.client() as client:
        answer = await client.post("/auth/login", json=LOGIN | {"transport": "cookie"}, headers=headers)
        assert (answer.status_code, code(answer)) == (403, "cross_site")
        assert "set-cookie" not in answer.headers


@pytest.mark.parametrize("path", ["/auth/register", "/auth/login", "/auth/refresh", "/oauth/revoke"])
async def test_S13_what_a_browser_says_of_another_site_counts_for_bearer_too(path: str) -> None:
    async with served(account=False) as at, at.client() as client:
        for name, headers in FORGED.items():
            if "origin" in headers or "sec-fetch-site" in headers:
                answer = await client.post(path, json=LOGIN | {"transport": "bearer"}, headers=headers)
                assert (answer.status_code, code(answer)) == (403, "cross_site"), name
        assert await at.auth.store.accounts() == []


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data"])
async def test_S13_a_form_cannot_send_json(kind: str) -> None:
    """What HTML can send without asking: even from a page that says that it is ours, it is no JSON."""
    async with served() as at, at.browser() as client:
        body = b'{"email":"eve@example.org","password":"correct horse battery staple","transport":"cookie"}'
        for path in ("/auth/register", "/auth/login", "/auth/refresh"):
            answer = await client.post(path, content=body, headers={"content-type": kind})
            assert (answer.status_code, code(answer)) == (415, "media_type_unsupported")


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": ISSUER},
        {"sec-fetch-site": "same-origin"},
        {"sec-fetch-site": "same-origin", "origin": ISSUER},
        {"sec-fetch-site": "same-site", "origin": "https://app.example"},
        {"origin": "https://app.example"},
    ],
)
async def test_a_page_of_ours_or_of_a_named_origin_may(headers: dict[str, str]) -> None:
    async with served(origins=("https://app.example",)) as at, at.client() as client:
        body = LOGIN | {"transport": "cookie"}
        assert (await client.post("/auth/login", json=body, headers=headers)).status_code == 200
        assert (await client.post("/auth/refresh", headers=headers)).status_code == 200
        assert (await client.post("/auth/logout", headers=headers)).status_code == 200


async def test_a_program_with_a_bearer_token_says_nothing_about_origins() -> None:
    async with served() as at, await at.bearer() as client:
        assert (await client.post("/auth/logout")).status_code == 200


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "PUT", "PATCH"])
async def test_S17_nothing_changes_by_another_method(method: str) -> None:
    async with served() as at, await at.signed_in() as client:
        for path in ("register", "login", "refresh", "logout", "password/change"):
            answer = await client.request(method, f"/auth/{path}")
            assert answer.status_code == 405
            assert answer.headers["allow"] == "POST"
        assert (await client.get("/auth/session")).status_code == 200


@pytest.mark.parametrize(
    "how",
    [
        {"headers": {"x-http-method-override": "DELETE"}},
        {"headers": {"x-http-method": "DELETE"}},
        {"headers": {"x-method-override": "DELETE"}},
        {"params": {"_method": "DELETE"}},
    ],
)
async def test_S17_W13_a_method_is_not_overridden(how: dict[str, Any]) -> None:
    async with served() as at, await at.bearer() as other, await at.bearer() as client:
        assert (await client.get("/auth/sessions", **how)).status_code == 200
        assert (await client.post("/auth/sessions", **how)).status_code == 405
        assert (await client.post("/auth/sessions", data={"_method": "DELETE"})).status_code == 405
        assert (await other.get("/auth/session")).status_code == 200


# -- clear text -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["register", "login", "refresh", "logout", "session", "sessions"])
async def test_S12_in_production_nothing_is_answered_in_clear_text(path: str) -> None:
    async with served() as at, at.client() as client:
        method = "GET" if path.startswith("session") else "POST"
        token = (await login(client))["access_token"]
        answer = await client.request(
            method,
            f"http://limen.example/auth/{path}",
            json=LOGIN | {"transport": "cookie"},
            headers={"origin": ISSUER, "authorization": f"Bearer {token}"},
        )
        assert (answer.status_code, code(answer)) == (403, "https_required")
        assert "set-cookie" not in answer.headers
        assert "strict-transport-security" not in answer.headers


async def test_S12_a_trusted_proxy_says_how_the_request_came() -> None:
    async with served(trusted_proxies=("10.0.0.0/8",)) as at:
        for peer, proto, status in (
            ("10.0.0.1", "https", 401),
            ("10.0.0.1", "http", 403),
            ("10.0.0.1", None, 403),
            ("192.0.2.1", "https", 403),
        ):
            headers = [("x-forwarded-proto", proto)] if proto else []
            answer = await ask(at.app, headers=headers, scheme="http", peer=peer)
            assert answer.status_code == status, (peer, proto)


async def test_S12_probes_come_in_clear_text_and_by_address() -> None:
    async with served() as at:
        for path in ("/healthz", "/readyz"):
            assert (await ask(at.app, path=path, scheme="http", host="10.1.2.3:8000")).status_code == 200
