"""The audit log: kept whole, found by what is asked for, forgotten when it is old."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from limen import ids
from limen.audit import Entry, EntryID, Wanted
from limen.clock import Instant
from limen.errors import Rejected
from limen.ids import AccountID, SessionID
from limen.stores.base import Store
from support.stores import NOW, UNTIL, Home, added, chance

pytestmark = pytest.mark.anyio

ADA, BOB = AccountID(ids.uuid7(NOW, chance)), AccountID(ids.uuid7(NOW, chance))
SID = SessionID(ids.uuid7(NOW, chance))


def entry(at: float = NOW, event: str = "sign_in", **other: Any) -> Entry:
    fields = {"actor": str(ADA), "account": ADA, "session": SID, "source": "192.0.2.7", "detail": "why"}
    return Entry(EntryID(ids.uuid7(Instant(at), chance)), Instant(at), event, **(fields | other))


async def test_entries_come_back_whole_and_newest_first(store: Store) -> None:
    full, bare = entry(NOW), entry(NOW + 1.25, "key_rotated", actor="", account=None, session=None)
    other = entry(NOW - 1.0, result="denied", source="", detail="")
    await store.keep_entries([full, bare])
    await store.keep_entries([other])
    await store.keep_entries([])
    assert await store.entries(Wanted()) == [bare, full, other]
    assert await store.entries(Wanted(), limit=2) == [bare, full]
    assert await store.entries(Wanted(), before=full.id) == [other]


async def test_kept_again_an_entry_stays_as_it_is(store: Store) -> None:
    first, second = entry(NOW), entry(NOW + 1)
    await store.keep_entries([first])
    await store.keep_entries([replace(first, result="denied"), second])
    assert await store.entries(Wanted()) == [second, first]


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (Wanted(account=ADA), [5, 3, 0]),
        (Wanted(account=BOB), [2, 1]),
        (Wanted(actor=str(ADA)), [3, 1, 0]),
        (Wanted(actor="operator"), [5, 4]),
        (Wanted(event="sign_in"), [3, 2, 1, 0]),
        (Wanted(result="denied"), [3, 2]),
        (Wanted(result="ok"), [5, 4, 1, 0]),
        (Wanted(source="192.0.2.7"), [2, 0]),
        (Wanted(event="sign_in", result="denied", account=BOB, source="192.0.2.7"), [2]),
        (Wanted(event="sign_in", account=ADA, result="throttled"), []),
        (Wanted(since=Instant(NOW + 3)), [5, 4, 3]),
        (Wanted(until=Instant(NOW + 3)), [2, 1, 0]),
        (Wanted(since=Instant(NOW + 1), until=Instant(NOW + 4), event="sign_in"), [3, 2, 1]),
        (Wanted(event="nothing of the kind"), []),
    ],
)
async def test_what_is_wanted_is_found(store: Store, wanted: Wanted, found: list[int]) -> None:
    made = [
        entry(NOW, source="192.0.2.7"),
        entry(NOW + 1, account=BOB, source="192.0.2.8"),
        entry(NOW + 2, account=BOB, actor="", result="denied"),
        entry(NOW + 3, result="denied", source=""),
        entry(NOW + 4, "key_rotated", actor="operator", account=None, source=""),
        entry(NOW + 5, "account_disabled", actor="operator", source=""),
    ]
    await store.keep_entries(made)
    assert await store.entries(wanted) == [made[n] for n in found]
    if len(found) > 1:
        assert await store.entries(wanted, before=made[found[0]].id, limit=1) == [made[found[1]]]


async def test_old_entries_are_forgotten_oldest_first_and_no_others(store: Store) -> None:
    made = [entry(NOW + n) for n in range(5)]
    await store.keep_entries(made)
    assert await store.forget_entries(Instant(NOW + 3), limit=2) == 2
    assert await store.entries(Wanted()) == made[:1:-1]
    assert await store.forget_entries(Instant(NOW + 3)) == 1
    assert await store.forget_entries(Instant(NOW + 3)) == 0
    assert await store.entries(Wanted()) == made[:2:-1]


async def test_entries_outlive_their_account_and_the_process(home: Home) -> None:
    store = home.open()
    await store.start()
    account = await added(store)
    told = entry(account=account.id, actor=str(account.id))
    await store.keep_entries([told])
    await store.delete_account(account.id, now=NOW, until=UNTIL)
    await store.close()
    store = home.open()
    await store.start()
    assert await store.entries(Wanted(account=account.id)) == [told]
    await store.close()


async def test_text_that_no_engine_keeps_is_refused_and_nothing_of_its_group_kept(store: Store) -> None:
    with pytest.raises(Rejected):
        await store.keep_entries([entry(), entry(detail="half \ud800")])
    assert await store.entries(Wanted()) == []
