"""UUIDv4 against UUIDv7 as a primary key in SQLite: what an order in time saves.

A random key goes to a random page: once the index is larger than what is cached, each insert reads and writes
a page of its own. A key that grows with time goes to the last page.
"""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from time import perf_counter
from uuid import UUID

from msgspec import Struct

from limen import ids
from limen.clock import Instant

BATCH = 1_000
"""Rows in one commit."""
CACHE_PAGES = 2_000
"""SQLite's own default is of this order: 8 MB."""
_LOAD = b"x" * 100


class Inserted(Struct, frozen=True):
    """What one kind of key came to."""

    version: int
    rows: int
    seconds: float
    size: int
    """Bytes of the file."""
    pages_written: int
    """Into the write-ahead log: a page that changes in several commits counts in each."""
    last: float
    """Rows a second in the last tenth, when the index is largest."""

    @property
    def rate(self) -> float:
        return self.rows / self.seconds


def compare(folder: Path, rows: int, *, seed: int, tell: Callable[[str, float], None]) -> list[Inserted]:
    """Insert so many rows with each kind of key, one after the other, into a file of its own."""
    keys = {4: _random_keys(rows, seed), 7: _ordered_keys(rows)}
    return [_insert(folder, version, made, rows, tell) for version, made in keys.items()]


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
                tell(f"UUIDv{version}", (number + 1) / batches)
    finally:
        db.close()
    tail = spent[-max(len(spent) // 10, 1) :]
    return Inserted(
        version, batches * BATCH, sum(spent), path.stat().st_size, written, BATCH * len(tail) / sum(tail)
    )


def _random_keys(rows: int, seed: int) -> Iterator[bytes]:
    draw = random.Random(seed)  # noqa: S311 - keys of a measurement
    for _ in range(rows + BATCH):
        yield UUID(int=draw.getrandbits(128), version=4).bytes


def _ordered_keys(rows: int) -> Iterator[bytes]:
    for number in range(rows + BATCH):
        yield UUID(ids.uuid7(Instant(1_800_000_000.0 + number / 10_000))).bytes
