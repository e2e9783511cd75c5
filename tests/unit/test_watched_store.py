"""The store that counts: it passes everything on, and knows what became of it."""

from __future__ import annotations

import pytest

from limen.clock import Instant
from limen.counts import Counts
from limen.errors import Unavailable
from limen.stores.memory import MemoryStore
from limen.testing import TurnableClock
from limen.watched_store import watched

pytestmark = pytest.mark.anyio
NOW = Instant(1_800_000_000.0)


async def test_operations_are_counted_with_their_ending_and_their_time() -> None:
    store, counts = MemoryStore(), Counts(TurnableClock().monotonic)
    kept = watched(store, counts)
    await kept.start()
    assert (await kept.read_feed(0, now=NOW)).position == 0
    await kept.close()
    with pytest.raises(Unavailable):
        await kept.read_feed(0, now=NOW)
    assert counts.operations == {("read_feed", "ok"): 1, ("read_feed", "unavailable"): 1}
    assert counts.operating["read_feed"].count == 2


async def test_what_waits_or_opens_is_no_operation() -> None:
    store, counts = MemoryStore(), Counts(TurnableClock().monotonic)
    kept = watched(store, counts)
    await kept.start()
    await kept.wait(0, every=0.0, at_most=0.0)
    await kept.schema()
    assert not counts.operations


async def test_what_is_set_is_set_on_the_store_itself() -> None:
    store = MemoryStore()
    watched(store, Counts(TurnableClock().monotonic)).names_ended = True
    assert store.names_ended is True


async def test_an_operation_that_is_replaced_later_is_the_one_that_is_called(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    store, counts = MemoryStore(), Counts(TurnableClock().monotonic)
    kept = watched(store, counts)
    await kept.start()
    await kept.ping()

    async def fails() -> None:
        raise Unavailable("away")

    monkeypatch.setattr(store, "ping", fails)
    with pytest.raises(Unavailable):
        await kept.ping()
