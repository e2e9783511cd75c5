"""Rotation: one compare-and-swap, whoever comes and whenever."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from limen.clock import Instant
from limen.stores.base import Gone, Rotated, Stale, Store
from support.stores import ABSOLUTE, IDLE, NOW, UNTIL, Home, added, digest, opened

pytestmark = pytest.mark.anyio


def later(seconds: float) -> Instant:
    return Instant(NOW + seconds)


async def test_a_rotation_is_activity(store: Store) -> None:
    session = await opened(store, await added(store))
    expected = replace(
        session, digest=digest(1), generation=1, rotated=later(5), touched=later(5), ends=later(5 + IDLE)
    )
    answer = await store.rotate(session.id, session.digest, digest(1), now=later(5), idle=IDLE)
    assert answer == Rotated(expected)
    assert await store.session(session.id) == expected


async def test_what_is_not_the_head_changes_nothing(store: Store) -> None:
    session = await opened(store, await added(store))
    assert await store.rotate(session.id, digest(9), digest(1), now=later(5), idle=IDLE) == Stale(session)
    assert await store.session(session.id) == session


@pytest.mark.parametrize("count", [2, 64])
async def test_R02_of_parallel_rotations_of_one_credential_one_wins(store: Store, count: int) -> None:
    session = await opened(store, await added(store))
    answers = await asyncio.gather(
        *(store.rotate(session.id, session.digest, digest(n), now=later(1), idle=IDLE) for n in range(count))
    )
    assert sum(isinstance(answer, Rotated) for answer in answers) == 1
    assert sum(isinstance(answer, Stale) for answer in answers) == count - 1
    found = await store.session(session.id)
    assert found is not None
    assert found.generation == 1
    assert all(a.session == found for a in answers if not isinstance(a, Gone))


async def test_R12_a_rotation_never_moves_the_absolute_end(store: Store) -> None:
    session, now = await opened(store, await added(store)), NOW
    for generation in range(20):
        now = Instant(min(now + IDLE - 1, session.expires - 0.5))
        spent, fresh = digest((session.id, generation)), digest((session.id, generation + 1))
        answer = await store.rotate(session.id, spent, fresh, now=now, idle=IDLE)
        assert isinstance(answer, Rotated)
        assert answer.session.expires == NOW + ABSOLUTE
        assert answer.session.ends == min(now + IDLE, NOW + ABSOLUTE)


async def test_S18_a_session_past_its_end_is_gone(store: Store) -> None:
    session = await opened(store, await added(store))
    head = session.digest
    assert await store.rotate(session.id, head, digest(1), now=session.ends, idle=IDLE) == Gone()
    assert await store.rotate(session.id, digest(9), digest(1), now=session.ends, idle=IDLE) == Gone()
    just_before = Instant(session.ends - 0.001)
    assert isinstance(await store.rotate(session.id, head, digest(1), now=just_before, idle=IDLE), Rotated)


async def test_R13_nothing_rotates_after_its_session_was_ended(store: Store) -> None:
    account = await added(store)
    one, two = await opened(store, account), await opened(store, account)
    await store.revoke_session(one.id, account=None, now=NOW, until=UNTIL, why="w")
    await store.revoke_account(account.id, now=NOW, until=UNTIL, why="w")
    for session in (one, two):
        answer = await store.rotate(session.id, session.digest, digest(1), now=later(1), idle=IDLE)
        assert answer == Gone()


async def test_R15_a_chain_of_10_000_rotations_stays_one_row(store: Store) -> None:
    session = await opened(store, await added(store))
    for start in range(0, 10_000, 250):
        chain = (
            store.rotate(
                session.id, digest((session.id, n)), digest((session.id, n + 1)), now=later(1), idle=IDLE
            )
            for n in range(start, start + 250)
        )
        assert all(isinstance(answer, Rotated) for answer in await asyncio.gather(*chain))
    found = await store.session(session.id)
    assert found is not None
    assert found.generation == 10_000
    ancient = await store.rotate(session.id, session.digest, digest("thief"), now=later(2), idle=IDLE)
    assert ancient == Stale(found)


async def test_R06_a_spent_credential_is_still_stale_after_a_restart(home: Home) -> None:
    store = home.open()
    await store.start()
    session = await opened(store, await added(store))
    await store.rotate(session.id, session.digest, digest(1), now=later(1), idle=IDLE)
    await store.close()
    store = home.open()
    await store.start()
    answer = await store.rotate(session.id, session.digest, digest(2), now=later(2), idle=IDLE)
    assert isinstance(answer, Stale)
    assert answer.session.digest == digest(1)
    assert answer.session.rotated == later(1)
    await store.close()


async def test_D27_a_sweep_and_a_refresh_of_a_row_about_to_expire_race(store: Store) -> None:
    """Either the row was refreshed and stays, or it is gone, wherever the sweep comes in between."""
    account = await added(store)
    held = [await opened(store, account, at=NOW + n / 1000) for n in range(40)]
    at = Instant(held[20].ends)
    rotations = [store.rotate(s.id, s.digest, digest((s.id, 1)), now=at, idle=IDLE) for s in held]
    swept_at = 10
    outcomes = await asyncio.gather(*rotations[:swept_at], store.sweep(now=at), *rotations[swept_at:])
    answers = [*outcomes[:swept_at], *outcomes[swept_at + 1 :]]
    for session, answer in zip(held, answers, strict=True):
        found = await store.session(session.id)
        if isinstance(answer, Rotated):
            assert found == answer.session
        else:
            assert answer == Gone()
            assert found is None
    assert outcomes[swept_at] == sum(answer == Gone() for answer in answers) == 21
