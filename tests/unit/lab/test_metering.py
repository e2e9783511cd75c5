"""The meter counts what reaches a store, and lets through what it should."""

from __future__ import annotations

from typing import Any

import pytest

from limen.clock import Instant
from limen.errors import Unavailable
from limen.ids import AccountID, SessionID
from limen.lab.metering import Metered
from limen.revocations import Kind, Revocation
from limen.stores.memory import MemoryStore
from limen.testing import TurnableClock

pytestmark = pytest.mark.anyio
NOW = Instant(1_800_000_000.0)


def metered(clock: TurnableClock | None = None, **options: Any) -> Metered:
    async def pause(seconds: float) -> None:
        paused.append(seconds)

    paused: list[float] = []
    made = Metered(MemoryStore(), clock or TurnableClock(), pause=pause, **options)
    made.__dict__["paused"] = paused
    return made


async def test_every_operation_is_counted_by_its_name() -> None:
    store = metered()
    await store.start()
    await store.session(SessionID("x"))
    await store.session(SessionID("x"))
    await store.account(AccountID("x"))
    assert store.operations == {"session": 2, "account": 1}


async def test_the_distance_is_added_before_each_operation() -> None:
    store = metered(rtt=0.0005)
    await store.start()
    await store.session(SessionID("x"))
    assert store.paused == [0.0005]


async def test_a_store_that_is_cut_off_answers_nothing_and_a_cut_feed_only_no_feed() -> None:
    store = metered()
    await store.start()
    store.cut = frozenset({"feed"})
    assert await store.session(SessionID("x")) is None
    with pytest.raises(Unavailable):
        await store.read_feed(0, now=NOW)
    store.cut = frozenset({"store"})
    with pytest.raises(Unavailable):
        await store.session(SessionID("x"))
    store.cut = frozenset()
    assert (await store.read_feed(0, now=NOW)).position == 0


async def test_a_planted_second_read_is_a_second_read() -> None:
    store = metered(again=1)
    await store.start()
    await store.session(SessionID("x"))
    assert store.operations == {"session": 2}


async def test_a_planted_delay_of_the_feed_hides_an_event_for_so_long_and_loses_none() -> None:
    clock = TurnableClock()
    store = metered(clock, late=1.0)
    await store.start()
    event = Revocation(Kind.SESSION, "s", NOW, Instant(NOW + 900), NOW, "test")
    await store.revoke(event)
    assert (await store.read_feed(0, now=NOW)).revocations == ()
    clock.turn(1.0)
    assert [one.subject for one in (await store.read_feed(0, now=NOW)).revocations] == ["s"]
