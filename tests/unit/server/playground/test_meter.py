"""The meter before a store: it counts everything, attributes it, and passes it on unchanged."""

from __future__ import annotations

import asyncio

import pytest

from limen.clock import Instant
from limen.errors import Unavailable
from limen.server.playground.meter import READS, Metered, Switches, tally
from limen.stores.base import Store
from limen.stores.memory import MemoryStore

pytestmark = pytest.mark.anyio
NOW = Instant(0.0)


async def test_operations_are_passed_on_and_counted() -> None:
    metered = Metered(MemoryStore(), Switches())
    assert (await metered.ring()).version == 0
    await metered.read_feed(0, now=NOW)
    await metered.read_feed(0, now=NOW)
    assert metered.operations == {"ring": 1, "read_feed": 2}


async def test_to_wait_asks_nothing_and_an_operation_that_fails_asks() -> None:
    store, switches = MemoryStore(), Switches()
    metered = Metered(store, switches)
    await metered.wait(0, every=0.0, at_most=0.0)
    assert metered.operations == {}
    switches.store = True
    with tally() as asked, pytest.raises(Unavailable):
        await metered.ring()
    assert metered.operations == {"ring": 1}
    assert [(one.name, one.failed) for one in asked] == [("ring", True)]


async def test_whoever_made_the_store_starts_and_closes_it() -> None:
    store = MemoryStore()
    metered = Metered(store, Switches())
    await metered.close()
    assert (await store.ring()).version == 0
    await store.close()
    await metered.start()
    with pytest.raises(Unavailable):
        await metered.ring()


async def test_the_feed_is_cut_alone_and_the_store_with_the_feed() -> None:
    switches = Switches(feed=True)
    metered = Metered(MemoryStore(), switches)
    assert (await metered.ring()).version == 0
    with pytest.raises(Unavailable):
        await metered.read_feed(0, now=NOW)
    switches.feed, switches.store = False, True
    for asking in (metered.ring(), metered.read_feed(0, now=NOW)):
        with pytest.raises(Unavailable):
            await asking
    switches.store = False
    assert (await metered.read_feed(0, now=NOW)).position == 0


async def test_a_tally_is_one_requests_with_the_tasks_that_it_starts() -> None:
    metered = Metered(MemoryStore(), Switches())

    async def request(times: int) -> list[str]:
        with tally() as asked:
            for _ in range(times):
                await asyncio.ensure_future(metered.ring())
        return [one.name for one in asked]

    assert await asyncio.gather(request(1), request(3)) == [["ring"], ["ring"] * 3]
    await metered.ring()
    assert metered.operations == {"ring": 5}


def test_every_read_of_a_store_is_known_as_one() -> None:
    assert {name for name in READS if not hasattr(Store, name)} == set()
