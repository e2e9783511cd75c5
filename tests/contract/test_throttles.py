"""Throttles: charged before anything is looked at, all buckets or none."""

from __future__ import annotations

import asyncio

import pytest

from limen.clock import Instant
from limen.stores.base import Store
from limen.throttle import Limit, Wait
from support.stores import NOW, Home

pytestmark = pytest.mark.anyio

LIMIT = Limit(free=10)


async def allowed(store: Store, key: str, limit: Limit, *, now: float = NOW, tries: int = 50) -> int:
    """How many charges in a row go through."""
    count = 0
    while count < tries and await store.charge([(key, limit)], now=Instant(now)) is None:
        count += 1
    return count


async def test_a_bucket_lets_through_what_is_free_and_then_one_after_each_wait(store: Store) -> None:
    """The last free charge shuts the door behind it; each one after a wait doubles the next wait."""
    assert await allowed(store, "a", LIMIT) == 10
    assert await store.charge([("a", LIMIT)], now=NOW) == Wait("a", 1.0)
    assert await allowed(store, "a", LIMIT, now=NOW + 1) == 1
    assert await store.charge([("a", LIMIT)], now=NOW + 1) == Wait("a", 2.0)


async def test_A08_of_200_parallel_guesses_at_a_limit_of_10_ten_are_evaluated(store: Store) -> None:
    strict = Limit(free=10, cap=10)
    answers = await asyncio.gather(*(store.charge([("a", strict)], now=NOW) for _ in range(200)))
    assert answers.count(None) == 10
    assert all(answer == Wait("a", strict.longest, shut=True) for answer in answers if answer is not None)


async def test_all_buckets_are_charged_or_none(store: Store) -> None:
    narrow = Limit(free=1)
    assert await allowed(store, "narrow", narrow) == 1
    for _ in range(20):
        answer = await store.charge([("wide", LIMIT), ("narrow", narrow)], now=NOW)
        assert answer == Wait("narrow", 1.0)
    assert await allowed(store, "wide", LIMIT) == 10


async def test_a_key_named_twice_is_charged_twice(store: Store) -> None:
    assert await store.charge([("a", LIMIT)] * 9, now=NOW) is None
    assert await allowed(store, "a", LIMIT) == 1


async def test_A06_success_clears_one_bucket_and_gives_others_one_charge_back(store: Store) -> None:
    for _ in range(9):
        assert await store.charge([("account", LIMIT), ("source", LIMIT)], now=NOW) is None
    await store.settle(clear=["account"], refund=[("source", LIMIT)])
    assert await allowed(store, "account", LIMIT) == 10
    assert await allowed(store, "source", LIMIT) == 2


async def test_what_is_not_there_is_not_settled(store: Store) -> None:
    await store.settle(clear=["a"], refund=[("b", LIMIT)])
    await store.settle()
    assert await allowed(store, "b", LIMIT) == 10


async def test_a_bucket_drains(store: Store) -> None:
    draining = Limit(free=2, drain=10)
    assert await allowed(store, "a", draining) == 2
    assert await allowed(store, "a", draining, now=NOW + 30) == 2


async def test_a_clock_that_went_back_frees_nobody(store: Store) -> None:
    assert await allowed(store, "a", LIMIT) == 10
    assert await allowed(store, "a", LIMIT, now=NOW - 3_600) == 0


async def test_buckets_outlive_the_process_until_they_are_swept(home: Home) -> None:
    store = home.open()
    await store.start()
    assert await allowed(store, "a", LIMIT) == 10
    await store.close()
    store = home.open()
    await store.start()
    assert await allowed(store, "a", LIMIT) == 0
    assert await store.sweep(now=Instant(NOW + LIMIT.keep - 1)) == 0
    assert await store.sweep(now=Instant(NOW + LIMIT.keep)) == 1
    assert await allowed(store, "a", LIMIT) == 10
    await store.close()
