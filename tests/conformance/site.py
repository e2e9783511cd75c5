"""An example in a process of its own, over SQLite and a Redis that can be killed; ways to speak with it."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from secrets import token_bytes
from typing import Any

import anyio
import httpx2
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from conformance.framework import Framework
from limen import Grant, Limen
from limen.accounts import Account
from limen.testing import PASSWORD, TurnableClock, present
from support.redis import Server
from support.shell import surroundings
from support.source import ROOT

BOUND = 1
"""`max_staleness` of these servers, in seconds."""
LEEWAY = 30
PATIENCE = 20
"""Seconds until a machine that does much else has done something."""
_SECRET = "dGhlIHNlY3JldCBvZiB0aGUgY29uZm9ybWFuY2Ugc3VpdGU"


@dataclass
class Site:
    """One running example. `elsewhere` is another process with the same store: this one."""

    framework: Framework
    strategy: str
    folder: Path
    redis: Server
    port: int
    elsewhere: Limen = field(init=False)
    _count: int = 0

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def settings(self) -> dict[str, str]:
        return {
            "database": f"sqlite:///{self.folder}/app.db",
            "session_store": self.redis.url,
            "secret": _SECRET,
            "strategy": self.strategy,
            "issuer": self.origin,
            "max_staleness": str(BOUND),
            "leeway": str(LEEWAY),
        }

    def limen(self, **options: Any) -> Limen:
        return Limen(**options, **self.settings())

    def limen_whose_clock_is_off(self, seconds: float) -> Limen:
        return self.limen(clock=TurnableClock(time.time() + seconds), entropy=_without_jitter)

    def client(self, grant: Grant | None = None, *, transport: str = "bearer") -> httpx2.AsyncClient:
        """A page of this site, or with `transport="bearer"` a program."""
        client = httpx2.AsyncClient(base_url=self.origin, trust_env=False, timeout=PATIENCE)
        if transport == "cookie":
            client.headers["origin"] = self.origin
        if grant is not None:
            present(client, self.elsewhere, grant, transport=transport)
        return client

    async def account(self, *scopes: str) -> Account:
        """One that no other test has."""
        self._count += 1
        return await self.elsewhere.add_account(f"p{self._count}@example.com", PASSWORD, scopes=scopes)

    async def grant(self, account: Account, by: Limen | None = None) -> Grant:
        """A sign-in that some other process has taken."""
        return (await (by or self.elsewhere).sign_in(account.email, PASSWORD)).grant

    def socket(self, grant: Grant | None = None, **options: Any) -> connect:
        headers = {} if grant is None else {"authorization": f"Bearer {grant.credential}"}
        options.setdefault("additional_headers", headers)
        return connect(f"ws://127.0.0.1:{self.port}/echo", proxy=None, **options)


@asynccontextmanager
async def served(framework: Framework, strategy: str, folder: Path, port: int) -> AsyncIterator[Site]:
    """The example, answering. AssertionError with what it said where it does not, or said too much."""
    # What was acknowledged must outlive a kill, as the Redis of a deployment that means it (docs/redis.md).
    redis = Server("redis", "--appendonly", "yes", "--appendfsync", "always")
    site = Site(framework, strategy, folder, redis, port)
    async with site.limen_whose_clock_is_off(-86_400):
        pass  # the keys are older than every clock of these tests
    site.elsewhere = site.limen()
    process = _started(site)
    try:
        async with site.elsewhere:
            await _answering(site, process)
            yield site
    finally:
        process.terminate()
        try:
            code = process.wait(PATIENCE)
        finally:
            process.kill()
            redis.destroy()
    said = (folder / "log").read_text()
    assert code in (0, -15), said
    assert "Traceback" not in said, said


def _without_jitter(size: int) -> bytes:
    """Chance, but for the one byte by which the lifetimes of tokens differ."""
    return bytes(1) if size == 1 else token_bytes(size)


async def until(what: Any) -> None:
    """Ask again and again until the answer is yes, for as long as a slow machine may take."""
    with anyio.fail_after(PATIENCE):
        while not await what():  # noqa: ASYNC110 - another process does it, and has no event to wait for
            await anyio.sleep(0.02)


async def refused_in_time(client: httpx2.AsyncClient, path: str = "/me", status: int = 401) -> str:
    """The code of the refusal. No request is let through that was sent later than the promise allows."""
    acknowledged = time.monotonic()
    with anyio.fail_after(PATIENCE):
        while True:
            sent = time.monotonic()
            answer = await client.get(path)
            if answer.status_code == status:
                return problem(answer)
            assert answer.status_code == 200, answer.text
            assert sent - acknowledged <= BOUND
            await anyio.sleep(0.005)


def problem(answer: httpx2.Response) -> str:
    """The code of a problem document, after a look at its form."""
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    assert answer.headers["cache-control"] == "no-store"
    body = answer.json()
    assert body["status"] == answer.status_code
    return str(body["code"])


async def ended(socket: ClientConnection, *, within: float = BOUND) -> int | None:
    """The code with which the server closes; what is said until `within` seconds from now may be answered."""
    begun = time.monotonic()
    with suppress(ConnectionClosed):
        while True:
            sent = time.monotonic()
            await socket.send("still there?")
            await socket.recv()
            assert sent - begun <= within
            await anyio.sleep(0.005)
    return socket.close_code


def _started(site: Site) -> subprocess.Popen[bytes]:
    named = {f"LIMEN_{name.upper()}": value for name, value in site.settings().items()}
    environment = surroundings(**named, **site.framework.environment, PYTHONPATH=str(ROOT))
    if site.framework.before:
        subprocess.run([sys.executable, *site.framework.before], cwd=site.folder, env=environment, check=True)
    with open(site.folder / "log", "wb") as log:
        return subprocess.Popen(
            [sys.executable, *site.framework.at(site.port)],
            cwd=site.folder, env=environment, stdout=log, stderr=log, preexec_fn=os.setpgrp,
        )  # fmt: skip


async def _answering(site: Site, process: subprocess.Popen[bytes]) -> None:
    async def answers() -> bool:
        assert process.poll() is None, (site.folder / "log").read_text()
        try:
            return (await client.get("/")).status_code == 200
        except httpx2.TransportError:
            return False

    async with site.client() as client:
        await until(answers)
