"""Throttle buckets in SQLite. The rule is `limen.throttle`'s; here it runs inside the writing transaction."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence

from limen import throttle
from limen.clock import Instant
from limen.stores.sqlite import rows
from limen.throttle import Bucket, Limit, Wait

_BY_KEY = f"SELECT {rows.BUCKET} FROM limen_buckets WHERE key = ?"  # noqa: S608 - a constant of ours


def charge(db: sqlite3.Connection, charges: Sequence[tuple[str, Limit]], now: Instant) -> Wait | None:
    """Nothing is kept before every bucket has agreed."""
    charged: dict[str, Bucket] = {}
    for key, limit in charges:
        bucket = charged.get(key) or _bucket(db, key)
        verdict = throttle.charge(key, bucket, limit, now=now)
        if isinstance(verdict, Wait):
            return verdict
        charged[key] = verdict.bucket
    _keep(db, charged.values())
    return None


def settle(db: sqlite3.Connection, clear: Sequence[str], refund: Sequence[tuple[str, Limit]]) -> None:
    db.executemany("DELETE FROM limen_buckets WHERE key = ?", [(key,) for key in clear])
    for key, limit in refund:
        bucket = _bucket(db, key)
        if bucket is not None:
            _keep(db, [throttle.refunded(bucket, free=limit.free)])


def _bucket(db: sqlite3.Connection, key: str) -> Bucket | None:
    row = db.execute(_BY_KEY, (key,)).fetchone()
    return None if row is None else rows.bucket(row)


def _keep(db: sqlite3.Connection, buckets: Iterable[Bucket]) -> None:
    values = [(b.key, b.charges, b.opens, b.last, b.ends) for b in buckets]
    db.executemany("INSERT OR REPLACE INTO limen_buckets VALUES (?, ?, ?, ?, ?)", values)
