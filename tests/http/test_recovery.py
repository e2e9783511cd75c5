"""Recovery over HTTP: what a stranger is told, what a request can and cannot say, what an owner gets."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx2
import pytest

from limen.letters import Kind
from support import post
from support.http import TRANSPORTS, Served, ask, code, cookies, login, served
from support.world import EMAIL, OTHER_PASSWORD, PASSWORD

pytestmark = pytest.mark.anyio
NEW = "ada@new.example"


@asynccontextmanager
async def written_to(**options: Any) -> AsyncIterator[Served]:
    """A server in production that writes letters, which wait for the test."""
    async with served(mail="smtp://127.0.0.1:9", mail_from="no-reply@limen.example", **options) as at:
        await post.nobody_sends(at.auth)
        yield at


async def forgot(at: Served, email: Any = EMAIL, **headers: str) -> httpx2.Response:
    async with at.client(**headers) as client:
        return await client.post("/auth/password/forgot", json={"email": email})


async def test_A03_A12_a_password_is_set_by_a_link_that_leads_to_the_issuer() -> None:
    async with written_to() as at, at.client() as client:
        answer = await forgot(at)
        assert (answer.status_code, answer.json()) == (202, {"status": "accepted"})
        (letter,) = await post.letters(at.auth)
        assert letter.values["link"].startswith("https://limen.example/reset?token=")
        token = letter.values["link"].partition("token=")[2]
        answer = await client.post("/auth/password/reset", json={"token": token, "password": OTHER_PASSWORD})
        assert answer.status_code == 200
        assert set(answer.json()) == {"effective_at", "effective_in"}
        assert "set-cookie" not in answer.headers  # A16
        assert (
            code(
                await client.post(
                    "/auth/login", json={"email": EMAIL, "password": PASSWORD, "transport": "bearer"}
                )
            )
            == "sign_in_failed"
        )
        await login(client, password=OTHER_PASSWORD)
        again = await client.post("/auth/password/reset", json={"token": token, "password": PASSWORD})
        assert (again.status_code, code(again)) == (400, "ticket_void")
        assert token not in again.text


EVIL_HEADERS = [
    ("x-forwarded-host", "evil.example"),
    ("forwarded", "host=evil.example;proto=http"),
    ("x-forwarded-proto", "http"),
    ("x-forwarded-server", "evil.example"),
    ("x-original-host", "evil.example"),
    ("x-host", "evil.example"),
]


@pytest.mark.parametrize(("name", "value"), EVIL_HEADERS)
async def test_A12_no_header_moves_the_link(name: str, value: str) -> None:
    for proxies in ((), ("192.0.2.0/24",)):
        async with written_to(trusted_proxies=proxies) as at:
            await forgot(at, **{name: value})
            for letter in await post.letters(at.auth):
                assert letter.values["link"].startswith("https://limen.example/reset?token=")
                assert "evil" not in json.dumps(letter.values)


@pytest.mark.parametrize("how", ["host", "absolute"])
async def test_A12_a_host_of_somebody_else_gets_no_letter_written(how: str) -> None:
    body = json.dumps({"email": EMAIL}).encode()
    headers = [("content-type", "application/json")]
    async with written_to() as at:
        if how == "host":
            raw = await ask(
                at.app, "POST", "/auth/password/forgot", headers=headers, body=[body], host="evil.example"
            )
            assert raw.status_code == 400
        else:
            path = b"https://evil.example/auth/password/forgot"
            raw = await ask(
                at.app, "POST", "/auth/password/forgot", headers=headers, body=[body], raw_path=path
            )
        for letter in await post.letters(at.auth):
            assert letter.values["link"].startswith("https://limen.example/reset?token=")


@pytest.mark.parametrize(
    "body",
    [
        b'{"email": ["ada@example.org", "eve@evil.example"]}',
        b'{"email": {"0": "ada@example.org", "1": "eve@evil.example"}}',
        b'{"email": "ada@example.org", "email": "eve@evil.example"}',
        b'{"email": "ada@example.org", "email[]": "eve@evil.example"}',
        b'{"email": null}',
        b"{}",
        b"email[]=ada@example.org&email[]=eve@evil.example",
    ],
)
async def test_A13_one_address_as_one_text_or_nothing_at_all(body: bytes) -> None:
    async with written_to() as at:
        raw = await ask(
            at.app,
            "POST",
            "/auth/password/forgot",
            headers=[("content-type", "application/json")],
            body=[body],
        )
        assert raw.status_code == 400
        assert await post.letters(at.auth) == []


@pytest.mark.parametrize(
    "email",
    [
        f"{EMAIL},eve@evil.example",
        f"{EMAIL};eve@evil.example",
        f"{EMAIL} eve@evil.example",
        f"{EMAIL}\r\nBcc: eve@evil.example",
        f"{EMAIL}%0aBcc:eve@evil.example",
    ],
)
async def test_A13_A26_a_list_of_addresses_is_none(email: str) -> None:
    async with written_to() as at:
        answer = await forgot(at, email)
        assert (answer.status_code, code(answer)) == (422, "email_malformed")
        assert await post.letters(at.auth) == []


@pytest.mark.parametrize("token", ["z" * 60_000, "9" * 60_000, "", "x", "\u0661" * 60, "-1"])
@pytest.mark.parametrize(
    ("path", "more"),
    [("password/reset", {"password": PASSWORD}), ("email/verify", {}), ("email/confirm", {})],
)
async def test_A17_whatever_is_no_ticket_is_refused_at_once(
    path: str, more: dict[str, str], token: str
) -> None:
    async with written_to() as at, at.client() as client:
        began = time.perf_counter()
        answer = await client.post(f"/auth/{path}", json={"token": token, **more})
        assert (answer.status_code, code(answer)) == (400, "ticket_void")
        assert time.perf_counter() - began < 0.5


async def test_A17_a_megabyte_is_not_even_read() -> None:
    async with written_to() as at, at.client() as client:
        body = {"token": "z" * 1_048_576, "password": PASSWORD}
        assert (await client.post("/auth/password/reset", json=body)).status_code == 413


async def test_A01_A03_who_has_an_account_is_not_told_by_forgot() -> None:
    async with written_to() as at:
        await at.auth.disable_account(await at.auth.add_account("disabled@example.org", PASSWORD))
        answers = []
        for email in (EMAIL, "disabled@example.org", "eve@example.org", EMAIL, EMAIL, EMAIL, EMAIL):
            body = json.dumps({"email": email}).encode()
            raw = await ask(
                at.app,
                "POST",
                "/auth/password/forgot",
                headers=[("content-type", "application/json")],
                body=[body],
            )
            answers.append((raw.status_code, raw.alike, raw.content))
        assert answers == [answers[0]] * len(answers)
        assert answers[0][0] == 202


async def test_A13_a_letter_speaks_the_language_of_who_asks() -> None:
    async with written_to() as at:
        await forgot(at, **{"accept-language": "de-AT,de;q=0.9"})
        (letter,) = await post.letters(at.auth)
        assert letter.language == "de"


async def test_a_page_of_another_site_asks_for_nothing() -> None:
    async with written_to() as at:
        for path, body in (
            ("password/forgot", {"email": EMAIL}),
            ("password/reset", {"token": "x", "password": PASSWORD}),
            ("email/verify", {"token": "x"}),
            ("email/confirm", {"token": "x"}),
        ):
            async with at.client(origin="https://evil.example") as client:
                assert (await client.post(f"/auth/{path}", json=body)).status_code == 403
        assert await post.letters(at.auth) == []


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_A18_an_owner_proves_an_address_and_moves_to_another(transport: str) -> None:
    async with written_to() as at:
        async with await at.either(transport) as client:
            shown = (await client.get("/auth/account")).json()
            assert (shown["email"], shown["name"], "email_verified_at" in shown) == (EMAIL, "", False)
            assert (await client.post("/auth/email/send-verification")).status_code == 202
            token = (await post.tokens(at.auth))[Kind.VERIFY]
            assert (await client.post("/auth/email/verify", json={"token": token})).status_code == 200
            at.clock.turn(6)
            assert (await client.get("/auth/account")).status_code == 401  # A20: all sessions have ended
        async with await at.either(transport) as client:
            assert (await client.get("/auth/account")).json()["email_verified_at"]
            ask_for = {"current_password": OTHER_PASSWORD, "new_email": NEW}
            refused = await client.post("/auth/email/change", json=ask_for)
            assert (refused.status_code, code(refused)) == (403, "password_wrong")
            ask_for["current_password"] = PASSWORD
            assert (await client.post("/auth/email/change", json=ask_for)).status_code == 202
            asked = await post.tokens(at.auth)
            confirm = [
                await client.post("/auth/email/confirm", json={"token": asked[k]})
                for k in (Kind.LEAVE, Kind.ENTER)
            ]
            assert [answer.json() for answer in confirm] == [{"changed": False}, {"changed": True}]
            assert (await client.get("/auth/account")).json()["email"] == NEW


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_an_owner_takes_a_copy_and_deletes_the_account(transport: str) -> None:
    async with written_to() as at, await at.either(transport) as client:
        named = await client.patch("/auth/account", json={"name": " Ada "})
        assert (named.status_code, named.json()["name"]) == (200, "Ada")
        copy = await client.get("/auth/account/export")
        assert copy.status_code == 200
        assert copy.headers["content-disposition"].startswith("attachment")
        assert copy.headers["cache-control"] == "no-store"
        assert copy.json()["account"]["name"] == "Ada"
        refused = await client.request("DELETE", "/auth/account", json={"current_password": OTHER_PASSWORD})
        assert code(refused) == "password_wrong"
        gone = await client.request("DELETE", "/auth/account", json={"current_password": PASSWORD})
        assert gone.status_code == 200
        assert bool(cookies(gone)) == (transport == "cookie")
        assert await at.auth.store.accounts() == []


async def test_a_copy_is_not_for_whoever_finds_a_browser_open() -> None:
    async with written_to(access_lifetime=3_600) as at, await at.bearer() as client:
        at.clock.turn(301)
        answer = await client.get("/auth/account/export")
        assert (answer.status_code, code(answer)) == (401, "authentication_too_old")


async def test_nobody_signed_in_has_no_account() -> None:
    async with written_to() as at, at.client() as client:
        for method, path in (
            ("GET", "account"),
            ("PATCH", "account"),
            ("DELETE", "account"),
            ("GET", "account/export"),
            ("POST", "email/change"),
            ("POST", "email/send-verification"),
        ):
            assert (await client.request(method, f"/auth/{path}", json={})).status_code == 401


async def test_without_mail_it_is_said_that_there_is_none() -> None:
    async with served() as at:
        answer = await forgot(at)
        assert (answer.status_code, code(answer)) == (403, "mail_off")
