"""Keeping the audit log: a line at once, a row soon, and no error where the store is away."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from limen import audit_log
from limen.audit import SYSTEM, Wanted
from limen.audit_log import AuditLog
from limen.stores.base import Store
from limen.stores.memory import MemoryStore
from limen.testing import TurnableClock
from support.stores import chance, make_account, sqlite_home

pytestmark = pytest.mark.anyio

ADA = make_account().id


@asynccontextmanager
async def kept_in(store: Store, *, keep: bool = True) -> AsyncIterator[tuple[AuditLog, TurnableClock]]:
    clock = TurnableClock()
    await store.start()
    log = AuditLog(store, clock, chance, keep=keep, pauses=(0.001,), patience=0.05)
    yield log, clock
    await log.close()
    await store.close()


def lines(caplog: pytest.LogCaptureFixture) -> list[dict[str, object]]:
    return [json.loads(r.getMessage()) for r in caplog.records if r.name == "limen.audit"]


async def test_an_entry_is_a_line_at_once_and_a_row_soon(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", logger="limen.audit")
    store = MemoryStore()
    async with kept_in(store) as (log, clock):
        entry = log.note("sign_in", account=ADA, source="192.0.2.7\n")
        assert (entry.actor, entry.at, entry.source) == (ADA, clock.now(), "192.0.2.7\\x0a")
        assert [line["id"] for line in lines(caplog)] == [entry.id]
        assert await store.entries(Wanted()) == []
        await log.kept(entry)
        assert await store.entries(Wanted()) == [entry]


async def test_entries_of_one_moment_keep_their_order() -> None:
    store = MemoryStore()
    async with kept_in(store) as (log, clock):
        made = []
        for n in range(300):
            made.append(log.note("sign_in", account=ADA, detail=str(n)))
            if n == 100:
                clock.jump(-5)
            if n == 200:
                clock.turn(10)
        await log.kept(made[-1])
        found = await store.entries(Wanted(), limit=300)
        numbers = [int(entry.detail) for entry in reversed(found)]
        assert numbers == [*range(101, 201), *range(101), *range(201, 300)]


async def test_it_tells_when_all_is_kept_that_was_noted_and_when_it_is_not() -> None:
    store = MemoryStore()
    async with kept_in(store) as (log, _):
        assert await log.settled()
        log.note("sign_in", account=ADA)
        assert await log.settled()
        assert len(await store.entries(Wanted())) == 1
        await store.close()
        log.note("sign_in", account=ADA)
        assert not await log.settled()


async def test_what_was_noted_before_the_end_is_kept() -> None:
    store = MemoryStore()
    async with kept_in(store) as (log, _):
        for _ in range(1_200):
            log.note("sign_in", account=ADA)
    await store.start()
    assert len(await store.entries(Wanted(), limit=2_000)) == 1_200


async def test_a_store_that_is_away_makes_no_error_and_gets_everything_later(
    caplog: pytest.LogCaptureFixture,
) -> None:
    store = MemoryStore()
    async with kept_in(store) as (log, _):
        await store.close()
        made = [log.note("sign_in", account=ADA) for _ in range(3)]
        await log.kept(made[-1])
        said = [r.getMessage() for r in caplog.records if r.levelname == "ERROR"]
        assert said == [
            "the audit log has no store and waits in memory: store_closed",
            f"no table has it yet that {ADA} did this: sign_in",
        ]
        await store.start()
        await log.kept(made[-1])
        assert await store.entries(Wanted()) == made[::-1]


async def test_what_finds_no_room_is_counted_and_the_count_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit_log, "QUEUE_MAX", 5)
    store = MemoryStore()
    async with kept_in(store) as (log, _):
        await store.close()
        for _ in range(12):
            log.note("sign_in", account=ADA)
        await store.start()
        entry = log.note("sign_out", account=ADA)
        await log.kept(entry)
        await log.kept(entry)  # the word about the gap was put in meanwhile
        found = await store.entries(Wanted(event="audit_gap"))
        assert [(e.result, e.actor, e.detail) for e in found] == [("lost", SYSTEM, "8")]
        assert len(await store.entries(Wanted(event="sign_in"))) == 5


async def test_a_store_that_stays_away_holds_up_no_end(caplog: pytest.LogCaptureFixture) -> None:
    store = MemoryStore()
    async with kept_in(store) as (log, _):
        await store.close()
        log.note("sign_in", account=ADA)
        log.note("sign_in", account=ADA)
    assert caplog.records[-1].getMessage() == "2 entries of the audit log have a line and no row"


async def test_an_entry_that_can_never_be_kept_is_in_nobodys_way(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    store = sqlite_home(tmp_path).open()
    async with kept_in(store) as (log, _):
        first = log.note("sign_in", account=ADA)
        log.note("sign_in", account="not an id")
        last = log.note("sign_out", account=ADA)
        await log.kept(last)
        assert await store.entries(Wanted()) == [last, first]
    assert "an entry of the audit log cannot be kept" in [r.getMessage() for r in caplog.records]


async def test_what_others_can_repeat_at_will_is_kept_once_a_minute(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", logger="limen.audit")
    store = MemoryStore()
    async with kept_in(store) as (log, clock):
        for _ in range(3):
            for source in ("192.0.2.7", "192.0.2.8"):
                log.note("sign_in", result="throttled", source=source)
            log.note("refresh", account=ADA)
            log.note("refresh", result="denied", actor="", session=ADA)
            log.note("sign_in", result="denied", actor="")
            clock.turn(25)
        clock.turn(60)
        await log.kept(log.note("sign_in", result="throttled", source="192.0.2.7"))
        found = await store.entries(Wanted())
        assert len(lines(caplog)) == 16
        assert [e.source for e in found if e.result == "throttled"] == ["192.0.2.7", "192.0.2.8", "192.0.2.7"]
        assert [(e.event, e.result) for e in found].count(("refresh", "denied")) == 1
        assert [(e.event, e.result) for e in found].count(("sign_in", "denied")) == 3
        assert ("refresh", "ok") not in [(e.event, e.result) for e in found]


async def test_of_whom_is_remembered_there_are_never_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit_log, "_REMEMBERED", 2)
    store = MemoryStore()
    async with kept_in(store) as (log, _):
        for source in ("a", "b", "c", "a"):
            entry = log.note("sign_in", result="throttled", source=source)
        await log.kept(entry)
        assert len(await store.entries(Wanted())) == 4


async def test_without_rows_there_are_lines(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", logger="limen.audit")
    store = MemoryStore()
    async with kept_in(store, keep=False) as (log, _):
        await log.kept(log.note("sign_in", account=ADA))
        assert await store.entries(Wanted()) == []
    assert len(lines(caplog)) == 1
