"""Advice is given in turns, and to nobody without end."""

from __future__ import annotations

import asyncio

import pytest

from limen.errors import Throttled
from limen.server.pages.advisor import AT_ONCE, EACH, Advisor
from limen.testing import TurnableClock

pytestmark = pytest.mark.anyio


async def looks(advisor: Advisor, source: str, most: int = 200) -> int:
    """How many are let through in a row."""
    for n in range(most):
        try:
            async with advisor.turn(source):
                pass
        except Throttled:
            return n
    return most


async def test_who_asks_without_end_is_told_to_wait_and_nobody_else_is() -> None:
    clock = TurnableClock()
    advisor = Advisor(clock)
    assert await looks(advisor, "192.0.2.7") == AT_ONCE + 1
    assert await looks(advisor, "198.51.100.1") == AT_ONCE + 1
    clock.turn(10 * EACH)
    assert await looks(advisor, "192.0.2.7") == 10


async def test_only_so_many_wait() -> None:
    advisor = Advisor(TurnableClock())
    async with advisor.turn("a"):
        waiting = [asyncio.ensure_future(advisor.turn(f"192.0.2.{n}").__aenter__()) for n in range(20)]
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        turned_away = [one for one in waiting if one.done() and isinstance(one.exception(), Throttled)]
        assert len(turned_away) == 13
        for one in waiting:
            one.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
