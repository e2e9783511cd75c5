"""The list of accounts: newest first, by the beginning of the address, and the first administrator."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from limen.accounts import ADMIN_SCOPE, Among
from limen.clock import Instant
from limen.stores.base import Store
from support.stores import NOW, UNTIL, Home, added, make_account

pytestmark = pytest.mark.anyio


async def test_accounts_come_newest_first_page_by_page(store: Store) -> None:
    made = [await added(store, f"a{n}", at=NOW + n) for n in range(7)][::-1]
    assert await store.newest_accounts() == made
    assert await store.newest_accounts(limit=3) == made[:3]
    assert await store.newest_accounts(before=made[2].id, limit=3) == made[3:6]
    assert await store.newest_accounts(before=made[6].id) == []
    assert await store.count_accounts() == 7
    assert await store.count_accounts(most=5) == 5


async def test_few_among_many_are_listed_by_themselves(store: Store) -> None:
    plain = await added(store, "plain", at=NOW)
    admin = await added(store, "admin", at=NOW + 1, scopes=("a", ADMIN_SCOPE, "z"))
    both = await added(store, "both", at=NOW + 2, scopes=(ADMIN_SCOPE,), disabled=Instant(NOW + 3))
    near = await added(store, "near", at=NOW + 4, scopes=(f"{ADMIN_SCOPE}s", f"x{ADMIN_SCOPE}"))
    assert await store.newest_accounts(Among.ADMINISTRATORS) == [both, admin]
    assert await store.newest_accounts(Among.ADMINISTRATORS, before=both.id) == [admin]
    assert await store.newest_accounts(Among.DISABLED) == [both]
    assert await store.newest_accounts(Among.ALL) == [near, both, admin, plain]
    assert await store.count_accounts(Among.ADMINISTRATORS) == 2
    assert await store.count_accounts(Among.DISABLED) == 1
    await store.disable_account(plain.id, now=NOW, until=UNTIL)
    await store.enable_account(both.id)
    await store.set_scopes(admin.id, ("a",), upto=NOW, until=UNTIL, now=NOW)
    assert [a.id for a in await store.newest_accounts(Among.DISABLED)] == [plain.id]
    assert [a.id for a in await store.newest_accounts(Among.ADMINISTRATORS)] == [both.id]


async def test_accounts_are_found_by_how_their_key_begins(store: Store) -> None:
    names = ["ada", "adam", "adé", "bob", "ad%", "ad_", "ada.b"]
    made = {name: await added(store, name) for name in names}
    by_key = [made[name] for name in sorted(names, key=lambda name: made[name].key)]
    assert await store.accounts_beginning("") == by_key
    assert await store.accounts_beginning("ad") == [a for a in by_key if a.key.startswith("ad")]
    assert await store.accounts_beginning("ad%") == [made["ad%"]]
    assert await store.accounts_beginning("ad_") == [made["ad_"]]
    assert await store.accounts_beginning("adé") == [made["adé"]]
    assert await store.accounts_beginning("ada@example.org") == [made["ada"]]
    for strange in ("c", "AD", "\\", "'", "ad\0", "\ud800", "\U0010ffff"):
        assert await store.accounts_beginning(strange) == []
    first = await store.accounts_beginning("ad", limit=2)
    rest = await store.accounts_beginning("ad", after=first[-1].key)
    assert first + rest == [a for a in by_key if a.key.startswith("ad")]
    assert await store.accounts_beginning("bob", after="ada") == [made["bob"]]


async def test_A46_of_many_first_administrators_at_once_there_is_one(home: Home) -> None:
    """Four processes, four each: within one they may share a transaction, and between them nothing."""
    stores = [home.open() for _ in range(4)]
    for one in stores:
        await one.start()
    store = stores[0]
    plain = await added(store, "plain")
    many = [make_account(f"admin{n}", scopes=(ADMIN_SCOPE,)) for n in range(16)]
    answers = await asyncio.gather(
        *(stores[n % 4].add_first_administrator(account) for n, account in enumerate(many))
    )
    assert answers.count(True) == 1
    assert await store.newest_accounts(Among.ADMINISTRATORS) == [many[answers.index(True)]]
    assert await store.count_accounts() == 2
    late = make_account("late", scopes=(ADMIN_SCOPE,))
    assert not await store.add_first_administrator(late)
    assert await store.account(plain.id) == plain
    for one in stores:
        await one.close()


async def test_A46_a_disabled_administrator_is_one_and_a_taken_address_is_taken(store: Store) -> None:
    plain = await added(store, "plain")
    twin = replace(make_account("plain"), scopes=(ADMIN_SCOPE,))
    assert not await store.add_first_administrator(twin)
    assert await store.account_by_key(plain.key) == plain
    await added(store, "gone", scopes=(ADMIN_SCOPE,), disabled=NOW)
    assert not await store.add_first_administrator(make_account("new", scopes=(ADMIN_SCOPE,)))
