"""The key ring as stored: replaced as a whole, by whoever read the version that is there."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from limen.clock import Instant
from limen.jose.jwk import Algorithm
from limen.keys import KeyState, StoredKey, StoredRing
from limen.revocations import Kind, Revocation
from limen.stores.base import Store
from support.stores import NOW, UNTIL, Home

pytestmark = pytest.mark.anyio


def key(kid: str, state: KeyState = KeyState.NEXT, *, at: float = NOW) -> StoredKey:
    return StoredKey(kid, Algorithm.ES256, state, b"sealed \x00 " + kid.encode(), Instant(at), Instant(at))


async def test_a_new_store_has_no_ring(store: Store) -> None:
    assert await store.ring() == StoredRing((), 0)


async def test_a_ring_is_read_as_it_was_replaced_oldest_first(home: Home) -> None:
    store = home.open()
    await store.start()
    first = (key("b", KeyState.ACTIVE), key("a"))
    assert await store.replace_ring(first, version=0) == 1
    assert await store.ring() == StoredRing(first, 1)
    old, moved = key("c", at=NOW - 9), replace(first[0], state=KeyState.RETIRING, since=Instant(NOW + 0.1))
    assert await store.replace_ring([moved, first[1], old], version=1) == 2
    await store.close()
    store = home.open()
    await store.start()
    assert await store.ring() == StoredRing((old, moved, first[1]), 2)
    await store.close()


async def test_of_many_that_replace_one_version_one_wins(store: Store) -> None:
    answers = await asyncio.gather(*(store.replace_ring([key(f"k{n}")], version=0) for n in range(16)))
    assert answers.count(1) == 1
    assert answers.count(None) == 15
    assert await store.ring() == StoredRing((key(f"k{answers.index(1)}"),), 1)


async def test_a_reader_of_the_feed_sees_that_the_ring_is_another(store: Store) -> None:
    assert (await store.read_feed(0, now=NOW)).ring == 0
    await store.replace_ring([key("a")], version=0)
    assert (await store.read_feed(0, now=NOW)).ring == 1


async def test_a_compromise_and_its_event_are_one_step(store: Store) -> None:
    event = Revocation(Kind.KEY, "a", NOW, UNTIL, NOW, "compromised")
    assert await store.replace_ring([key("a")], version=7, revocation=event) is None
    assert (await store.read_feed(0, now=NOW)).position == 0
    assert await store.replace_ring([key("a")], version=0, revocation=event) == 1
    assert (await store.read_feed(0, now=NOW)).revocations == (replace(event, position=1),)


async def test_a_key_id_is_never_taken_away(store: Store) -> None:
    ring = (key("a"), key("b"))
    await store.replace_ring(ring, version=0)
    with pytest.raises(ValueError, match="never taken away"):
        await store.replace_ring([key("b")], version=1)
    assert await store.ring() == StoredRing(ring, 1)
    assert (await store.read_feed(0, now=NOW)).ring == 1
