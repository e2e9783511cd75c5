"""The clock to turn."""

from __future__ import annotations

import asyncio
import threading

import pytest

from limen.clock import Clock
from limen.testing import TurnableClock, instant_sleep

pytestmark = pytest.mark.anyio


def test_a_clock_stands_still_until_it_is_turned() -> None:
    clock: Clock = TurnableClock(1_000.0)
    assert (clock.now(), clock.now()) == (1_000.0, 1_000.0)
    assert clock.monotonic() == clock.monotonic()


def test_turn_moves_both_clocks() -> None:
    clock = TurnableClock(1_000.0)
    before = clock.monotonic()
    clock.turn(2.5)
    assert clock.now() == 1_002.5
    assert clock.monotonic() - before == 2.5


def test_turn_refuses_to_run_backwards() -> None:
    with pytest.raises(ValueError, match="backwards"):
        TurnableClock().turn(-1)


@pytest.mark.parametrize("seconds", [-3_600.0, 3_600.0, 315_360_000.0])
def test_S21_jump_moves_the_wall_clock_alone(seconds: float) -> None:
    clock = TurnableClock(1e9)
    before = clock.monotonic()
    clock.jump(seconds)
    assert clock.now() == 1e9 + seconds
    assert clock.monotonic() == before


async def test_sleep_ends_when_the_clock_was_turned_far_enough() -> None:
    clock = TurnableClock()
    sleeping = asyncio.create_task(clock.sleep(10))
    await asyncio.sleep(0)
    clock.turn(9)
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert not sleeping.done()
    clock.turn(1)
    await asyncio.wait_for(sleeping, 1)


async def test_sleep_is_not_woken_by_a_jump_and_can_be_cancelled() -> None:
    clock = TurnableClock()
    sleeping = asyncio.create_task(clock.sleep(10))
    await asyncio.sleep(0)
    clock.jump(100)
    await asyncio.sleep(0)
    assert not sleeping.done()
    sleeping.cancel()
    with pytest.raises(asyncio.CancelledError):
        await sleeping
    clock.turn(100)


async def test_sleep_may_be_ended_from_another_thread() -> None:
    clock = TurnableClock()
    sleeping = asyncio.create_task(clock.sleep(10))
    await asyncio.sleep(0)
    thread = threading.Thread(target=clock.turn, args=(10,))
    thread.start()
    await asyncio.wait_for(sleeping, 5)
    thread.join()


async def test_a_sleep_of_nothing_returns_at_once() -> None:
    await asyncio.wait_for(TurnableClock().sleep(0), 1)


async def test_instant_sleep_turns_the_clock() -> None:
    clock = TurnableClock(0.0)
    await instant_sleep(clock)(30)
    assert clock.now() == 30
