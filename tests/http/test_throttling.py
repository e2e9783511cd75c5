"""Guessing over HTTP gets slower, and nobody is locked out by it."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

import httpx2
import pytest

from support.http import LOGIN, ask, code, login, served
from support.world import EMAIL, OTHER_PASSWORD

pytestmark = pytest.mark.anyio
WRONG = LOGIN | {"password": OTHER_PASSWORD, "transport": "bearer"}


async def guess(client: httpx2.AsyncClient, email: str = EMAIL) -> httpx2.Response:
    return await client.post("/auth/login", json=WRONG | {"email": email})


async def test_A05_waiting_doubles_and_is_said() -> None:
    async with served() as at, at.client() as client:
        waits = []
        for _ in range(5):
            assert (await guess(client)).status_code == 401
        for _ in range(6):
            answer = await guess(client)
            assert (answer.status_code, code(answer)) == (429, "too_many_attempts")
            waits.append(int(answer.headers["retry-after"]))
            at.clock.turn(waits[-1])
            assert (await guess(client)).status_code == 401
        assert waits == [1, 2, 4, 8, 16, 32]


async def test_A05_whoever_signed_in_here_before_is_not_kept_out() -> None:
    async with served() as at, await at.signed_in() as known, at.client(peer="198.51.100.9") as attacker:
        tokens = await login(at.client())
        for _ in range(12):
            answer = await guess(attacker)
        assert answer.status_code == 429
        # A stranger's browser has to wait with the attacker; the owner's own one, and program, do not.
        assert (
            await at.browser().post("/auth/login", json=LOGIN | {"transport": "cookie"})
        ).status_code == 429
        assert (await known.post("/auth/login", json=LOGIN | {"transport": "cookie"})).status_code == 200
        await login(at.client(), device=tokens["device"])
        await login(at.browser(), transport="cookie", device=tokens["device"])


async def test_A05_a_device_credential_of_another_address_helps_nobody() -> None:
    async with served() as at, at.client() as client:
        await at.auth.add_account("eve@example.org", LOGIN["password"])
        device = (await login(client, "eve@example.org"))["device"]
        for _ in range(6):
            answer = await client.post("/auth/login", json=WRONG | {"device": device})
        assert answer.status_code == 429


async def test_A06_success_with_ones_own_account_does_not_free_the_source() -> None:
    async with served() as at, at.client() as client:
        await at.auth.add_account("eve@example.org", LOGIN["password"])
        victims = [f"victim{i}@example.org" for i in range(40)]
        statuses = []
        for i, victim in enumerate(victims):
            if i % 5 == 0 and i < 30:
                await login(client, "eve@example.org")
            statuses.append((await guess(client, victim)).status_code)
        assert statuses == [401] * 30 + [429] * 10


@pytest.mark.parametrize(
    "header", ["x-forwarded-for", "x-real-ip", "forwarded", "x-client-ip", "true-client-ip", "x-original-for"]
)
async def test_A07_W15_a_spoofed_address_is_ignored(header: str) -> None:
    async with served() as at, at.client() as client:
        statuses = []
        for i in range(34):
            address = f"198.51.100.{i}"
            value = f"for={address}" if header == "forwarded" else address
            answer = await client.post(
                "/auth/login", json=WRONG | {"email": f"v{i}@example.org"}, headers={header: value}
            )
            statuses.append(answer.status_code)
        assert 429 in statuses


async def test_A07_W15_behind_a_trusted_proxy_the_right_most_stranger_counts() -> None:
    async with served(trusted_proxies=("10.0.0.0/8",)) as at, at.client(peer="10.0.0.1") as proxy:
        statuses = []
        for i in range(34):
            headers = {
                "x-forwarded-for": f"203.0.113.{i}, 198.51.100.7, 10.0.0.2",
                "x-forwarded-proto": "https",
            }
            answer = await proxy.post(
                "/auth/login", json=WRONG | {"email": f"v{i}@example.org"}, headers=headers
            )
            statuses.append(answer.status_code)
        assert 429 in statuses
        other = {"x-forwarded-for": "198.51.100.7, 203.0.113.5", "x-forwarded-proto": "https"}
        answer = await proxy.post("/auth/login", json=WRONG | {"email": "x@example.org"}, headers=other)
        assert answer.status_code == 401


@pytest.mark.parametrize(
    "value",
    ["", "garbage", ", ,", "[::1", "1.2.3.4:99999999", "\xff", ",".join(["1.1.1.1"] * 50), "unknown", "'"],
)
async def test_W15_garbage_in_a_header_of_a_trusted_proxy_breaks_nothing(value: str) -> None:
    async with served(trusted_proxies=("10.0.0.0/8",)) as at:
        headers = [
            ("x-forwarded-for", value),
            ("x-forwarded-proto", "https"),
            ("content-type", "application/json"),
        ]
        answer = await ask(at.app, "POST", "/auth/login", headers=headers, body=[b"{}"], peer="10.0.0.1")
        assert answer.status_code == 400
        assert code(answer) == "body_malformed"


@pytest.mark.parametrize(
    "header",
    [
        "x-original-url",
        "x-rewrite-url",
        "x-forwarded-host",
        "x-forwarded-port",
        "x-forwarded-prefix",
        "x-user",
        "remote-user",
    ],
)
async def test_W15_other_words_of_proxies_mean_nothing(header: str) -> None:
    async with served() as at, at.client() as client:
        account = (await at.auth.find_account(EMAIL)).id
        for value in ("/healthz", "evil.example", "1", account):
            assert (await client.get("/auth/session", headers={header: value})).status_code == 401
            document = await client.get("/.well-known/oauth-authorization-server", headers={header: value})
            assert "evil" not in document.text


async def test_A07_an_ipv6_network_is_one_source() -> None:
    async with served() as at:
        statuses = []
        for i in range(34):
            async with at.client(peer=f"2001:db8:1:2::{i:x}") as client:
                statuses.append((await guess(client, f"v{i}@example.org")).status_code)
        assert 429 in statuses


async def test_A08_two_hundred_guesses_at_once_are_five_evaluations() -> None:
    async with served(hash_queue=300) as at, at.client() as client:
        answers = await asyncio.gather(*(guess(client) for _ in range(200)))
        assert sum(answer.status_code == 401 for answer in answers) == 5
        assert {answer.status_code for answer in answers} == {401, 429}


@pytest.mark.parametrize("path", ["register", "login"])
async def test_A09_without_its_throttles_nobody_signs_in(path: str, tmp_path: Path) -> None:
    async with served(database=f"sqlite:///{tmp_path}/limen.db") as at, at.client() as client:
        body = LOGIN if path == "register" else LOGIN | {"transport": "bearer"}
        with closing(sqlite3.connect(tmp_path / "limen.db")) as connection, connection:
            connection.execute("DROP TABLE limen_buckets")
        answer = await client.post(f"/auth/{path}", json=body)
        assert (answer.status_code, code(answer)) == (503, "unavailable")
        assert int(answer.headers["retry-after"]) >= 1


async def test_registrations_from_one_source_are_limited() -> None:
    async with served(account=False) as at, at.client() as client:
        statuses = [
            (await client.post("/auth/register", json=LOGIN | {"email": f"a{i}@example.org"})).status_code
            for i in range(22)
        ]
        assert statuses == [202] * 20 + [429] * 2
        elsewhere = await at.client(peer="203.0.113.9").post("/auth/register", json=LOGIN)
        assert elsewhere.status_code == 202
