"""Accounts: what every store answers and keeps."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from limen import ids
from limen.clock import Instant
from limen.ids import AccountID
from limen.revocations import Kind, Revocation
from limen.stores.base import Cut, NoAccount, Store
from support.stores import NOW, UNTIL, added, chance, make_account, make_session, opened

pytestmark = pytest.mark.anyio


async def test_an_account_is_found_by_id_and_by_key(store: Store) -> None:
    account = await added(store, disabled=Instant(NOW + 0.1), cutoff=Instant(NOW - 0.3))
    assert await store.account(account.id) == account
    assert await store.account_by_key(account.key) == account
    assert await store.account_by_key(account.email) is None
    assert await store.account(AccountID(ids.uuid7(NOW, chance))) is None


async def test_an_account_without_a_password_or_scopes_stays_so(store: Store) -> None:
    account = await added(store, password=None, scopes=())
    assert await store.account(account.id) == account


async def test_an_account_keeps_when_its_address_was_proven_and_its_name(store: Store) -> None:
    account = await added(store, verified=Instant(NOW + 0.25), name="Ada, Countess of Lovelace ☕")
    assert await store.account(account.id) == account
    assert await store.set_name(account.id, "")
    assert await store.account(account.id) == replace(account, name="")
    assert not await store.set_name(AccountID(ids.uuid7(NOW, chance)), "Eve")


async def test_an_id_or_a_key_that_is_taken_changes_nothing(store: Store) -> None:
    first = await added(store)
    assert not await store.add_account(make_account("ada"))
    assert not await store.add_account(replace(make_account("bob"), id=first.id))
    assert await store.accounts() == [first]
    assert await store.account_by_key("bob@example.org") is None


async def test_of_many_that_add_one_key_one_succeeds(store: Store) -> None:
    answers = await asyncio.gather(*(store.add_account(make_account("ada")) for _ in range(32)))
    assert answers.count(True) == 1
    assert len(await store.accounts()) == 1


async def test_accounts_come_in_pages_oldest_first(store: Store) -> None:
    made = [await added(store, f"p{n}", at=NOW - n) for n in range(7)]
    made.reverse()
    assert await store.accounts(limit=3) == made[:3]
    assert await store.accounts(after=made[2].id, limit=3) == made[3:6]
    assert await store.accounts(after=made[6].id) == []


async def test_a_hash_is_upgraded_only_in_place_of_the_one_that_was_read(store: Store) -> None:
    account = await added(store)
    session = await opened(store, account)
    assert await store.upgrade_password(account.id, spent="hash of ada", fresh="better")
    assert not await store.upgrade_password(account.id, spent="hash of ada", fresh="worse")
    found = await store.account(account.id)
    assert found == replace(account, password="better")
    assert await store.session(session.id) == session
    nobody = AccountID(ids.uuid7(NOW, chance))
    assert not await store.upgrade_password(nobody, spent="hash of ada", fresh="better")


async def test_a_changed_password_ends_all_sessions_in_the_same_step(store: Store) -> None:
    account = await added(store)
    session = await opened(store, account)
    event = await store.change_password(account.id, spent="hash of ada", fresh="new", now=NOW, until=UNTIL)
    assert event == Revocation(Kind.ACCOUNT, account.id, NOW, UNTIL, NOW, "password_changed", 1)
    assert await store.session(session.id) is None
    assert await store.account(account.id) == replace(account, password="new", cutoff=NOW)
    assert (await store.read_feed(0, now=NOW)).revocations == (event,)


async def test_of_two_password_changes_at_once_one_wins(store: Store) -> None:
    account = await added(store)
    answers = await asyncio.gather(
        *(
            store.change_password(account.id, spent="hash of ada", fresh=f"new {n}", now=NOW, until=UNTIL)
            for n in range(8)
        )
    )
    winner = next(n for n, answer in enumerate(answers) if answer is not None)
    assert sum(answer is not None for answer in answers) == 1
    found = await store.account(account.id)
    assert found is not None
    assert found.password == f"new {winner}"
    assert len((await store.read_feed(0, now=NOW)).revocations) == 1


async def test_an_operator_replaces_whatever_hash_is_there(store: Store) -> None:
    for name, password in (("ada", "hash of ada"), ("bob", None)):
        account = await added(store, name, password=password)
        assert await store.change_password(account.id, spent=None, fresh="set", now=NOW, until=UNTIL)
        found = await store.account(account.id)
        assert found is not None
        assert found.password == "set"
    nobody = AccountID(ids.uuid7(NOW, chance))
    assert await store.change_password(nobody, spent=None, fresh="set", now=NOW, until=UNTIL) is None


async def test_S38_fewer_scopes_narrow_the_sessions_and_more_widen_none(store: Store) -> None:
    account = await added(store, scopes=("admin", "read", "write"))
    wide = await opened(store, account, scopes=("admin", "read"))
    narrow = await opened(store, account, scopes=("read",))
    upto = Instant(NOW + 5)
    event = await store.set_scopes(account.id, ("read", "write"), upto=upto, until=UNTIL, now=NOW)
    assert event == Revocation(Kind.CLAIMS, account.id, upto, UNTIL, NOW, "scopes_changed", 1)
    assert await store.session(wide.id) == replace(wide, scopes=("read",))
    assert await store.session(narrow.id) == narrow
    found = await store.account(account.id)
    assert found == replace(account, scopes=("read", "write"), claims_changed=upto)


async def test_S38_a_second_change_covers_the_tokens_of_the_first(store: Store) -> None:
    """A token of after the first change has a `jti` 2 ms later than it, at the same moment by the clock."""
    account = await added(store)
    first = await store.set_scopes(account.id, ("read",), upto=NOW, until=UNTIL, now=NOW)
    assert first is not None
    jti_ms = ids.created_ms(ids.uuid7(Instant(max(NOW, first.upto + 0.002)), chance))
    earlier = Instant(NOW - 60)
    second = await store.set_scopes(account.id, (), upto=earlier, until=Instant(UNTIL - 60), now=earlier)
    assert second is not None
    assert int(second.upto * 1000) >= jti_ms
    assert second.until > UNTIL
    found = await store.account(account.id)
    assert found is not None
    assert found.claims_changed == second.upto


async def test_scopes_of_nobody_are_not_set(store: Store) -> None:
    nobody = AccountID(ids.uuid7(NOW, chance))
    assert await store.set_scopes(nobody, ("read",), upto=NOW, until=UNTIL, now=NOW) is None
    assert (await store.read_feed(0, now=NOW)).position == 0


async def test_S25_a_disabled_account_has_no_sessions_and_opens_none(store: Store) -> None:
    account = await added(store)
    session = await opened(store, account)
    event = await store.disable_account(account.id, now=NOW, until=UNTIL)
    assert event == Revocation(Kind.ACCOUNT, account.id, NOW, UNTIL, NOW, "account_disabled", 1)
    assert await store.session(session.id) is None
    again = make_session(account, at=NOW + 1)
    assert await store.open_session(again, limit=None, until=UNTIL, now=NOW) == NoAccount()
    await store.disable_account(account.id, now=Instant(NOW + 9), until=UNTIL)
    found = await store.account(account.id)
    assert found is not None
    assert found.disabled == NOW


async def test_S25_enabled_again_its_old_sessions_stay_dead(store: Store) -> None:
    account = await added(store)
    session = await opened(store, account)
    await store.disable_account(account.id, now=NOW, until=UNTIL)
    assert await store.enable_account(account.id)
    assert await store.session(session.id) is None
    assert await store.open_session(session, limit=None, until=UNTIL, now=NOW) == Cut(NOW)
    await opened(store, account, at=NOW + 1)


async def test_S25_a_deleted_account_takes_its_sessions_along(store: Store) -> None:
    account, other = await added(store), await added(store, "bob")
    mine, theirs = await opened(store, account), await opened(store, other)
    event = await store.delete_account(account.id, now=NOW, until=UNTIL)
    assert event == Revocation(Kind.ACCOUNT, account.id, NOW, UNTIL, NOW, "account_deleted", 1)
    assert await store.account(account.id) is None
    assert await store.account_by_key(account.key) is None
    assert await store.session(mine.id) is None
    assert await store.session(theirs.id) == theirs
    late = make_session(account, at=NOW + 1)
    assert await store.open_session(late, limit=None, until=UNTIL, now=NOW) == NoAccount()
    assert await store.add_account(make_account("ada"))


async def test_nobody_is_disabled_enabled_or_deleted(store: Store) -> None:
    nobody = AccountID(ids.uuid7(NOW, chance))
    assert await store.disable_account(nobody, now=NOW, until=UNTIL) is None
    assert await store.delete_account(nobody, now=NOW, until=UNTIL) is None
    assert not await store.enable_account(nobody)
    assert (await store.read_feed(0, now=NOW)).position == 0
