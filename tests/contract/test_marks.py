"""Marks: whole numbers that only grow, and cutoffs that another engine raises."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from limen import ids
from limen.clock import Instant
from limen.ids import AccountID
from limen.stores.base import Store
from support.stores import NOW, Home, added, chance

pytestmark = pytest.mark.anyio


async def test_marks_only_grow_and_outlive_the_process(home: Home) -> None:
    store = home.open()
    await store.start()
    await store.raise_marks({"a": 3, "b": 2**53})
    await store.raise_marks({"a": 2, "c": 1})
    await asyncio.gather(*(store.raise_marks({"d": n, "a": n % 3}) for n in range(50)))
    await store.close()
    store = home.open()
    await store.start()
    marks = await store.marks()
    assert {name: marks[name] for name in "abcd"} == {"a": 3, "b": 2**53, "c": 1, "d": 49}
    await store.close()


async def test_a_cutoff_is_raised_and_never_lowered_and_no_event_is_made(store: Store) -> None:
    account = await added(store, cutoff=Instant(NOW - 5))
    await store.raise_cutoff(account.id, Instant(NOW - 9))
    assert await store.account(account.id) == account
    await store.raise_cutoff(account.id, NOW)
    assert await store.account(account.id) == replace(account, cutoff=NOW)
    await store.raise_cutoff(AccountID(ids.uuid7(NOW, chance)), NOW)
    assert (await store.read_feed(0, now=NOW)).position == 0
