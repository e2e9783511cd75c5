"""Sessions: opening, reading, activity, and what ends them."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from limen import ids
from limen.clock import Instant
from limen.ids import AccountID, SessionID
from limen.revocations import Filter, Kind, Revocation
from limen.stores.base import Cut, Gone, NoAccount, Opened, Store
from support.stores import IDLE, NOW, UNTIL, added, chance, digest, make_session, opened

pytestmark = pytest.mark.anyio


def later(seconds: float) -> Instant:
    return Instant(NOW + seconds)


async def test_a_session_is_kept_to_the_last_bit(store: Store) -> None:
    account = await added(store)
    session = make_session(account, amr=("pwd", "otp"), scopes=(), source="", touched=later(0.1 + 0.2))
    assert await store.open_session(session, limit=5, until=UNTIL, now=NOW) == Opened(())
    assert await store.session(session.id) == session
    assert await store.session(SessionID(ids.uuid7(NOW, chance))) is None


async def test_S03_what_is_no_id_names_no_session(store: Store) -> None:
    session = await opened(store, await added(store))
    for text in ("", "x", session.id.upper(), session.id.replace("-", ""), session.id + " ", "\0", "\ud800"):
        assert await store.session(SessionID(text)) is None
        assert not await store.touch(SessionID(text), now=NOW, idle=IDLE)


async def test_S27_nothing_is_written_for_an_unknown_account_or_session(store: Store) -> None:
    nobody, nothing = AccountID(ids.uuid7(NOW, chance)), SessionID(ids.uuid7(NOW, chance))
    answer = await store.open_session(make_session(nobody), limit=None, until=UNTIL, now=NOW)
    assert answer == NoAccount()
    assert await store.rotate(nothing, digest(1), digest(2), now=NOW, idle=IDLE) == Gone()
    assert not await store.touch(nothing, now=NOW, idle=IDLE)
    assert await store.revoke_session(nothing, account=None, now=NOW, until=UNTIL, why="w") is None
    assert await store.revoke_others(nobody, keep=nothing, now=NOW, until=UNTIL, why="w") == []
    assert await store.session(nothing) is None
    assert await store.sessions_of(nobody, now=NOW) == []
    assert (await store.read_feed(0, now=NOW)).position == 0
    assert await store.sweep(now=later(10**9)) == 0


async def test_no_session_opens_at_or_before_the_cut(store: Store) -> None:
    account = await added(store)
    cut = await store.revoke_account(account.id, now=NOW, until=UNTIL, why="w")
    early = make_session(account, at=NOW + 0.0004)
    assert await store.open_session(early, limit=None, until=UNTIL, now=NOW) == Cut(cut.upto)
    assert await store.session(early.id) is None
    repeated = make_session(account, at=cut.upto + 0.002)
    assert await store.open_session(repeated, limit=None, until=UNTIL, now=NOW) == Opened(())


async def test_an_id_that_is_taken_opens_nothing_and_a_later_one_does(store: Store) -> None:
    account = await added(store)
    session = await opened(store, account)
    twin = replace(session, source="198.51.100.1")
    answer = await store.open_session(twin, limit=1, until=UNTIL, now=NOW)
    assert isinstance(answer, Cut)
    assert await store.session(session.id) == session
    assert ids.created_ms(ids.uuid7(Instant(answer.upto + 0.002), chance)) > ids.created_ms(session.id)


async def test_S33_exactly_n_remain_and_the_oldest_went(store: Store) -> None:
    account = await added(store)
    old = [await opened(store, account, at=NOW + n) for n in range(3)]
    new = make_session(account, at=NOW + 3)
    answer = await store.open_session(new, limit=2, until=UNTIL, now=later(3))
    assert isinstance(answer, Opened)
    assert [r.subject for r in answer.ended] == [old[0].id, old[1].id]
    assert answer.ended[0] == Revocation(
        Kind.SESSION, old[0].id, later(3), UNTIL, later(3), "session_limit", 1
    )
    assert await store.sessions_of(account.id, now=later(3)) == [new, old[2]]
    assert (await store.read_feed(0, now=NOW)).revocations == answer.ended


async def test_S33_of_n_plus_1_opened_at_once_exactly_n_remain(store: Store) -> None:
    account, limit = await added(store), 5
    new = [make_session(account, at=NOW + n) for n in range(limit * 3 + 1)]
    answers = await asyncio.gather(
        *(store.open_session(s, limit=limit, until=UNTIL, now=later(60)) for s in new)
    )
    ended = [r.subject for a in answers if isinstance(a, Opened) for r in a.ended]
    alive = {s.id for s in await store.sessions_of(account.id, now=later(60))}
    assert len(alive) == limit
    assert len(ended) == len(set(ended)) == len(new) - limit
    assert alive | set(ended) == {s.id for s in new}


async def test_S33_a_new_session_is_never_its_own_victim_and_dead_ones_do_not_count(store: Store) -> None:
    account = await added(store)
    dead = await opened(store, account, at=NOW - 2 * IDLE)
    live = await opened(store, account, at=NOW + 60)  # a clock went back since
    new = make_session(account, at=NOW)
    answer = await store.open_session(new, limit=1, until=UNTIL, now=NOW)
    assert isinstance(answer, Opened)
    assert [r.subject for r in answer.ended] == [live.id]
    assert await store.sessions_of(account.id, now=NOW) == [new]
    assert await store.session(dead.id) == dead


async def test_sessions_are_listed_newest_first_while_they_live(store: Store) -> None:
    account, other = await added(store), await added(store, "bob")
    mine = [await opened(store, account, at=NOW + n) for n in range(4)]
    await opened(store, other)
    assert await store.sessions_of(account.id, now=later(4)) == mine[::-1]
    assert await store.sessions_of(account.id, now=later(IDLE + 1)) == [mine[3], mine[2]]


async def test_S18_activity_moves_the_idle_end_and_nothing_else(store: Store) -> None:
    session = await opened(store, await added(store))
    assert await store.touch(session.id, now=later(10), idle=IDLE)
    assert await store.session(session.id) == replace(session, touched=later(10), ends=later(10 + IDLE))


async def test_S18_the_idle_end_is_exact(store: Store) -> None:
    session = await opened(store, await added(store))
    just_before = Instant(session.ends - 0.001)
    assert not await store.touch(session.id, now=session.ends, idle=IDLE)
    assert await store.session(session.id) == session
    assert await store.touch(session.id, now=just_before, idle=IDLE)


async def test_S19_activity_never_moves_the_absolute_end(store: Store) -> None:
    session = await opened(store, await added(store))
    now = session.touched
    while now + IDLE / 2 < session.expires:
        now = Instant(now + IDLE / 2)
        assert await store.touch(session.id, now=now, idle=IDLE)
    found = await store.session(session.id)
    assert found is not None
    assert found.ends == found.expires == session.expires
    assert not await store.touch(session.id, now=session.expires, idle=IDLE)


async def test_S21_a_clock_that_went_back_takes_nothing_away(store: Store) -> None:
    session = await opened(store, await added(store))
    assert await store.touch(session.id, now=later(-3_600), idle=IDLE)
    assert await store.session(session.id) == session


async def test_one_session_is_ended_by_its_owner_and_by_no_other(store: Store) -> None:
    account, other = await added(store), await added(store, "bob")
    session = await opened(store, account)
    assert await store.revoke_session(session.id, account=other.id, now=NOW, until=UNTIL, why="w") is None
    assert await store.session(session.id) == session
    event = await store.revoke_session(session.id, account=account.id, now=NOW, until=UNTIL, why="w")
    assert event == Revocation(Kind.SESSION, session.id, NOW, UNTIL, NOW, "w", 1)
    assert await store.session(session.id) is None
    assert await store.revoke_session(session.id, account=None, now=NOW, until=UNTIL, why="w") is None
    assert (await store.read_feed(0, now=NOW)).revocations == (event,)


async def test_all_others_end_each_by_its_event(store: Store) -> None:
    account, other = await added(store), await added(store, "bob")
    mine = [await opened(store, account, at=NOW + n) for n in range(4)]
    theirs = await opened(store, other)
    ended = await store.revoke_others(account.id, keep=mine[2].id, now=NOW, until=UNTIL, why="w")
    assert [r.subject for r in ended] == [mine[n].id for n in (0, 1, 3)]
    assert [r.position for r in ended] == [1, 2, 3]
    assert await store.sessions_of(account.id, now=NOW) == [mine[2]]
    assert await store.session(theirs.id) == theirs


async def test_all_end_by_one_event_even_those_of_a_later_clock(store: Store) -> None:
    account = await added(store)
    ahead = await opened(store, account, at=NOW + 3_600.001)
    await opened(store, account)
    event = await store.revoke_account(account.id, now=NOW, until=UNTIL, why="w")
    memory = Filter()
    memory.add(event)
    sid_ms = ids.created_ms(ahead.id)
    assert memory.covering(sid=ahead.id, account=account.id, sid_ms=sid_ms, kid=None) is Kind.ACCOUNT
    assert memory.covering(sid=ahead.id, account=account.id, sid_ms=sid_ms + 1, kid=None) is None
    assert event.until - UNTIL == event.upto - NOW > 3_600
    found = await store.account(account.id)
    assert found is not None
    assert found.cutoff == event.upto
    assert await store.session(ahead.id) is None


async def test_the_cut_never_moves_back(store: Store) -> None:
    account = await added(store)
    await store.revoke_account(account.id, now=NOW, until=UNTIL, why="w")
    await store.revoke_account(account.id, now=later(-60), until=UNTIL, why="w")
    found = await store.account(account.id)
    assert found is not None
    assert found.cutoff == NOW


async def test_an_account_that_is_unknown_is_cut_all_the_same(store: Store) -> None:
    nobody = AccountID(ids.uuid7(NOW, chance))
    event = await store.revoke_account(nobody, now=NOW, until=UNTIL, why="w")
    assert event == Revocation(Kind.ACCOUNT, nobody, NOW, UNTIL, NOW, "w", 1)


async def test_S24_everything_before_the_cut_is_dead_and_everything_after_it_alive(store: Store) -> None:
    """50 sign-ins and 50 refreshes run while all sessions are ended."""
    account = await added(store)
    old = [await opened(store, account, at=NOW - 1 - n / 100) for n in range(50)]
    new = [make_session(account, at=NOW - 0.025 + n / 1000) for n in range(50)]
    refreshes = [store.rotate(s.id, s.digest, digest((s.id, 1)), now=NOW, idle=IDLE) for s in old]
    openings = [store.open_session(s, limit=None, until=UNTIL, now=NOW) for s in new]
    cut = store.revoke_account(account.id, now=NOW, until=UNTIL, why="w")
    everything = [*refreshes[:25], *openings[:25], cut, *openings[25:], *refreshes[25:]]
    event = (await asyncio.gather(*everything))[50]
    assert isinstance(event, Revocation)
    for session in (*old, *new):
        is_later = ids.created_ms(session.id) > int(event.upto * 1000)
        assert (await store.session(session.id) is not None) == is_later
    assert len(await store.sessions_of(account.id, now=NOW)) == 24


async def test_S23_a_session_that_was_ended_is_brought_back_by_nothing(store: Store) -> None:
    session = await opened(store, await added(store))
    answers = await asyncio.gather(
        store.touch(session.id, now=later(1), idle=IDLE),
        store.revoke_session(session.id, account=None, now=later(1), until=UNTIL, why="w"),
        store.touch(session.id, now=later(1), idle=IDLE),
        store.rotate(session.id, session.digest, digest(1), now=later(1), idle=IDLE),
    )
    assert answers[2:] == [False, Gone()]
    assert await store.session(session.id) is None
