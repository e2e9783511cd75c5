"""One read for all who came before it began."""

from __future__ import annotations

import asyncio

import pytest

from limen.barrier import Barrier

pytestmark = pytest.mark.anyio


class Reads:
    """Reads that end when they are told to."""

    def __init__(self) -> None:
        self.begun = 0
        self.error: Exception | None = None
        self._may_end = asyncio.Event()

    async def __call__(self) -> None:
        self.begun += 1
        await self._may_end.wait()
        if self.error is not None:
            raise self.error

    def end(self) -> None:
        self._may_end.set()
        self._may_end = asyncio.Event()


async def settled() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


async def test_who_comes_during_a_read_waits_for_the_next() -> None:
    reads = Reads()
    barrier = Barrier(reads)
    first = [asyncio.ensure_future(barrier.reach()) for _ in range(5)]
    await settled()
    assert reads.begun == 1
    late = [asyncio.ensure_future(barrier.reach()) for _ in range(5)]
    await settled()
    assert reads.begun == 1, "no third read while one is under way and one is waiting"
    reads.end()
    await asyncio.gather(*first)
    await settled()
    assert not any(one.done() for one in late)
    assert reads.begun == 2
    reads.end()
    await asyncio.gather(*late)


async def test_a_failure_is_told_to_all_and_the_next_read_is_another() -> None:
    reads = Reads()
    barrier = Barrier(reads)
    reads.error = ValueError("no")
    waiting = [asyncio.ensure_future(barrier.reach()) for _ in range(3)]
    await settled()
    reads.end()
    assert all(isinstance(e, ValueError) for e in await asyncio.gather(*waiting, return_exceptions=True))
    reads.error = None
    again = asyncio.ensure_future(barrier.reach())
    await settled()
    reads.end()
    await again


async def test_one_who_leaves_takes_the_read_from_nobody() -> None:
    reads = Reads()
    barrier = Barrier(reads)
    one, other = asyncio.ensure_future(barrier.reach()), asyncio.ensure_future(barrier.reach())
    await settled()
    one.cancel()
    await settled()
    reads.end()
    await other
    assert reads.begun == 1
