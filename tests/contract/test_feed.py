"""The feed: complete, in order, and a barrier."""

from __future__ import annotations

import asyncio

import pytest

from limen import ids
from limen.clock import Instant
from limen.revocations import Kind, Page, Revocation
from limen.stores.base import Store
from support.stores import NOW, UNTIL, Home, added, opened

pytestmark = pytest.mark.anyio


def event(subject: str = "k1", *, until: float = UNTIL, kind: Kind = Kind.KEY) -> Revocation:
    return Revocation(kind, subject, NOW, Instant(until), NOW, "compromised")


async def test_a_new_store_has_an_empty_feed(store: Store) -> None:
    assert await store.read_feed(0, now=NOW) == Page((), 0, 0)


async def test_an_event_carries_its_position_and_is_read_back(store: Store) -> None:
    for position, kind in enumerate(Kind, 1):
        kept = await store.revoke(event(f"sübject {kind}", kind=kind))
        assert kept.position == position
        assert await store.read_feed(position - 1, now=NOW) == Page((kept,), position, 0)


async def test_events_come_after_a_position_while_they_matter(store: Store) -> None:
    kept = [await store.revoke(event(f"k{n}", until=UNTIL + n)) for n in range(6)]
    assert await store.read_feed(0, now=NOW) == Page(tuple(kept), 6, 0)
    assert await store.read_feed(4, now=NOW) == Page(tuple(kept[4:]), 6, 0)
    left_out = await store.read_feed(0, now=Instant(UNTIL + 3))
    assert left_out == Page(tuple(kept[4:]), 6, 0, kept[3].until)
    assert await store.read_feed(6, now=NOW) == Page((), 6, 0)


async def test_R17_a_reader_that_starts_late_misses_nothing_young(store: Store) -> None:
    """Also after another reader of the same store has read everything."""
    kept = [await store.revoke(event(f"k{n}")) for n in range(3)]
    assert (await store.read_feed(3, now=NOW)).revocations == ()
    assert (await store.read_feed(0, now=NOW)).revocations == tuple(kept)
    assert (await store.read_feed(1, now=NOW)).revocations == tuple(kept[1:])


async def test_a_position_is_never_given_twice(store: Store) -> None:
    for _ in range(3):
        await store.revoke(event())
    assert await store.sweep(now=UNTIL) == 3
    assert await store.read_feed(0, now=NOW) == Page((), 3, 0, UNTIL)
    assert (await store.revoke(event())).position == 4
    assert (await store.read_feed(3, now=NOW)).position == 4


async def test_the_feed_outlives_the_process(home: Home) -> None:
    store = home.open()
    await store.start()
    kept = await store.revoke(event())
    await store.close()
    store = home.open()
    await store.start()
    assert await store.read_feed(0, now=NOW) == Page((kept,), 1, 0)
    await store.close()


async def test_R20_the_feed_is_a_barrier(store: Store) -> None:
    """Whatever was acknowledged before a read was sent is in its answer, while others write all the time."""
    account = await added(store)
    held = [await opened(store, account, at=NOW + n) for n in range(60)]

    async def end(start: int) -> None:
        for session in held[start::6]:
            kept = await store.revoke_session(session.id, account=None, now=NOW, until=UNTIL, why="w")
            assert kept is not None
            page = await store.read_feed(kept.position - 1, now=NOW)
            assert kept in page.revocations
            assert page.position >= kept.position

    await asyncio.gather(*(end(n) for n in range(6)))
    whole = await store.read_feed(0, now=NOW)
    assert [r.position for r in whole.revocations] == list(range(1, 61))


async def test_positions_follow_the_order_of_acknowledgement(store: Store) -> None:
    done: list[int] = []

    async def revoke(n: int) -> None:
        done.append((await store.revoke(event(f"k{n}"))).position)

    await asyncio.gather(*(revoke(n) for n in range(50)))
    assert done == sorted(done)


async def test_S21_R17_a_page_tells_what_it_leaves_out_by_its_latest_end(store: Store) -> None:
    """To a clock that is ahead, or was when it swept, events are over that are not."""
    account = await added(store)
    one = await store.revoke_account(account.id, now=NOW, until=UNTIL, why="w")
    two = await store.revoke_account(account.id, now=Instant(NOW + 7), until=UNTIL, why="w")
    ahead = Instant(UNTIL + 1)
    assert await store.read_feed(0, now=ahead) == Page((), 2, 0, UNTIL)
    assert await store.read_feed(2, now=ahead) == Page((), 2, 0)
    assert await store.read_feed(0, now=NOW) == Page((one, two), 2, 0)
    await store.sweep(now=ahead)
    three = await store.revoke_account(account.id, now=Instant(NOW + 9), until=UNTIL, why="w")
    assert await store.read_feed(0, now=NOW) == Page((three,), 3, 0, UNTIL)
    assert await store.read_feed(1, now=NOW) == Page((three,), 3, 0, UNTIL)
    assert await store.read_feed(2, now=NOW) == Page((three,), 3, 0)
    assert await store.read_feed(3, now=NOW) == Page((), 3, 0)


async def test_S21_an_event_outlives_the_tokens_of_a_rotation_that_seems_to_lie_ahead(store: Store) -> None:
    """The clock was an hour ahead at the rotation: the tokens of that moment are good an hour from now."""
    account, ahead = await added(store), Instant(NOW + 3_600)
    ends = (
        lambda: store.revoke_session(one.id, account=account.id, now=NOW, until=UNTIL, why="w"),
        lambda: store.revoke_account(account.id, now=NOW, until=UNTIL, why="w"),
        lambda: store.set_scopes(account.id, ("read",), upto=NOW, until=UNTIL, now=NOW),
        lambda: store.disable_account(account.id, now=NOW, until=UNTIL),
    )
    for n, end in enumerate(ends):
        one = await opened(
            store, account, at=NOW + 1 + n, ends=Instant(ahead + 60), expires=Instant(ahead + 60)
        )
        await store.rotate(one.id, one.digest, one.digest, now=ahead, idle=60)
        event = await end()
        assert event is not None
        assert event.until >= UNTIL + 3_600
        assert event in (await store.read_feed(0, now=NOW)).revocations
        await store.revoke_session(one.id, account=None, now=NOW, until=UNTIL, why="w")


ENDS_ALL = {
    "revoke_account": lambda s, a: s.revoke_account(a.id, now=NOW, until=UNTIL, why="w"),
    "change_password": lambda s, a: s.change_password(a.id, spent=None, fresh="f", now=NOW, until=UNTIL),
    "disable_account": lambda s, a: s.disable_account(a.id, now=NOW, until=UNTIL),
    "delete_account": lambda s, a: s.delete_account(a.id, now=NOW, until=UNTIL),
}


@pytest.mark.parametrize("how", ENDS_ALL)
async def test_what_ends_all_sessions_names_them_where_that_is_asked_for(store: Store, how: str) -> None:
    """For status lists, which know sessions by their places and no accounts."""
    ada, bob = await added(store), await added(store, "bob")
    held = [await opened(store, ada, at=NOW - n) for n in (1, 2, 3)]
    await opened(store, bob)
    store.names_ended = True
    event = await ENDS_ALL[how](store, ada)
    page = await store.read_feed(0, now=NOW)
    *named, last = page.revocations
    assert [(r.kind, r.subject) for r in named] == [(Kind.SESSION, sid) for sid in sorted(s.id for s in held)]
    assert all(r.until >= UNTIL for r in named)
    assert last == event
    assert (last.kind, last.position) == (Kind.ACCOUNT, page.position)


async def test_D24_a_store_that_was_restored_ends_every_session_beyond_what_anybody_has_read(
    store: Store,
) -> None:
    ada, bob = await added(store), await added(store, "bob")
    held = [await opened(store, ada, at=NOW + 2), await opened(store, bob, at=NOW - 3)]
    await store.revoke(event())
    before = (await store.read_feed(0, now=NOW)).position
    await store.begin_anew(now=NOW, until=UNTIL, why="restored")
    page = await store.read_feed(before + 1_000, now=NOW)
    assert [r.kind for r in page.revocations] == [Kind.ISSUER] * len(page.revocations) != []
    last = max(page.revocations, key=lambda r: r.upto)
    for session in held:
        assert await store.session(session.id) is None
        assert await store.sessions_of(session.account, now=NOW) == []
        assert ids.created_ms(session.id) <= int(last.upto * 1000)
    assert (await opened(store, ada, at=NOW + 100)).account == ada.id
