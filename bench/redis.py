"""Sessions in Redis: lookups against redis-py's client, one at a time and many at once."""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, closing
from dataclasses import replace
from pathlib import Path

import redis.asyncio

from bench.harness import Figure, interleave_async, medians, ratio
from bench.world import signed_in
from limen import ids
from limen.auth import Limen
from limen.clock import Instant
from limen.ids import AccountID, SessionID
from limen.sessions import Digest, Session
from limen.stores.memory import MemoryStore
from limen.stores.redis import RedisStore

IN_FLIGHT = 64
HELD = 2_000
MANY = 100_000


def run() -> Iterator[Figure]:
    if shutil.which("redis-server") is None:
        print("skipped: redis (apt-get install redis-server)", file=sys.stderr)
        return
    with tempfile.TemporaryDirectory() as folder:
        yield from asyncio.run(_figures(Path(folder)))


async def _figures(folder: Path) -> list[Figure]:
    async with running(folder) as port:
        url = f"redis://127.0.0.1:{port}"
        database = f"sqlite:///{folder}/limen.db"
        options = {"strategy": "session", "cache_size": 0, "session_store": url, "session_limit": 0}
        async with signed_in(database, **options) as (auth, grant):
            held = [grant.session, *await _fill(auth, grant.session, HELD)]
            client = redis.asyncio.Redis(port=port)
            record = await _stored(client)
            figures = await _lookups(auth, held, client, record)
            template = await auth.store.session(grant.session)
            assert template is not None
            figures += await _weigh(url, template, client)
            await client.aclose()
    return figures


async def _lookups(
    auth: Limen, held: list[SessionID], client: redis.asyncio.Redis, record: bytes
) -> list[Figure]:
    async def ours(count: int) -> None:
        for n in range(count):
            assert await auth.store.session(held[n % len(held)]) is not None

    async def theirs(count: int) -> None:
        for _ in range(count):
            assert await client.get(record) is not None

    alone = await interleave_async({"ours": ours, "redis-py": theirs}, number={"ours": 600, "redis-py": 600})
    many = await interleave_async(
        {"ours": lambda n: _lanes(n, ours), "redis-py": theirs}, number={"ours": 12_800, "redis-py": 600}
    )
    return [
        Figure(
            "lookup alone / redis-py GET", ratio(alone, "ours", "redis-py"), 1.15, "least", medians(alone)
        ),
        Figure(
            "lookups/s, 64 in flight / redis-py one at a time",
            ratio(many, "redis-py", "ours"),
            5.0,
            "most",
            medians(many),
        ),
    ]


async def _lanes(count: int, side: Callable[[int], Awaitable[None]]) -> None:
    await asyncio.gather(*(side(count // IN_FLIGHT) for _ in range(IN_FLIGHT)))


async def _weigh(url: str, template: Session, client: redis.asyncio.Redis) -> Iterator[Figure]:
    """Bytes of Redis's memory for each session, where each account has one and where it has ten."""
    figures = []
    for each in (1, 10):
        marks = MemoryStore()
        await marks.start()
        store = RedisStore(f"{url}?prefix=weigh{each}")
        await store.start(marks, fresh=True)
        before = (await client.info("memory"))["used_memory"]
        for _ in range(0, MANY, 1_000):
            accounts = [AccountID(ids.uuid7(template.created)) for _ in range(1_000 // each)]
            made = [replace(_new(template), account=accounts[n // each]) for n in range(1_000)]
            await asyncio.gather(*(_open(store, session) for session in made))
        after = (await client.info("memory"))["used_memory"]
        await store.close()
        name = f"bytes of Redis a session, {each} an account"
        figures.append(Figure(name, (after - before) / MANY, None, "least", {}))
    return iter(figures)


async def _open(store: RedisStore, session: Session) -> None:
    now = session.created
    await store.open_session(session, cutoff=Instant(0.0), limit=100, until=session.expires, now=now)


async def _fill(auth: Limen, sid: SessionID, count: int) -> list[SessionID]:
    template = await auth.store.session(sid)
    assert template is not None
    made = [_new(template) for _ in range(count)]
    for start in range(0, count, 1_000):
        part = made[start : start + 1_000]
        opening = (auth.store.open_session(s, limit=None, until=s.expires, now=s.created) for s in part)
        await asyncio.gather(*opening)
    return [session.id for session in made]


def _new(template: Session) -> Session:
    now = Instant(time.time())
    return replace(template, id=SessionID(ids.uuid7(now)), digest=Digest(os.urandom(32)), created=now)


async def _stored(client: redis.asyncio.Redis) -> bytes:
    """The key of some session's record."""
    async for key in client.scan_iter("*:s*"):
        return bytes(key)
    raise AssertionError("there is no session")


@asynccontextmanager
async def running(folder: Path) -> AsyncIterator[int]:
    """A Redis of one's own on a free port."""
    with closing(socket.create_server(("127.0.0.1", 0))) as probe:
        port = probe.getsockname()[1]
    process = await asyncio.create_subprocess_exec(
        "redis-server", "--port", str(port), "--save", "", "--dir", str(folder), stdout=subprocess.DEVNULL
    )
    try:
        client = redis.asyncio.Redis(port=port)
        while True:
            try:
                await client.ping()
                break
            except redis.exceptions.ConnectionError:
                await asyncio.sleep(0.01)
        await client.aclose()
        yield port
    finally:
        process.terminate()
        await process.wait()
