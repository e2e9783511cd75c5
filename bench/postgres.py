"""Sessions on PostgreSQL: lookups against asyncpg's own pool and its bare round trip, writes in groups."""

from __future__ import annotations

import asyncio
import itertools
import os
import sys
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from bench.harness import Figure, interleave_async, medians, ratio
from bench.world import signed_in
from limen import ids
from limen.auth import Limen
from limen.clock import Instant
from limen.revocations import Kind, Revocation
from limen.sessions import Digest, Session

sys.path.append(str(Path(__file__).parents[1] / "tests"))  # where the servers for the tests are started
from support import servers

IN_FLIGHT = 64
POOL = 8
HELD = 2_000
_SELECT = """SELECT id, account, strategy, digest, generation, rotated, created, authenticated, amr, scopes,
    touched, ends, expires, user_agent, source FROM limen_sessions WHERE id = $1"""


def run() -> Iterator[Figure]:
    if servers.found("initdb") is None:
        print("skipped: postgres (needs PostgreSQL: apt-get install postgresql)", file=sys.stderr)
        return
    with server_for_bench() as server:
        yield from asyncio.run(_lookups(server))
        yield from asyncio.run(_writes(server))


@contextmanager
def server_for_bench() -> Iterator[servers.Postgres]:
    """A cluster of its own that waits for the disk, as one in earnest does."""
    server = servers.Postgres.made(servers.place(), durable=True)
    try:
        yield server
    finally:
        server.stop()


async def _lookups(server: servers.Postgres) -> list[Figure]:
    import asyncpg

    url = server.tcp()
    async with signed_in(url, strategy="session", cache_size=0, session_limit=0) as (auth, grant):
        held = [session.id for session in await _fill(auth, grant.session, HELD)]
        pool = await asyncpg.create_pool(url, min_size=POOL, max_size=POOL)
        bare = await asyncpg.connect(url)
        turn = itertools.cycle(held)
        sides: dict[str, Callable[[int], Awaitable[None]]] = {
            "Limen": lambda n: _in_flight(n, lambda: auth.store.session(next(turn))),
            "pool": lambda n: _in_flight(n, lambda: pool.fetchrow(_SELECT, next(turn))),
            "authenticate": lambda n: _in_flight(n, lambda: auth.authenticate(grant.credential)),
        }
        many = await interleave_async(sides, number={"Limen": 12_800, "pool": 2_560, "authenticate": 12_800})
        alone_sides: dict[str, Callable[[int], Awaitable[None]]] = {
            "lookup": lambda n: _one_by_one(n, lambda: auth.store.session(grant.session)),
            "driver": lambda n: _one_by_one(n, lambda: bare.fetchrow(_SELECT, grant.session)),
            "authenticate": lambda n: _one_by_one(n, lambda: auth.authenticate(grant.credential)),
        }
        alone = await interleave_async(alone_sides, number=dict.fromkeys(alone_sides, 200), rounds=101)
        await pool.close()
        await bare.close()
    return [
        Figure("pool of 8 / lookup, 64 in flight", ratio(many, "pool", "Limen"), 4.0, "most", medians(many)),
        Figure("pool of 8 / authenticate, no cache", ratio(many, "pool", "authenticate"), None, "most"),
        Figure("lookup alone / bare driver", ratio(alone, "lookup", "driver"), 1.15, "least", medians(alone)),
        Figure("authenticate alone / bare driver", ratio(alone, "authenticate", "driver"), None, "least"),
    ]


async def _writes(server: servers.Postgres) -> list[Figure]:
    async with signed_in(server.tcp(schema="writes"), strategy="hybrid", session_limit=0) as (auth, grant):
        heads = await _fill(auth, grant.session, IN_FLIGHT)
        rotated = await interleave_async(
            {
                "group": lambda n: _rotate(auth, heads, n, IN_FLIGHT),
                "single": lambda n: _rotate(auth, heads, n, 1),
            },
            number={"group": 1_920, "single": 100},
        )
        appended = await interleave_async(
            {
                "group": lambda n: _in_flight(n, lambda: auth.store.revoke(_event())),
                "single": lambda n: _one_by_one(n, lambda: auth.store.revoke(_event())),
            },
            number={"group": 1_920, "single": 100},
        )
    return [
        Figure(
            "rotations/s, 64 in flight / one by one",
            ratio(rotated, "single", "group"),
            None,
            "most",
            medians(rotated),
        ),
        Figure(
            "events/s, 64 in flight / one by one",
            ratio(appended, "single", "group"),
            None,
            "most",
            medians(appended),
        ),
    ]


def _event() -> Revocation:
    now = Instant(time.time())
    return Revocation(Kind.KEY, "bench", now, Instant(now + 900), now, "bench")


async def _fill(auth: Limen, sid: str, count: int) -> Sequence[Session]:
    template = await auth.store.session(ids.SessionID(sid))
    assert template is not None
    now = Instant(time.time())
    made = [
        replace(template, id=ids.SessionID(ids.uuid7(now)), digest=Digest(os.urandom(32)), generation=0)
        for _ in range(count)
    ]
    await asyncio.gather(
        *(auth.store.open_session(s, limit=None, until=s.expires, now=s.created) for s in made)
    )
    return made


async def _rotate(auth: Limen, heads: Sequence[Session], count: int, lanes: int) -> None:
    digests = {head.id: head.digest for head in heads}

    async def lane(head: Session, share: int) -> None:
        found = await auth.store.session(head.id)
        assert found is not None
        digests[head.id] = found.digest
        for _ in range(share):
            fresh, now = Digest(os.urandom(32)), Instant(time.time())
            await auth.store.rotate(head.id, digests[head.id], fresh, now=now, idle=3_600)
            digests[head.id] = fresh

    await asyncio.gather(*(lane(head, count // lanes) for head in heads[:lanes]))


async def _in_flight(count: int, operation: Callable[[], Awaitable[object]]) -> None:
    async def worker(share: int) -> None:
        for _ in range(share):
            assert await operation() is not None

    await asyncio.gather(*(worker(count // IN_FLIGHT) for _ in range(IN_FLIGHT)))


async def _one_by_one(count: int, operation: Callable[[], Awaitable[object]]) -> None:
    for _ in range(count):
        assert await operation() is not None
