"""What stands in a token, as text that can be shown: capped, and with nothing in it that hides or turns."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from limen.clock import Instant, Seconds
from limen.errors import Rejected
from limen.jose import unverified

_MOST = 160
_IN_SECONDS = 600
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST, _LAST = -62_135_596_800, 253_402_300_799
NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Written:
    """Header and claims that anybody may have written; empty where they cannot be read."""

    size: int
    parts: int
    header: Mapping[str, Any] = field(repr=False)
    claims: Mapping[str, Any] = field(repr=False)


def read(token: str) -> Written:
    head, parts = token.partition(".")[0], token.count(".") + 1
    for text in (token, f"{head}.e30."):  # a header can be read where the rest cannot
        try:
            found = unverified.read(text)
        except Rejected:
            continue
        return Written(len(token), parts, found.header, found.claims)
    return Written(len(token), parts, {}, {})


def shown(value: object) -> str:
    """A value of a stranger as one short line; `nothing` for None."""
    if value is None:
        return NOTHING
    try:
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    except RecursionError:
        return "too deeply nested to be shown"
    plain = "".join(c if c.isprintable() else c.encode("unicode_escape", "replace").decode() for c in text)
    return plain if len(plain) <= _MOST else f"{plain[:_MOST]}… ({len(plain):,} characters)"


def moment(at: float) -> str:
    """RFC 3339 to the second, in UTC; the bare number where there is no such moment."""
    if not _FIRST <= at <= _LAST:
        return shown(at)
    return (_EPOCH + timedelta(seconds=int(at // 1))).strftime("%Y-%m-%dT%H:%M:%SZ")


def beside(at: object, now: Instant) -> str:
    """A moment that a token names and how far from ours it is; the value itself where it is none."""
    if isinstance(at, bool) or not isinstance(at, int | float) or not _FIRST <= at <= _LAST:
        return shown(at)
    return f"{moment(at)}, {ago(at - now)}"


def ago(seconds: Seconds) -> str:
    """`42 s ago`, `2 h 5 min ahead`."""
    return f"{_spelled(round(abs(seconds)))} {'ahead' if seconds > 0 else 'ago'}"


def _spelled(seconds: int) -> str:
    if seconds < _IN_SECONDS:
        return f"{seconds} s"
    said = []
    for unit, size in (("d", 86_400), ("h", 3_600), ("min", 60)):
        count, seconds = divmod(seconds, size)
        if count:
            said.append(f"{count:,} {unit}")
    return " ".join(said[:2])
