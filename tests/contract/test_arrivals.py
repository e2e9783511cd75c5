"""Many accounts at once: all in one step, and what is taken stays as it is."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from limen.clock import Instant
from limen.errors import Rejected
from limen.ids import AccountID
from limen.stores.base import Store
from support.stores import NOW, added, make_account

pytestmark = pytest.mark.anyio

WIDE = 500


async def test_many_are_kept_whole_and_named(store: Store) -> None:
    many = [
        make_account("ada", password=None, scopes=(), verified=Instant(NOW - 5), name="Ada ☕"),
        make_account("bob", disabled=Instant(NOW)),
        replace(make_account("eve"), id=AccountID("3f2b0f0e-6a3d-4c55-9d7a-0d2f6a7c1b11")),
    ]
    assert await store.add_accounts(many) == {account.id for account in many}
    assert [await store.account(account.id) for account in many] == many
    assert await store.add_accounts([]) == frozenset()


async def test_what_is_taken_stays_as_it_is_and_the_others_come(store: Store) -> None:
    ada = await added(store)
    same_key = make_account("ada", password="another")
    same_id = replace(make_account("bob"), id=ada.id)
    fresh = make_account("eve")
    assert await store.add_accounts([same_key, same_id, fresh]) == {fresh.id}
    assert await store.account(ada.id) == ada
    assert {account.id for account in await store.accounts()} == {ada.id, fresh.id}


async def test_of_two_that_share_a_key_or_an_id_one_is_kept(store: Store) -> None:
    first, second = make_account("ada"), make_account("ada", password="another")
    third = make_account("bob")
    kept = await store.add_accounts([first, second, third, replace(make_account("eve"), id=third.id)])
    assert len(kept) == 2
    assert len(await store.accounts()) == 2


async def test_many_that_come_twice_at_once_come_once(store: Store) -> None:
    many = [make_account(f"p{n}") for n in range(WIDE)]
    again = [replace(make_account(f"p{n}"), password="another") for n in reversed(range(WIDE))]
    first, second = await asyncio.gather(store.add_accounts(many), store.add_accounts(again))
    assert len(first) + len(second) == WIDE
    assert {account.id for account in await store.accounts(limit=1_000)} == first | second


async def test_one_that_cannot_be_kept_lets_none_of_them_in(store: Store) -> None:
    for bad in (
        make_account("b\0b"),
        make_account("eve", name="\ud800"),
        make_account("mal", scopes=("a b",)),
    ):
        with pytest.raises(Rejected):
            await store.add_accounts([make_account("ada"), bad])
    assert await store.accounts() == []


async def test_what_is_taken_is_named_by_id_and_by_key(store: Store) -> None:
    ada, bob = await added(store, "ada"), await added(store, "bob")
    await added(store, "eve")
    assert await store.taken(keys=["ada@example.org", "nobody@example.org", "n\0l"]) == [(ada.id, ada.key)]
    found = await store.taken(keys=[ada.key], ids=[bob.id, ada.id, make_account("x").id])
    assert sorted(found) == sorted([(ada.id, ada.key), (bob.id, bob.key)])
    assert await store.taken(keys=[], ids=[]) == []
