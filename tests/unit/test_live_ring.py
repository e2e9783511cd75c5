"""The ring of a running Limen: founded once, followed, and moved when its time has come."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from limen.errors import Misconfigured, Rejected, Unavailable
from limen.jose.jwk import Algorithm
from limen.keys import KeyRing, KeyState, KeyWrap, RotationPolicy
from limen.live_ring import LiveRing
from limen.revocations import Kind
from limen.secret import Secret
from limen.stores.base import Store
from limen.testing import TurnableClock
from support.stores import HOMES, Home

pytestmark = pytest.mark.anyio
POLICY = RotationPolicy(publish_for=300, overlap=905, every=90 * 86_400)
DAY = 86_400.0


@pytest.fixture(params=HOMES)
async def store(request: pytest.FixtureRequest, tmp_path: Path):
    home: Home = HOMES[request.param](tmp_path)
    store = home.open()
    await store.start()
    yield store
    await store.close()


def ring_of(
    store: Store,
    clock: TurnableClock,
    *,
    secret: bytes = bytes(range(32)),
    algorithm: Algorithm = Algorithm.ES256,
) -> tuple[LiveRing, list[KeyRing]]:
    changes: list[KeyRing] = []
    wrap = KeyWrap(Secret(secret))
    live = LiveRing(store, wrap, POLICY, algorithm, clock, memory=1_020, on_change=changes.append)
    return live, changes


async def test_a_ring_is_founded_where_there_is_none_and_told_once(store: Store) -> None:
    live, changes = ring_of(store, TurnableClock())
    with pytest.raises(RuntimeError, match="start Limen first"):
        _ = live.opened
    await live.load()
    await live.load()
    assert changes == [live.opened]
    assert len((await store.ring()).keys) == 2


async def test_K03_of_many_that_found_a_ring_at_once_one_does_and_all_have_it(store: Store) -> None:
    lives = [ring_of(store, TurnableClock())[0] for _ in range(8)]
    await asyncio.gather(*(live.load() for live in lives))
    assert len({live.opened.active.kid for live in lives}) == 1
    assert len((await store.ring()).keys) == 2


async def test_K03_of_many_that_rotate_at_once_one_does_and_no_other_signs(store: Store) -> None:
    clock = TurnableClock()
    lives = [ring_of(store, clock)[0] for _ in range(6)]
    await asyncio.gather(*(live.load() for live in lives))
    clock.turn(300)
    outcomes = await asyncio.gather(*(live.rotate() for live in lives), return_exceptions=True)
    assert sum(isinstance(outcome, KeyRing) for outcome in outcomes) == 1
    assert all(isinstance(o, KeyRing | Rejected | Unavailable) for o in outcomes)
    await asyncio.gather(*(live.load() for live in lives))
    assert len({live.opened.active.kid for live in lives}) == 1


async def test_another_secret_is_said(store: Store) -> None:
    await ring_of(store, TurnableClock())[0].load()
    with pytest.raises(Misconfigured) as caught:
        await ring_of(store, TurnableClock(), secret=bytes(range(1, 33)))[0].load()
    assert caught.value.code == "secret_mismatch"


@pytest.mark.parametrize(
    ("before", "after"), [(Algorithm.ES256, Algorithm.HS256), (Algorithm.HS256, Algorithm.ES256)]
)
async def test_J34_HS256_never_stands_beside_another_algorithm(
    store: Store, before: Algorithm, after: Algorithm
) -> None:
    """Said at the start, and not by the first rotation in ninety days."""
    await ring_of(store, TurnableClock(), algorithm=before)[0].load()
    with pytest.raises(Misconfigured, match=before) as caught:
        await ring_of(store, TurnableClock(), algorithm=after)[0].load()
    assert caught.value.code == "key_algorithms_mixed"


async def test_an_asymmetric_ring_moves_from_one_algorithm_to_another(store: Store) -> None:
    clock = TurnableClock()
    await ring_of(store, clock)[0].load()
    live, _ = ring_of(store, clock, algorithm=Algorithm.EDDSA)
    await live.load()
    for expected in (Algorithm.ES256, Algorithm.EDDSA):
        clock.turn(POLICY.publish_for)
        assert (await live.rotate()).active.alg is expected


async def test_K02_a_compromise_is_an_event_of_the_feed_that_outlives_its_tokens(store: Store) -> None:
    clock = TurnableClock()
    live, changes = ring_of(store, clock)
    await live.load()
    old = live.opened.active.kid
    await live.compromise(old)
    (event,) = (await store.read_feed(0, now=clock.now())).revocations
    assert (event.kind, event.subject, event.until) == (Kind.KEY, old, clock.now() + 1_020)
    assert old not in changes[-1].verifying


async def test_K20_tending_rotates_a_ring_whose_time_came_while_the_process_ran(store: Store) -> None:
    """Nothing changed in the store for ninety days, so the ring was never opened anew."""
    clock = TurnableClock()
    live, changes = ring_of(store, clock)
    await live.load()
    first = live.opened.active.kid
    for _ in range(89):
        clock.turn(DAY)
        await live.tend()
    assert live.opened.active.kid == first
    clock.turn(DAY)
    await live.tend()
    second = live.opened.active.kid
    assert second != first
    assert first in live.opened.verifying, "its tokens are still good"
    clock.turn(904)
    await live.tend()
    assert first in live.opened.verifying
    clock.turn(1)
    await live.tend()
    assert first not in live.opened.verifying
    assert len(changes) == 3
    await live.tend()
    assert live.opened.active.kid == second


async def test_K20_a_clock_that_went_back_moves_nothing(store: Store) -> None:
    clock = TurnableClock()
    live, _ = ring_of(store, clock)
    await live.load()
    clock.turn(90 * DAY)
    await live.tend()
    kept = (await store.ring()).keys
    clock.jump(-365 * DAY)
    for _ in range(3):
        await live.tend()
    assert (await store.ring()).keys == kept


async def test_of_many_that_tend_at_once_one_rotates(store: Store) -> None:
    clock = TurnableClock()
    lives = [ring_of(store, clock)[0] for _ in range(4)]
    await asyncio.gather(*(live.load() for live in lives))
    clock.turn(90 * DAY)
    await asyncio.gather(*(live.tend() for live in lives), return_exceptions=True)
    states = [key.state for key in (await store.ring()).keys]
    assert sorted(states) == sorted([KeyState.ACTIVE, KeyState.NEXT, KeyState.RETIRING])
