"""kill -9 of a serving process under load: what it acknowledged is there when it comes back."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import socket
import sys
from dataclasses import dataclass, field
from pathlib import Path

import httpx2
import pytest

from limen.secret import Secret
from support.world import PASSWORD

pytestmark = pytest.mark.anyio
ROUNDS = 6
PEOPLE = 3  # fewer than the registrations that one source may make at once


@dataclass
class Acknowledged:
    """What the server has said yes to."""

    registered: set[str] = field(default_factory=set)
    refresh: dict[str, str] = field(default_factory=dict)
    """Person → the newest refresh credential that was handed out."""
    unsure: dict[str, str] = field(default_factory=dict)
    """Person → a credential that was being spent when the server died: it or its successor is the head."""
    signed_out: list[tuple[str, str]] = field(default_factory=list)
    """(access token, refresh credential) of sessions whose end was acknowledged."""


class Server:
    """`limen serve` in a process of its own."""

    def __init__(self, folder: Path, port: int) -> None:
        self._folder, self.url = folder, f"http://127.0.0.1:{port}"
        self._environment = {
            **os.environ,
            "LIMEN_DATABASE": f"sqlite:///{folder}/limen.db",
            "LIMEN_SECRET": Secret(bytes(range(32))).reveal(),
            "LIMEN_ISSUER": self.url,
            "LIMEN_STRATEGY": "hybrid",
            "LIMEN_ARGON2_MEMORY_KIB": "19456",
        }
        self._port = port
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        self._process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "limen.cli", "serve", "--port", str(self._port),
            cwd=self._folder, env=self._environment,
            stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        async with httpx2.AsyncClient() as client:
            for _ in range(200):
                try:
                    if (await client.get(f"{self.url}/readyz")).status_code == 200:
                        return
                except httpx2.TransportError:
                    await asyncio.sleep(0.05)
        raise AssertionError("the server did not become ready")

    async def kill(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGKILL)
        await self._process.wait()


async def person(name: str, url: str, known: Acknowledged) -> None:
    """Register, then sign in, refresh and sign out for as long as the server answers."""
    email = f"{name}@example.org"
    async with httpx2.AsyncClient(base_url=url, timeout=5) as client:
        try:
            answer = await client.post("/auth/register", json={"email": email, "password": PASSWORD})
            if answer.status_code == 202:
                known.registered.add(email)
            while True:
                await one_turn(client, email, known)
        except httpx2.TransportError:
            return


async def one_turn(client: httpx2.AsyncClient, email: str, known: Acknowledged) -> None:
    answer = await client.post(
        "/auth/login", json={"email": email, "password": PASSWORD, "transport": "bearer"}
    )
    if answer.status_code != 200:
        assert answer.status_code in (429, 503), answer.text
        await asyncio.sleep(0.05)
        return
    known.unsure.pop(email, None)
    tokens = answer.json()
    known.refresh[email] = tokens["refresh_token"]
    for _ in range(random.randrange(1, 5)):
        spent = tokens["refresh_token"]
        known.unsure[email] = spent
        answer = await client.post("/auth/refresh", json={"refresh_token": spent})
        assert answer.status_code == 200, answer.text
        tokens = answer.json()
        known.refresh[email] = tokens["refresh_token"]
        known.unsure.pop(email)
    if random.random() < 0.5:
        known.refresh.pop(email)
        headers = {"Authorization": f"Bearer {tokens['access_token']}"}
        answer = await client.post("/auth/logout", headers=headers)
        assert answer.status_code == 200, answer.text
        known.signed_out.append((tokens["access_token"], tokens["refresh_token"]))


async def verify(url: str, known: Acknowledged) -> None:
    """Every acknowledged registration signs in, every credential refreshes, every ended session is dead."""
    async with httpx2.AsyncClient(base_url=url, timeout=10) as client:
        for email in known.registered:
            answer = await client.post(
                "/auth/login", json={"email": email, "password": PASSWORD, "transport": "bearer"}
            )
            assert answer.status_code == 200, f"an acknowledged registration is lost: {answer.text}"
        for email, newest in known.refresh.items():
            answer = await client.post("/auth/refresh", json={"refresh_token": newest})
            assert answer.status_code == 200, f"an acknowledged sign-in or rotation is lost: {answer.text}"
            assert email in known.registered
        for access, refresh in known.signed_out:
            answer = await client.get("/auth/session", headers={"Authorization": f"Bearer {access}"})
            assert answer.status_code == 401, "an acknowledged sign-out is lost"
            answer = await client.post("/auth/refresh", json={"refresh_token": refresh})
            assert answer.status_code == 401, "an acknowledged sign-out is lost"


async def test_D18_R07_kill_9_under_load_loses_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    random.seed(20_261_124)
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    server, acknowledged = Server(tmp_path, port), 0
    for turn in range(ROUNDS):
        known = Acknowledged()
        await server.start()
        people = [asyncio.create_task(person(f"p{turn}x{i}", server.url, known)) for i in range(PEOPLE)]
        await asyncio.sleep(random.uniform(0.8, 2.0))
        await server.kill()
        await asyncio.gather(*people)
        await server.start()
        await verify(server.url, known)
        await server.kill()
        acknowledged += len(known.registered) + len(known.refresh) + len(known.signed_out)
    assert acknowledged > ROUNDS * PEOPLE
