"""What a request presents: cookies and headers that only look like ours, and places where nothing counts."""

from __future__ import annotations

from typing import Any

import pytest

from support.http import LOGIN, ask, code, cookies, login, served
from support.world import PASSWORD

pytestmark = pytest.mark.anyio


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
            assert taken == {"__Host-sid", "__Host-token"}
            assert len(answer.all("set-cookie")) == 2
        both = [("cookie", "__Host-token=a.b.c"), ("authorization", "Bearer x")]
        assert (await ask(at.app, headers=both)).all("set-cookie") == [], (
            "a mistake of a program, not of a jar"
        )
    assert "two_cookies" in caplog.text
    assert "two_kinds_of_cookie" in caplog.text


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
        secrets += [c.value for c in browser.cookies.jar if c.value and c.name != "__Host-refreshes"]
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
