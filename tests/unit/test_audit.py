"""The audit log: one JSON object a line, whatever is put into it."""

from __future__ import annotations

import json

import pytest

from limen import audit
from limen.clock import Instant

WHO = {"account": "a", "session": "s", "source": "192.0.2.7"}


def test_a_line_says_who_what_whom_from_where(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", logger="limen.audit")
    audit.record("sign_in", at=Instant(1.23456), **WHO)
    audit.record("sign_in", at=Instant(2.0), result="denied")
    assert [json.loads(r.getMessage()) for r in caplog.records] == [
        {"event": "sign_in", "at": 1.235, "result": "ok", **WHO},
        {"event": "sign_in", "at": 2.0, "result": "denied"},
    ]


@pytest.mark.parametrize(
    "source",
    [
        'x\n{"event":"sign_in"}', "\r\n\u2028\u2029\x85", "\x1b[2J", '"},"event":"', "%s %d", "\ud800",
        "x" * 10_000,
    ],
)  # fmt: skip
def test_J12_nothing_that_is_put_in_makes_another_line_or_an_error(
    source: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", logger="limen.audit")
    audit.record("sign_in", at=Instant(0.0), source=source)
    (message,) = [record.getMessage() for record in caplog.records]
    assert len(message) < 600
    assert not [c for c in message if not 32 <= ord(c) < 127]
    line = json.loads(message)
    assert line["event"] == "sign_in"
    assert line["source"] == source[:64].encode("ascii", "backslashreplace").decode()
