"""Sessions on SQLite: a lookup against the bare SELECT and Django, group commit against one by one."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from bench.harness import Figure, interleave, interleave_async, medians, ratio
from bench.world import signed_in
from limen import ids
from limen.auth import Limen
from limen.clock import Instant
from limen.ids import SessionID
from limen.sessions import Digest, Session

IN_FLIGHT = 64


def run() -> Iterator[Figure]:
    with tempfile.TemporaryDirectory() as folder:
        yield from asyncio.run(_lookups(Path(folder)))
        yield from asyncio.run(_group_commit(Path(folder)))


async def _lookups(folder: Path) -> list[Figure]:
    path = folder / "lookup.db"
    async with signed_in(f"sqlite:///{path}", strategy="session", cache_size=0, max_staleness=60) as (
        auth,
        grant,
    ):
        await _fill(auth, grant.session, 2_000)
        drive = _drive(lambda: auth.store.session(grant.session))
        whole = _drive(lambda: auth.authenticate(grant.credential))
        with closing(_reader(path)) as bare:
            sql, raw = _select(bare), ids.to_bytes(grant.session)
            sides: dict[str, Callable[[], object]] = {
                "lookup": drive,
                "authenticate": whole,
                "SELECT": lambda: bare.execute(sql, (raw,)).fetchone(),
                "Django": _django(folder),
            }
            samples = interleave(sides, seconds=8)
    us = medians(samples)
    return [
        Figure("session lookup / bare SELECT", ratio(samples, "lookup", "SELECT"), 2.0, "least", us),
        Figure(
            "authenticate, no cache / bare SELECT",
            ratio(samples, "authenticate", "SELECT"),
            None,
            "least",
            us,
        ),
        Figure("Django session / session lookup", ratio(samples, "Django", "lookup"), 20.0, "most", us),
        Figure(
            "Django session / authenticate, no cache",
            ratio(samples, "Django", "authenticate"),
            None,
            "most",
            us,
        ),
    ]


async def _group_commit(folder: Path) -> list[Figure]:
    path = folder / "commit.db"
    async with signed_in(f"sqlite:///{path}", strategy="hybrid", session_limit=0) as (auth, grant):
        template = await auth.store.session(grant.session)
        assert template is not None
        open_ = {
            "group": lambda n: _in_flight(n, lambda: _open_one(auth, template)),
            "single": lambda n: _one_by_one(n, lambda: _open_one(auth, template)),
        }
        opened = await interleave_async(open_, number={"group": 1_280, "single": 100})
        heads = await _heads(auth, template, IN_FLIGHT)
        turn = {
            "group": lambda n: _rotations(auth, heads, n, IN_FLIGHT),
            "single": lambda n: _rotations(auth, heads, n, 1),
        }
        rotated = await interleave_async(turn, number={"group": 1_280, "single": 100})
    return [
        Figure(
            "sessions opened/s, 64 in flight / one by one",
            ratio(opened, "single", "group"),
            5.0,
            "most",
            medians(opened),
        ),
        Figure(
            "rotations/s, 64 in flight / one by one",
            ratio(rotated, "single", "group"),
            5.0,
            "most",
            medians(rotated),
        ),
    ]


def _drive(make: Callable[[], object]) -> Callable[[], object]:
    """Runs a coroutine that never waits, as the event loop would, without the loop's own cost."""

    def call() -> object:
        try:
            make().send(None)  # type: ignore[attr-defined]
        except StopIteration as done:
            return done.value
        raise AssertionError("a point read waited for the event loop")

    return call


def _new(template: Session) -> Session:
    now = Instant(time.time())
    sid = SessionID(ids.uuid7(now))
    return replace(template, id=sid, digest=Digest(os.urandom(32)), created=now, touched=now, generation=0)


async def _open_one(auth: Limen, template: Session) -> Session:
    session = _new(template)
    await auth.store.open_session(session, limit=None, until=session.expires, now=session.created)
    return session


async def _fill(auth: Limen, sid: SessionID, count: int) -> None:
    template = await auth.store.session(sid)
    assert template is not None
    await asyncio.gather(*(_open_one(auth, template) for _ in range(count)))


async def _in_flight(count: int, operation: Callable[[], object]) -> None:
    async def worker(share: int) -> None:
        for _ in range(share):
            await operation()  # type: ignore[misc]

    await asyncio.gather(*(worker(count // IN_FLIGHT) for _ in range(IN_FLIGHT)))


async def _one_by_one(count: int, operation: Callable[[], object]) -> None:
    for _ in range(count):
        await operation()  # type: ignore[misc]


async def _heads(auth: Limen, template: Session, count: int) -> list[Session]:
    return [await _open_one(auth, template) for _ in range(count)]


async def _rotations(auth: Limen, heads: list[Session], count: int, lanes: int) -> None:
    async def lane(index: int, share: int) -> None:
        for _ in range(share):
            head, fresh = heads[index], Digest(os.urandom(32))
            now = Instant(time.time())
            await auth.store.rotate(head.id, head.digest, fresh, now=now, idle=3_600)
            heads[index] = replace(head, digest=fresh)

    await asyncio.gather(*(lane(i, count // lanes) for i in range(lanes)))


def _reader(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"file:{path}?mode=ro", uri=True, isolation_level=None, cached_statements=8)


def _select(bare: sqlite3.Connection) -> str:
    columns = ", ".join(row[1] for row in bare.execute("PRAGMA table_info(limen_sessions)"))
    key = next(row[1] for row in bare.execute("PRAGMA table_info(limen_sessions)") if row[5] == 1)
    return f"SELECT {columns} FROM limen_sessions WHERE {key} = ?"


def _django(folder: Path) -> Callable[[], object]:
    """Django's database sessions on SQLite: load one by its key."""
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    import django
    from django.conf import settings

    settings.configure(
        SECRET_KEY="bench" * 10,
        INSTALLED_APPS=["django.contrib.sessions"],
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": str(folder / "django.db")}},
        USE_TZ=True,
    )
    django.setup()
    from django.contrib.sessions.backends.db import SessionStore
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    made = SessionStore()
    made["account"] = "0190b7a0-0000-7000-8000-000000000001"
    made.create()
    key = made.session_key

    def load() -> object:
        return SessionStore(session_key=key).load()

    assert load()
    return load
