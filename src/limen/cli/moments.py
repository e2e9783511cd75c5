"""Moments as the answers say them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from limen.clock import Instant

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST, _LAST = -62_135_596_800, 253_402_300_799
"""The years 1 and 9999: what RFC 3339 can write."""


def moment(at: Instant | float | None) -> str | None:
    """RFC 3339 to the second, in UTC, as over HTTP; None where there is no such moment."""
    if at is None or not _FIRST <= at <= _LAST:
        return None
    return (_EPOCH + timedelta(seconds=int(at // 1))).strftime("%Y-%m-%dT%H:%M:%SZ")


def finer(at: Instant | None) -> str | None:
    """The same to the millisecond, where an id carries it."""
    if at is None or not _FIRST <= at <= _LAST:
        return None
    return (_EPOCH + timedelta(milliseconds=round(at * 1000))).isoformat(timespec="milliseconds")[:-6] + "Z"
