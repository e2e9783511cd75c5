"""The outbox: each letter is taken by one at a time, and none is lost."""

from __future__ import annotations

import asyncio
import itertools
from dataclasses import replace

import pytest

from limen.clock import Instant
from limen.letters import UNSENT_KEPT
from limen.stores.base import Store
from support.stores import NOW, Home, make_posted

pytestmark = pytest.mark.anyio
LEASE = 60.0


async def taken(store: Store, *, now: float = NOW, limit: int = 100) -> list[str]:
    return [p.id for p in await store.take_letters(now=Instant(now), lease=LEASE, limit=limit)]


async def test_a_letter_is_taken_once_for_the_time_of_its_lease(store: Store) -> None:
    letter = make_posted(sealed=bytes(range(256)))
    await store.post([letter])
    held = await store.take_letters(now=NOW, lease=LEASE)
    assert held == [replace(letter, due=NOW + LEASE, attempts=1)]
    assert await taken(store) == []
    assert await taken(store, now=NOW + LEASE - 0.5) == []
    again = await store.take_letters(now=Instant(NOW + LEASE), lease=LEASE)
    assert again == [replace(letter, due=NOW + 2 * LEASE, attempts=2)]


async def test_a_letter_that_was_sent_is_gone(store: Store) -> None:
    letter = make_posted()
    await store.post([letter])
    await taken(store)
    await store.letter_sent(letter.id)
    await store.letter_sent(letter.id)
    assert await store.letters_waiting() == 0
    assert await taken(store, now=NOW + LEASE) == []


async def test_a_letter_that_failed_comes_again_when_it_is_due(store: Store) -> None:
    letter = make_posted()
    await store.post([letter])
    await taken(store)
    await store.letter_failed(letter.id, attempts=1, due=Instant(NOW + 5))
    assert await taken(store, now=NOW + 4.5) == []
    assert await taken(store, now=NOW + 5) == [letter.id]


async def test_whoever_was_too_slow_does_not_shorten_the_lease_of_the_next(store: Store) -> None:
    letter = make_posted()
    await store.post([letter])
    await taken(store)
    await taken(store, now=NOW + LEASE)
    await store.letter_failed(letter.id, attempts=1, due=NOW)
    assert await taken(store, now=NOW + LEASE + 1) == []


async def test_those_that_are_due_longest_go_first_and_none_before_its_time(store: Store) -> None:
    letters = [make_posted(due=Instant(NOW - n)) for n in range(5)]
    await store.post([*letters, make_posted(due=Instant(NOW + 1))])
    assert await taken(store, limit=2) == sorted(p.id for p in letters[3:])
    assert await taken(store) == sorted(p.id for p in letters[:3])


async def test_many_that_take_at_once_take_each_letter_once(store: Store) -> None:
    letters = [make_posted() for _ in range(30)]
    await store.post(letters)
    answers = await asyncio.gather(*(taken(store, limit=7) for _ in range(8)))
    assert sorted(itertools.chain(*answers)) == sorted(p.id for p in letters)


async def test_two_stores_over_the_same_data_share_the_letters(home: Home) -> None:
    one, two = home.open(), home.open()
    await one.start()
    await two.start()
    letters = [make_posted() for _ in range(20)]
    await one.post(letters)
    answers = await asyncio.gather(*(taken(store, limit=3) for store in (one, two) * 5))
    assert sorted(itertools.chain(*answers)) == sorted(p.id for p in letters)
    await one.close()
    if one is not two:
        await two.close()


async def test_a_letter_outlives_the_store_that_took_it(home: Home) -> None:
    store = home.open()
    await store.start()
    letter = make_posted()
    await store.post([letter])
    await taken(store)
    await store.close()
    store = home.open()
    await store.start()
    assert await taken(store, now=NOW + LEASE) == [letter.id]
    await store.close()


async def test_letters_past_their_end_are_swept(store: Store) -> None:
    await store.post([make_posted(ends=Instant(NOW + n)) for n in range(1, 6)])
    await store.sweep_recovery(now=Instant(NOW + 3))
    assert await store.letters_waiting() == 5  # somebody may have to say that they were not sent
    for remaining in (3, 2, 2):
        await store.sweep_recovery(now=Instant(NOW + 3 + UNSENT_KEPT), limit=2)
        assert await store.letters_waiting() == remaining
