"""W17: when something breaks, an id is told and nothing else, and nothing is half done."""

from __future__ import annotations

import json
import re
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from limen import transport
from limen.clock import Instant
from limen.factors import Half
from limen.ids import AccountID
from limen.server.site import Site
from limen.server.table import endpoints_of
from limen.tickets import Purpose
from support import post
from support.http import ISSUER, LOGIN, Served, ask, code, login, served
from support.world import EMAIL, OTHER_PASSWORD, PASSWORD

pytestmark = pytest.mark.anyio
NEW = "eve@example.org"
EVERY: list[tuple[str, str, Any]] = [
    ("POST", "/auth/register", LOGIN | {"email": NEW}),
    ("POST", "/auth/login", LOGIN | {"transport": "bearer"}),
    ("POST", "/auth/login", LOGIN | {"transport": "cookie"}),
    ("POST", "/auth/refresh", "refresh"),
    ("POST", "/auth/logout", None),
    ("POST", "/auth/logout", {"all": True}),
    ("POST", "/auth/password/change", {"current_password": PASSWORD, "new_password": OTHER_PASSWORD}),
    ("POST", "/auth/login/factor", "half"),
    ("POST", "/auth/step-up", {"password": PASSWORD}),
    ("POST", "/auth/password/forgot", {"email": EMAIL}),
    ("POST", "/auth/password/reset", Purpose.RESET),
    ("POST", "/auth/email/verify", Purpose.VERIFY),
    ("POST", "/auth/email/confirm", Purpose.ENTER),
    ("POST", "/auth/email/send-verification", None),
    ("POST", "/auth/email/change", {"current_password": PASSWORD, "new_email": NEW}),
    ("GET", "/auth/account", None),
    ("PATCH", "/auth/account", {"name": "Ada"}),
    ("GET", "/auth/account/export", None),
    ("DELETE", "/auth/account", {"current_password": PASSWORD}),
    ("GET", "/auth/session", None),
    ("GET", "/auth/sessions", None),
    ("DELETE", "/auth/sessions", None),
    ("DELETE", "/auth/sessions/SID", None),
    ("GET", "/auth/admin/accounts", None),
    ("GET", "/auth/admin/accounts/ACCOUNT", None),
    ("POST", "/auth/admin/accounts/ACCOUNT/disable", None),
    ("POST", "/auth/admin/accounts/ACCOUNT/enable", None),
    ("DELETE", "/auth/admin/accounts/ACCOUNT/sessions", None),
    ("DELETE", "/auth/admin/sessions/SID", None),
    ("GET", "/auth/admin/audit", None),
    ("POST", "/oauth/introspect", "form"),
    ("POST", "/oauth/revoke", "form"),
    ("GET", "/feed/page", "client"),
    ("GET", "/forward-auth", None),
    ("GET", "/readyz", None),
]
MAIL = {"mail": "smtp://127.0.0.1:9", "mail_from": "no-reply@limen.example"}
ENDLESS = {"/feed"}
"""Its answer has no end that a client of these tests would wait for: tests/http/test_feed.py has it."""
NEEDS_NO_STORE = {"/.well-known/jwks.json", "/.well-known/oauth-authorization-server", "/healthz"}
NEEDS_NO_STORE |= {"/auth/status-list/{list}"}  # off here; tests/http/test_status_list.py has its faults


async def everything(at: Served, tokens: dict[str, Any], sid: str) -> list[Any]:
    """Each endpoint once, as somebody who is signed in; (path, answer)."""
    answers = []
    for method, path, body in EVERY:
        client = at.client(origin=ISSUER, authorization=f"Bearer {tokens['access_token']}")
        content: dict[str, Any] = {"json": body}
        if body == "refresh":
            content = {"json": {"refresh_token": tokens["refresh_token"]}}
        elif body in ("form", "client"):
            content = {"data": {"token": tokens["access_token"]}} if body == "form" else {}
            client.auth = ("gateway", at.auth.client_secret("gateway"))
        elif body == "half":
            half = Half(AccountID(tokens["account"]), Instant(0.0), at.clock.now(), ("pwd",), ())
            sealed = at.auth._parts.halves.seal(half)
            content = {"json": {"factor": "otp", "answer": "1", "half": sealed}}
        elif isinstance(body, Purpose):
            tickets = at.auth._parts.tickets
            ticket = tickets.seal(tickets.mint(AccountID(tokens["account"]), body, at.auth._entropy))
            more = {"password": OTHER_PASSWORD} if body is Purpose.RESET else {}
            content = {"json": {"token": ticket, **more}}
        answers.append(
            (path, await client.request(method, path.replace("SID", sid).replace("ACCOUNT", sid), **content))
        )
    return answers


async def started(at: Served) -> tuple[dict[str, Any], str]:
    tokens = await login(at.client())
    who = await at.auth.authenticate(tokens["access_token"])
    tokens["account"] = who.account
    at.clock.turn(at.auth.settings.max_staleness + 1)  # so that even the hybrid has to ask the store
    return tokens, who.session


async def test_every_endpoint_is_tried() -> None:
    tried = {
        (method, path.replace("SID", "{sid}").replace("ACCOUNT", "{account}")) for method, path, _ in EVERY
    }
    async with served() as at:
        known = {(e.method, e.path) for e in endpoints_of(Site.of(at.auth, whole=True))}
    assert {one for one in known - tried if one[1] not in NEEDS_NO_STORE | ENDLESS} == set()


async def test_W17_R09_without_a_store_everything_is_503_and_nothing_is_allowed(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with served(database=f"sqlite:///{tmp_path}/limen.db", clients=("gateway",), **MAIL) as at:
        await post.nobody_sends(at.auth)
        tokens, sid = await started(at)
        await at.auth.store.close()
        for path, answer in await everything(at, tokens, sid):
            assert answer.status_code == 503, (path, answer.text)
            assert int(answer.headers["retry-after"]) >= 1
            assert "set-cookie" not in answer.headers
            assert code(answer) == "unavailable"
        await at.auth.store.start()
        await at.auth.catch_up()
        assert (await at.client().get("/readyz")).status_code == 200
        await login(at.client())
        # Nothing of what was refused has happened.
        headers = {"authorization": f"Bearer {tokens['access_token']}"}
        assert (await at.client().get("/auth/session", headers=headers)).status_code == 200
        answer = await at.client().post("/auth/refresh", json={"refresh_token": tokens["refresh_token"]})
        assert answer.status_code == 200
        assert (await at.client().post("/auth/login", json=LOGIN | {"email": NEW})).status_code in (401, 403)


@pytest.mark.parametrize(
    "table",
    [
        "limen_accounts",
        "limen_sessions",
        "limen_revocations",
        "limen_buckets",
        "limen_tickets",
        "limen_letters",
    ],
)
async def test_W17_a_lost_table_lets_nobody_in_and_says_nothing(table: str, tmp_path: Path) -> None:
    async with served(
        database=f"sqlite:///{tmp_path}/limen.db",
        clients=("gateway",),
        strategy="session",
        cache_size=0,
        **MAIL,
    ) as at:
        await post.nobody_sends(at.auth)
        tokens = await login(at.client())
        who = await at.auth.authenticate(tokens["access_token"])
        tokens["account"] = who.account
        with closing(sqlite3.connect(tmp_path / "limen.db")) as connection, connection:
            connection.execute(f"ALTER TABLE {table} RENAME TO gone")
        tokens["refresh_token"] = tokens["access_token"]
        for path, answer in await everything(at, tokens, who.session):
            if path == "/auth/refresh":
                assert answer.status_code == 401
                continue
            refused = 403 if "/admin/" in path else 401  # somebody, and no administrator
            assert answer.status_code in (200, 202, 400, refused, 401, 404, 422, 500, 503), (
                path,
                answer.text,
            )
            for word in ("sqlite", "no such table", table, "Traceback", "gone", PASSWORD):
                assert word not in answer.text
            if answer.status_code in (500, 503):
                assert "set-cookie" not in answer.headers


@pytest.fixture
def breaks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Something below the endpoints raises what nobody foresaw, with a secret in its message."""

    def broken(*args: object, **kwargs: object) -> None:
        raise ZeroDivisionError(PASSWORD)

    monkeypatch.setattr(transport, "check_forgery", broken)
    monkeypatch.setattr(transport, "find_credential", broken)


@pytest.mark.parametrize("path", ["/auth/login", "/auth/logout", "/auth/session", "/forward-auth"])
@pytest.mark.usefixtures("breaks")
async def test_W17_what_nobody_foresaw_is_an_id_that_is_in_the_log(
    path: str, caplog: pytest.LogCaptureFixture
) -> None:
    method = "POST" if path in ("/auth/login", "/auth/logout") else "GET"
    async with served() as at:
        headers = [("content-type", "application/json"), ("origin", ISSUER)]
        body = [json.dumps(LOGIN | {"transport": "cookie"}).encode()]
        answer = await ask(at.app, method, path, headers=headers, body=body)
    assert (answer.status_code, code(answer)) == (500, "internal_error")
    document = json.loads(answer.content)
    assert re.fullmatch(r"urn:uuid:[0-9a-f-]{36}", document["instance"])
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "set-cookie" not in answer.headers
    assert PASSWORD not in answer.content.decode()
    assert b"ZeroDivision" not in answer.content
    logged = [record for record in caplog.records if document["instance"] in record.getMessage()]
    assert len(logged) == 1
    assert logged[0].exc_info is not None
    assert path in logged[0].getMessage()


async def test_S11_the_largest_token_that_settings_allow_fits_a_cookie() -> None:
    """What is larger is refused where it is set: an issuer, an audience, the scopes of an account."""
    scopes = tuple(f"{n:063d}" for n in range(16))
    issuer = "https://" + ".".join(["a" * 61] * 4)
    async with served(account=False, issuer=issuer, audience="https://" + "a" * 248, algorithm="RS256") as at:
        await at.auth.add_account(EMAIL, PASSWORD, scopes=scopes)
        answer = await at.browser().post("/auth/login", json=LOGIN | {"transport": "cookie"})
        assert answer.status_code == 200
        assert 3_000 < max(map(len, answer.headers.get_list("set-cookie"))) <= 4_096


async def test_W17_a_client_that_leaves_is_no_failure(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(message)

    async with served() as at:
        headers = [(b"host", b"limen.example"), (b"content-type", b"application/json")]
        scope = {
            "type": "http", "method": "POST", "path": "/auth/login", "raw_path": b"/auth/login",
            "headers": headers, "scheme": "https", "client": None, "root_path": "", "query_string": b"",
        }  # fmt: skip
        await at.app(scope, receive, send)
    assert sent == []
    assert "Traceback" not in caplog.text


@pytest.mark.parametrize("kind", ["websocket", "webtransport", "", "HTTP"])
async def test_W27_nothing_is_served_by_another_kind_of_scope(kind: str) -> None:
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        return {"type": "websocket.connect"}

    async def send(message: Any) -> None:
        sent.append(message)

    async with served() as at:
        tokens = await login(at.client())
        headers = [
            (b"host", b"limen.example"),
            (b"authorization", f"Bearer {tokens['access_token']}".encode()),
        ]
        scope = {"type": kind, "path": "/auth/session", "raw_path": b"/auth/session", "headers": headers}
        if kind == "websocket":
            await at.app(scope, receive, send)
            assert [message["type"] for message in sent] == ["websocket.close"]
        else:
            with pytest.raises(RuntimeError, match="refused"):
                await at.app(scope, receive, send)
            assert sent == []


async def test_W27_a_server_that_cannot_start_says_why_in_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError) as caught:
        async with served(database=f"sqlite:///{tmp_path}/missing/limen.db"):
            pytest.fail("it started")
    assert "missing" in str(caught.value)
    assert "\n" not in str(caught.value)
