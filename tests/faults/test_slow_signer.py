"""K18: whoever signs is slow, away or broken, and those who are signed in go on.

There is no KMS behind Limen: private halves are sealed in the database and opened in the process, so signing
waits for nobody. What can be slow is the database that the ring is loaded from, and what can break is the
signature itself.
"""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import time
from collections.abc import AsyncIterator

import pytest

from limen.auth import Limen
from limen.errors import Unavailable
from limen.jose.jwk import SigningKey
from limen.stores.postgres import PostgresStore
from limen.strategies.base import Grant
from support import servers
from support.world import EMAIL, PASSWORD, account_with, world

pytestmark = pytest.mark.anyio
PATIENCE = 1.0
"""Of a step in PostgreSQL. Reading the feed takes two: by its own connection, and by the pool's."""


@pytest.fixture
async def own() -> AsyncIterator[servers.Postgres]:
    servers.need("initdb", "PostgreSQL", "postgresql")
    server = servers.Postgres.made(servers.place())
    yield server
    server.stop()


async def signed_in(auth: Limen) -> Grant:
    grant: Grant = (await auth.sign_in(EMAIL, PASSWORD)).grant
    return grant


def halted(server: servers.Postgres, how: signal.Signals) -> None:
    """All of its processes: those that answer are children of the one that was started."""
    asked = subprocess.run(["ps", "-o", "pid=", "--ppid", str(server.pid)], capture_output=True, check=True)
    for pid in (server.pid, *map(int, asked.stdout.split())):
        os.kill(pid, how)


async def test_K18_the_ring_cannot_be_loaded_and_tokens_are_verified_all_the_same(
    own: servers.Postgres,
) -> None:
    store = PostgresStore(own.url(), patience=PATIENCE)
    async with world(store=store, strategy="hybrid") as (auth, clock):
        await account_with(auth)
        seen, unseen = await signed_in(auth), await signed_in(auth)
        who = await auth.authenticate(seen.credential)
        halted(own, signal.SIGSTOP)
        try:
            began = time.monotonic()
            asked = (auth.rotate_keys(), signed_in(auth), auth.maintain(), auth.catch_up())
            waiting = [asyncio.ensure_future(each) for each in asked]
            await asyncio.sleep(0)
            verified = time.monotonic()
            assert await auth.authenticate(seen.credential) == who
            assert (await auth.authenticate(unseen.credential)).session == unseen.session
            assert time.monotonic() - verified < 0.5
            failed = await asyncio.gather(*waiting, return_exceptions=True)
            assert [type(each) for each in failed] == [Unavailable] * len(asked)
            assert time.monotonic() - began < 2 * PATIENCE + 2
        finally:
            halted(own, signal.SIGCONT)
        for _ in range(100):
            try:
                assert (await signed_in(auth)).account == who.account
                break
            except Unavailable:
                clock.turn(0.25)
                await asyncio.sleep(0.05)
        else:
            raise AssertionError("it does not recover")


async def test_K18_a_signature_that_fails_leaves_verification_working(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with world(strategy="hybrid") as (auth, _):
        await account_with(auth)
        held = await signed_in(auth)

        def broken(key: SigningKey, payload: bytes) -> bytes:
            raise OSError("the module does not answer")

        with monkeypatch.context() as while_broken:
            while_broken.setattr(SigningKey, "sign", broken)
            with pytest.raises(OSError, match="does not answer"):
                await auth.sign_in(EMAIL, PASSWORD)
            assert held.refresh is not None
            with pytest.raises(OSError, match="does not answer"):
                await auth.refresh(held.refresh)
            assert (await auth.authenticate(held.credential)).session == held.session
        fresh = await auth.refresh(held.refresh)  # within the grace: the answer was lost, and nobody with it
        assert (await auth.authenticate(fresh.credential)).session == held.session
