"""The log: numbers that grow, an end to what it keeps, and what an operation of a store is."""

from __future__ import annotations

import pytest

from limen.errors import Unavailable
from limen.server.playground.log import LOG_MAX, Log, reads, together
from limen.server.playground.meter import READS, Asking, Metered, Switches
from limen.stores.base import Store
from limen.stores.memory import MemoryStore
from limen.testing import TurnableClock

pytestmark = pytest.mark.anyio
WRITES = {"charge", "settle", "open_session", "rotate", "touch", "revoke_session", "revoke_account", "revoke"}


def test_marks_are_told_from_a_number_on() -> None:
    clock = TurnableClock()
    log = Log(clock)
    log.mark("store", "cut")
    clock.turn(2.5)
    log.mark("steal", lane="jwt")
    first, second = log.after(0)[0]
    assert (first.number, first.what, first.at, first.lane) == (1, "store", 0.0, "")
    assert (second.number, second.at, second.lane) == (2, 2.5, "jwt")
    assert log.after(1) == ([second], False)
    assert log.after(2) == ([], False)


def test_it_keeps_the_latest_and_says_when_some_are_gone() -> None:
    log = Log(TurnableClock())
    for _ in range(LOG_MAX + 3):
        log.mark("wait")
    found, missed = log.after(0)
    assert (len(found), found[0].number, missed) == (LOG_MAX, 4, True)
    assert not log.after(3)[1]
    log.clear()
    log.mark("again")
    assert [entry.number for entry in log.after(0)[0]] == [LOG_MAX + 4]
    assert not log.after(0)[1]


def test_operations_of_one_name_are_one_line_and_only_reads_are_reads() -> None:
    told = together(
        [Asking("session", 1e-6, False), Asking("read_feed", 2e-6, True), Asking("session", 3e-6, True)]
    )
    assert [(one.name, one.kind, one.count, one.micros, one.failed) for one in told] == [
        ("session", "read", 2, 4.0, 1),
        ("read_feed", "feed", 1, 2.0, 1),
    ]
    assert reads(told) == 2
    for name in WRITES:
        assert hasattr(Store, name)
        assert together([Asking(name, 0.0, False)])[0].kind == "write"
    assert not WRITES & READS


async def test_what_an_operator_does_is_kept_whatever_comes_of_it() -> None:
    log = Log(TurnableClock())
    metered = Metered(MemoryStore(), Switches(store=True))
    with log.operator("jwt", "role") as note:
        try:
            await metered.ring()
        except Unavailable as error:
            note.failed(error)
    (entry,) = log.after(0)[0]
    assert (entry.who, entry.lane, entry.what, entry.status, entry.code) == (
        "operator",
        "jwt",
        "role",
        503,
        "unavailable",
    )
    assert entry.reads == 1
    assert entry.sent is None
