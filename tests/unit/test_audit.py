"""The audit log: one JSON object a line, whatever is put into it; and which entries are wanted."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from limen import audit
from limen.audit import Entry, EntryID, Wanted
from limen.clock import Instant
from limen.ids import AccountID, SessionID

ENTRY = Entry(
    EntryID("i"), Instant(1.23456), "sign_in", "ok", "a", AccountID("a"), SessionID("s"), "192.0.2.7", "pwd"
)


def test_a_line_says_who_what_whom_from_where() -> None:
    assert json.loads(audit.line(ENTRY)) == {
        "id": "i", "at": 1.235, "event": "sign_in", "result": "ok", "actor": "a", "account": "a",
        "session": "s", "source": "192.0.2.7", "detail": "pwd",
    }  # fmt: skip
    bare = Entry(EntryID("i"), Instant(2.0), "sign_in", "denied")
    assert json.loads(audit.line(bare)) == {"id": "i", "at": 2.0, "event": "sign_in", "result": "denied"}


@pytest.mark.parametrize(
    "text",
    [
        'x\n{"event":"sign_in"}', "\r\n\u2028\u2029\x85", "\x1b[2J", '"},"event":"', "%s %d", "\ud800",
        "x" * 10_000, "\x00\x7f",
    ],
)  # fmt: skip
def test_J12_nothing_that_is_put_in_makes_another_line_or_cannot_be_kept(text: str) -> None:
    cleaned = audit.clean(text, most=64)
    assert all(" " <= c <= "~" for c in cleaned)
    assert len(cleaned) <= 64 * 10
    written = audit.line(replace(ENTRY, source=cleaned))
    assert all(" " <= c <= "~" for c in written)
    assert json.loads(written)["event"] == "sign_in"
    assert json.loads(written)["source"] == cleaned


def test_clean_text_stays_as_it_is() -> None:
    for text in ("", "192.0.2.7", "2001:db8::1%eth0", "read write"):
        assert audit.clean(text, most=64) == text


def test_who_did_something_to_another_is_told_apart() -> None:
    assert not ENTRY.by_another
    assert not replace(ENTRY, actor="").by_another
    assert not replace(ENTRY, actor=audit.SYSTEM, account=None).by_another
    for actor in ("b", audit.OPERATOR, f"{audit.CLIENT}shop"):
        assert replace(ENTRY, actor=actor).by_another
    assert replace(ENTRY, account=None).by_another, "the keys are nobody's own"


@pytest.mark.parametrize(
    ("wanted", "fits"),
    [
        (Wanted(), True),
        (Wanted(event="sign_in", result="ok", actor="a", account=AccountID("a"), source="192.0.2.7"), True),
        (Wanted(event="sign_out"), False),
        (Wanted(result="denied"), False),
        (Wanted(actor="b"), False),
        (Wanted(account=AccountID("b")), False),
        (Wanted(source="192.0.2.8"), False),
    ],
)
def test_everything_that_is_given_must_fit(wanted: Wanted, fits: bool) -> None:
    assert wanted.fits(ENTRY) is fits
