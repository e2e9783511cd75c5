"""UUIDv4 against UUIDv7 as a primary key in SQLite and PostgreSQL: what an order in time saves.

A random key goes to a random page: once the index is larger than what is cached, each insert reads and writes
a page of its own, and PostgreSQL logs each page whole when it changes first after a checkpoint. A key that
grows with time goes to the last page.
"""

from __future__ import annotations

import random
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from time import perf_counter
from typing import Any
from uuid import UUID

from msgspec import Struct

from limen import ids
from limen.clock import Instant
from limen.errors import Misconfigured, Unavailable

BATCH = 1_000
"""Rows in one commit."""
CACHE_PAGES = 2_000
"""SQLite's own default is of this order: 8 MB."""
_LOAD = b"x" * 100
_LOGGED_PAGE = 4_096 + 24
"""Bytes of a page with its header in SQLite's log."""
_LOG = "SELECT pg_current_wal_insert_lsn() - '0/0'::pg_lsn, (SELECT wal_fpi FROM pg_stat_wal)"
_PATIENCE = 10.0


class Inserted(Struct, frozen=True, kw_only=True):
    """What one kind of key came to."""

    engine: str
    version: int
    rows: int
    seconds: float
    last: float
    """Rows a second in the last tenth, when the index is largest."""
    size: int
    """Bytes of the table with its index."""
    index: int
    """Bytes of the index; in SQLite the table is one."""
    pages: int
    """Whole pages in the write-ahead log: one that changes in several commits of SQLite, or after several
    checkpoints of PostgreSQL, counts each time."""
    log: int
    """Bytes of the write-ahead log."""

    @property
    def rate(self) -> float:
        return self.rows / self.seconds


Told = Callable[[str, float], None]


def in_sqlite(folder: Path, rows: int, *, seed: int, tell: Told) -> list[Inserted]:
    """Insert so many rows with each kind of key, one after the other, into a file of its own."""
    return [_insert(folder, version, made, rows, tell) for version, made in _keys(rows, seed).items()]


async def in_postgres(url: str, rows: int, *, seed: int, tell: Told) -> list[Inserted]:
    """The same in a schema of its own, which is dropped afterwards. Checkpoints come at every tenth of the
    way, where the user may ask for them: so much is logged anew each time."""
    async with _connected(url) as db:
        return [await _fill(db, version, made, rows, tell) for version, made in _keys(rows, seed).items()]


def _keys(rows: int, seed: int) -> dict[int, Iterator[bytes]]:
    return {4: _random_keys(rows, seed), 7: _ordered_keys(rows)}


def _insert(
    folder: Path, version: int, keys: Iterator[bytes], rows: int, tell: Callable[[str, float], None]
) -> Inserted:
    path = folder / f"v{version}.db"
    db = sqlite3.connect(path, isolation_level=None)
    try:
        for pragma in (
            "journal_mode=WAL",
            "synchronous=NORMAL",
            f"cache_size={CACHE_PAGES}",
            "wal_autocheckpoint=0",
        ):
            db.execute(f"PRAGMA {pragma}")
        db.execute("CREATE TABLE t (id BLOB PRIMARY KEY, load BLOB) WITHOUT ROWID")
        written, spent, batches = 0, [], max(rows // BATCH, 1)
        for number in range(batches):
            batch = [(next(keys), _LOAD) for _ in range(BATCH)]
            began = perf_counter()
            db.execute("BEGIN")
            db.executemany("INSERT INTO t VALUES (?, ?)", batch)
            db.execute("COMMIT")
            spent.append(perf_counter() - began)
            if number % 20 == 19 or number == batches - 1:
                written += db.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()[1]
                db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
                tell(f"SQLite, UUIDv{version}", (number + 1) / batches)
    finally:
        db.close()
    size = path.stat().st_size
    return Inserted(
        engine="sqlite", version=version, rows=batches * BATCH, seconds=sum(spent), last=_last(spent),
        size=size, index=size, pages=written, log=written * _LOGGED_PAGE,
    )  # fmt: skip


def _last(spent: list[float]) -> float:
    tail = spent[-max(len(spent) // 10, 1) :]
    return BATCH * len(tail) / sum(tail)


@asynccontextmanager
async def _connected(url: str) -> AsyncIterator[Any]:
    """A connection whose unqualified names lie in a new schema."""
    try:
        import asyncpg
    except ModuleNotFoundError as error:
        raise Misconfigured("PostgreSQL needs its driver: pip install 'limen[postgres]'") from error
    try:
        db = await asyncpg.connect(url, timeout=_PATIENCE)
    except (OSError, TimeoutError, asyncpg.PostgresError) as error:
        raise Unavailable("the database cannot be reached", reason=type(error).__name__) from error
    schema = f"limen_lab_{UUID(ids.uuid4()).hex}"
    try:
        await db.execute(f"CREATE SCHEMA {schema}; SET search_path = {schema}")
        yield db
    finally:
        await db.execute(f"DROP SCHEMA IF EXISTS {schema} CASCADE")
        await db.close()


async def _fill(db: Any, version: int, keys: Iterator[bytes], rows: int, tell: Told) -> Inserted:
    name, spent, batches = f"v{version}", list[float](), max(rows // BATCH, 1)
    await db.execute(f"CREATE TABLE {name} (id uuid PRIMARY KEY, load bytea)")
    statement = f"INSERT INTO {name} SELECT unnest($1::uuid[]), $2"
    await _checkpoint(db)
    before = await db.fetchrow(_LOG)
    for number in range(batches):
        batch = [UUID(bytes=next(keys)) for _ in range(BATCH)]
        began = perf_counter()
        await db.execute(statement, batch, _LOAD)
        spent.append(perf_counter() - began)
        if (number + 1) % max(batches // 10, 1) == 0:
            await _checkpoint(db)
            tell(f"PostgreSQL, UUIDv{version}", (number + 1) / batches)
    after = await db.fetchrow(_LOG)
    size, index = await db.fetchrow(
        "SELECT pg_total_relation_size($1::text::regclass), pg_relation_size($2::text::regclass)",
        name,
        f"{name}_pkey",
    )
    return Inserted(
        engine="postgresql", version=version, rows=batches * BATCH, seconds=sum(spent), last=_last(spent),
        size=size, index=index, pages=int(after[1] - before[1]), log=int(after[0] - before[0]),
    )  # fmt: skip


async def _checkpoint(db: Any) -> None:
    from asyncpg import InsufficientPrivilegeError

    with suppress(InsufficientPrivilegeError):
        await db.execute("CHECKPOINT")


def _random_keys(rows: int, seed: int) -> Iterator[bytes]:
    draw = random.Random(seed)  # noqa: S311 - keys of a measurement
    for _ in range(rows + BATCH):
        yield UUID(int=draw.getrandbits(128), version=4).bytes


def _ordered_keys(rows: int) -> Iterator[bytes]:
    for number in range(rows + BATCH):
        yield UUID(ids.uuid7(Instant(1_800_000_000.0 + number / 10_000))).bytes
