"""A Verifier where a Limen would stand: FastAPI, Starlette and plain ASGI use it in the same way."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest

from limen.testing import running
from limen.verifier import Verifier
from support.apps import APPS
from support.http import Served, login, served
from support.remote import CLIENT, Between, made
from support.world import EMAIL

pytestmark = pytest.mark.anyio
PAGE = Path(__file__).parents[2] / "docs" / "verifier.md"


@asynccontextmanager
async def guarded(
    framework: str, at: Served, **options: Any
) -> AsyncIterator[tuple[Verifier, httpx2.AsyncClient]]:
    """An application that stands behind a verifier, and a client of it."""
    verifier = made(at, Between(at.app), **options)
    app = APPS[framework](verifier)
    transport = httpx2.ASGITransport(app=app)
    async with (
        running(app),
        httpx2.AsyncClient(transport=transport, base_url="https://api.example") as client,
    ):
        yield verifier, client


async def test_each_framework_lets_in_whom_the_issuer_has_signed_in(framework: str) -> None:
    async with served(clients=(CLIENT,), strategy="hybrid") as at:
        await at.auth.set_scopes(await at.auth.find_account(EMAIL), ("notes:read",))
        at.clock.turn(1)
        token = str((await login(at.client()))["access_token"])
        who = await at.auth.authenticate(token)
        bearer = {"authorization": f"Bearer {token}"}
        async with guarded(framework, at) as (verifier, client):
            assert (await client.get("/me")).status_code == 401
            assert (await client.get("/maybe")).json() == {"account": None} or framework == "asgi"
            for _ in range(2):
                answer = await client.get("/me", headers=bearer)
                assert (answer.status_code, answer.json()["account"]) == (200, who.account)
            assert (await client.get("/notes", headers=bearer)).json()["account"] == who.account
            await at.auth.sign_out(who)
            await verifier.catch_up()
            answer = await client.get("/me", headers=bearer)
            assert (answer.status_code, answer.json()["code"]) == (401, "credential_revoked")
            assert (await client.post("/auth/login", json={})).status_code in (401, 404), "no routes of ours"


async def test_each_framework_answers_503_where_nobody_can_tell(framework: str) -> None:
    async with served(clients=(CLIENT,), strategy="hybrid") as at:
        token = str((await login(at.client()))["access_token"])
        async with guarded(framework, at, on_outage="refuse") as (_, client):
            at.clock.turn(6)
            answer = await client.get("/me", headers={"authorization": f"Bearer {token}"})
            assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
            assert answer.headers["retry-after"]


async def test_by_cookie_a_forged_request_is_refused_too() -> None:
    async with served(clients=(CLIENT,), strategy="hybrid") as at:
        token = str((await login(at.client()))["access_token"])
        async with guarded("fastapi", at, transports=("cookie",), origins=("https://app.example",)) as (
            v,
            client,
        ):
            client.cookies.set(v.cookie, token, domain="api.example")
            assert (await client.get("/me")).status_code == 200
            assert (await client.post("/me")).json()["code"] == "cross_site"
            for origin, status in (("https://evil.example", 403), ("https://app.example", 200)):
                assert (await client.post("/me", headers={"origin": origin})).status_code == status


async def test_the_openapi_document_of_an_application_names_the_scheme() -> None:
    async with served(clients=(CLIENT,), strategy="hybrid") as at, guarded("fastapi", at) as (_, client):
        document = (await client.get("/openapi.json")).json()
        assert document["components"]["securitySchemes"] == {"bearer": {"type": "http", "scheme": "bearer"}}
        assert document["paths"]["/me"]["get"]["security"] == [{"bearer": []}]
        assert {} in document["paths"]["/maybe"]["get"]["security"]
        assert "/auth/login" not in document["paths"]


async def test_the_example_of_the_documentation_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    """As it stands, but for the way to the issuer."""
    found = re.search(r"```python\n(from typing.*?)```", PAGE.read_text(), re.DOTALL)
    assert found is not None
    async with served(clients=(CLIENT,), strategy="hybrid", audience="https://api.example") as at:
        monkeypatch.setenv("API_CLIENT_SECRET", at.auth.client_secret(CLIENT))
        code = found[1].replace("https://login.example", at.auth.settings.issuer)
        code = code.replace("client_id=", "clock=clock, stream=False, transport=between, client_id=")
        space: dict[str, Any] = {"between": Between(at.app), "clock": at.clock}
        exec(compile(code, str(PAGE), "exec"), space)
        await at.auth.set_scopes(await at.auth.find_account(EMAIL), ("notes:write",))
        at.clock.turn(1)
        token = str((await login(at.client()))["access_token"])
        transport = httpx2.ASGITransport(app=space["app"])
        async with (
            running(space["app"]),
            httpx2.AsyncClient(transport=transport, base_url="https://a") as client,
        ):
            assert (await client.get("/me")).status_code == 401
            client.headers["authorization"] = f"Bearer {token}"
            assert (await client.get("/me")).status_code == 200
            assert (await client.post("/notes")).status_code == 200
