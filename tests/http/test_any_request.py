"""Whatever is sent, it is answered: never a 500, never without the standing headers, never a way in."""

from __future__ import annotations

import asyncio
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from support.http import ask, served

NAMES = (
    "authorization", "cookie", "content-type", "content-length", "content-encoding", "origin",
    "sec-fetch-site", "x-forwarded-for", "x-forwarded-proto", "x-forwarded-method", "if-none-match",
    "user-agent", "limen-activity", "access-control-request-method", "host",
)  # fmt: skip
PATHS = (
    "/", "/auth/register", "/auth/login", "/auth/refresh", "/auth/logout", "/auth/password/change",
    "/auth/session", "/auth/sessions", "/auth/sessions/x", "/oauth/introspect", "/oauth/revoke",
    "/forward-auth", "/forward-auth/x", "/.well-known/jwks.json",
    "/.well-known/oauth-authorization-server",
    "/healthz", "/readyz",
)  # fmt: skip
WORDS = (
    b"Bearer ", b"Basic ", b"YTpi", b"__Host-token=", b"__Host-sid=", b"__Secure-refresh=", b"__Host-device=",
    b"; ", b"application/json", b"application/x-www-form-urlencoded", b"charset=utf-8", b"same-origin",
    b"none", b"https://limen.example", b"https", b"POST", b"token=", b"A" * 64, b"a.b.c", b"65537", b"*",
    b'"', b",", b'{"email":"a@b.example","password":"', b'"}', b'{"refresh_token":"', b'{"all":true}',
    b"\xff", b"\0", b"\r\n",
)  # fmt: skip

texts = st.lists(st.sampled_from(WORDS) | st.binary(max_size=8), max_size=4).map(b"".join)
requests = st.fixed_dictionaries(
    {
        "method": st.sampled_from(("GET", "POST", "DELETE", "HEAD", "OPTIONS", "PUT")),
        "path": st.sampled_from(PATHS),
        "headers": st.lists(st.tuples(st.sampled_from(NAMES), texts), max_size=5),
        "body": st.lists(texts, max_size=3),
        "query": st.sampled_from((b"", b"token=x", b"%")),
        "peer": st.sampled_from(("192.0.2.7", "10.0.0.1", "nonsense", None)),
    }
)
OPEN = {"/", "/auth/register", "/healthz", "/readyz", *(path for path in PATHS if "well-known" in path)}


@settings(max_examples=60)
@given(st.lists(requests, min_size=5, max_size=20))
def test_W17_whatever_is_sent_is_answered(sent: list[dict[str, Any]]) -> None:
    async def send_all() -> None:
        async with served(
            trusted_proxies=("10.0.0.0/8",), clients=("gateway",), origins=("https://b.example",)
        ) as at:
            for one in sent:
                answer = await ask(at.app, **one)
                assert 200 <= answer.status_code < 500, (one, answer.content)
                assert answer.headers["x-content-type-options"] == "nosniff"
                assert answer.status_code >= 300 or one["path"] in OPEN or one["method"] == "OPTIONS"
                for name, value in answer.lines:
                    assert not set(name + value) & set(b"\r\n\0")

    asyncio.run(send_all())
