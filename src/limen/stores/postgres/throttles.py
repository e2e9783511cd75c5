"""Throttle buckets in PostgreSQL. The rule is `limen.throttle`'s; here it runs between a lock and a write.

What has gathered in one process is one transaction: all its buckets are locked in the order of their keys, by
every process alike, so nobody waits for somebody who waits for him. A bucket that is not there cannot be
locked: whoever makes it second finds that out when writing, and looks again.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from limen import throttle
from limen.clock import Instant
from limen.stores.postgres import rows
from limen.stores.postgres.faults import Crowded
from limen.stores.postgres.step import Step
from limen.stores.postgres.writer import Write
from limen.throttle import Bucket, Limit, Wait

_LOCK = f"SELECT {rows.BUCKET} FROM limen_buckets WHERE key = ANY($1::text[]) ORDER BY key FOR UPDATE"  # noqa: S608
_VALUES = "unnest($1::text[], $2::float8[], $3::float8[], $4::float8[], $5::float8[])"
_CHANGE = (
    "UPDATE limen_buckets AS b SET charges = n.charges, opens = n.opens, last = n.last, ends = n.ends "  # noqa: S608
    f"FROM {_VALUES} AS n (key, charges, opens, last, ends) WHERE b.key = n.key"
)
_MAKE = f"INSERT INTO limen_buckets ({rows.BUCKET}) SELECT * FROM {_VALUES} ON CONFLICT DO NOTHING"  # noqa: S608
_FORGET = "DELETE FROM limen_buckets WHERE key = ANY($1::text[])"


class Buckets:
    """The buckets that one transaction holds, as they are and as they will be."""

    def __init__(self, found: Sequence[Bucket], there: set[str]) -> None:
        self._there = there
        self._buckets: dict[str, Bucket | None] = {bucket.key: bucket for bucket in found}
        self._touched: set[str] = set()

    def charge(self, charges: Sequence[tuple[str, Limit]], now: Instant) -> Wait | None:
        """Nothing is kept before every bucket has agreed."""
        charged: dict[str, Bucket] = {}
        for key, limit in charges:
            bucket = charged.get(key) or self._buckets.get(key)
            verdict = throttle.charge(key, bucket, limit, now=now)
            if isinstance(verdict, Wait):
                return verdict
            charged[key] = verdict.bucket
        for key, bucket in charged.items():
            self._put(key, bucket)
        return None

    def settle(self, clear: Sequence[str], refund: Sequence[tuple[str, Limit]]) -> None:
        for key in clear:
            self._put(key, None)
        for key, limit in refund:
            bucket = self._buckets.get(key)
            if bucket is not None:
                self._put(key, throttle.refunded(bucket, free=limit.free))

    async def keep(self, step: Step) -> None:
        """Write what was touched, in the order of the keys; Crowded where somebody made one meanwhile."""
        kept = {key: self._buckets[key] for key in sorted(self._touched)}
        old = [bucket for key, bucket in kept.items() if bucket is not None and key in self._there]
        new = [bucket for key, bucket in kept.items() if bucket is not None and key not in self._there]
        gone = [key for key, bucket in kept.items() if bucket is None and key in self._there]
        if old:
            await step.change(_CHANGE, *_columns(old))
        if gone:
            await step.change(_FORGET, gone)
        if new and await step.change(_MAKE, *_columns(new)) < len(new):
            raise Crowded

    def _put(self, key: str, bucket: Bucket | None) -> None:
        self._buckets[key] = bucket
        self._touched.add(key)


async def perform(step: Step, group: Sequence[Write]) -> list[Any]:
    """Charge and settle for a whole group; its operations are `charge` and `settle` below."""
    keys = sorted({key for write in group for key in write.arguments[-1]})
    found = await step.rows(_LOCK, keys)
    buckets = Buckets(rows.readable(rows.bucket, map(tuple, found)), {row[0] for row in found})
    answers = [await write.operation(buckets, *write.arguments) for write in group]
    await buckets.keep(step)
    return answers


async def charge(
    buckets: Buckets, charges: Sequence[tuple[str, Limit]], now: Instant, keys: frozenset[str]
) -> Wait | None:
    """An operation: `keys` are those of `charges`."""
    return buckets.charge(charges, now)


async def settle(
    buckets: Buckets, clear: Sequence[str], refund: Sequence[tuple[str, Limit]], keys: frozenset[str]
) -> None:
    """An operation: `keys` are those of `clear` and `refund`."""
    buckets.settle(clear, refund)


def _columns(buckets: Sequence[Bucket]) -> list[list[Any]]:
    values = [(b.key, b.charges, b.opens, b.last, b.ends) for b in buckets]
    return [list(column) for column in zip(*values, strict=True)]
