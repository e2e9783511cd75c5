"""What Redis answers and is none of ours counts as absent, whatever it is made of."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from limen.clock import Instant
from limen.ids import AccountID, SessionID
from limen.sessions import Digest, Session, StrategyName
from limen.stores.redis import records

ID = "0198a0d2-0000-7000-8000-000000000000"
GOOD = {b"k": b"session", b"s": b"x", b"u": b"1", b"n": b"2", b"a": b"1", b"w": b"why"}


def entry(**changed: bytes) -> list[Any]:
    fields = GOOD | {name.encode(): value for name, value in changed.items()}
    return [b"7-0", [part for pair in fields.items() for part in pair]]


def test_an_event_is_read() -> None:
    found = records.event(entry())
    assert found is not None
    assert (found.position, found.subject, found.upto, found.until) == (7, "x", 1.0, 2.0)


@pytest.mark.parametrize(
    "raw",
    [
        [], [b"7-0"], [b"7-0", [b"k"]], [b"7-0", None], [b"x", entry()[1]], entry(k=b"nobody"), entry(u=b"x"),
        entry(u=b"nan"), entry(n=b"nan"), entry(n=b"inf"), entry(a=b"-inf"), entry(s=b"\xff"),
    ],
)  # fmt: skip
def test_what_is_no_event_counts_as_absent(raw: Any) -> None:
    """With `nan` nothing compares: such an event would cover nobody and stay for ever."""
    assert records.event(raw) is None


@pytest.mark.parametrize("moment", ["touched", "rotated", "created", "ends", "expires", "authenticated"])
@pytest.mark.parametrize("value", ["nan", "inf", "-inf"])
def test_a_session_with_what_is_no_moment_counts_as_absent(moment: str, value: str) -> None:
    at = Instant(1_800_000_000.0)
    good = Session(
        SessionID(ID), AccountID(ID), StrategyName.HYBRID, Digest(bytes(32)), 1, at, at, at, ("pwd",), (),
        at, at, at, "curl", "::1",
    )  # fmt: skip
    assert records.session(records.pack(good), 0) == good
    assert records.session(records.pack(replace(good, **{moment: Instant(float(value))})), 0) is None
