"""The hashing pool: bounded in threads and in who waits, and no caller is left without an answer (A34)."""

from __future__ import annotations

import asyncio
import os
import sys
import threading
from collections.abc import AsyncIterator

import pytest

from limen.errors import Misconfigured, Unavailable
from limen.hashing import RETRY_AFTER, HashingPool, Stats

pytestmark = pytest.mark.anyio


class Gate:
    """Calls that stand still until they are let go, and how many ever ran side by side."""

    def __init__(self) -> None:
        self.open, self._lock = threading.Event(), threading.Lock()
        self.running = self.most = self.calls = 0

    def pass_through(self, value: int) -> int:
        with self._lock:
            self.calls += 1
            self.running += 1
            self.most = max(self.most, self.running)
        assert self.open.wait(10)
        with self._lock:
            self.running -= 1
        return value


@pytest.fixture
async def gate() -> AsyncIterator[Gate]:
    gate = Gate()
    yield gate
    gate.open.set()


async def until(condition) -> None:
    """Until it holds, ten seconds at most."""
    for _ in range(10_000):
        if condition():
            return
        await asyncio.sleep(0.001)
    raise AssertionError("it never came")


@pytest.mark.parametrize(("threads", "queue"), [(0, 1), (-1, 1), (1, -1)])
def test_a_pool_of_nothing_is_refused(threads: int, queue: int) -> None:
    with pytest.raises(Misconfigured, match="hash_threads must be at least 1"):
        HashingPool(threads, queue)


async def test_what_the_call_answers_or_raises_is_handed_on() -> None:
    pool = HashingPool(1, 1)
    assert await pool.run(divmod, 7, 2) == (3, 1)
    with pytest.raises(ZeroDivisionError):
        await pool.run(divmod, 7, 0)
    with pytest.raises(SystemExit):
        await pool.run(sys.exit, 1)
    assert await pool.run(divmod, 7, 2) == (3, 1), "and the thread lives on"
    assert pool.stats() == Stats(0, 0, 0)
    await pool.close()


async def test_A34_of_500_at_once_threads_and_queue_are_served_and_all_others_told_to_come_back(
    gate: Gate,
) -> None:
    pool = HashingPool(2, 64)
    calls = [asyncio.ensure_future(pool.run(gate.pass_through, n)) for n in range(500)]
    await until(lambda: pool.stats().refused == 500 - 66)
    await until(lambda: pool.stats().running == 2)
    assert pool.stats() == Stats(2, 64, 434)
    gate.open.set()
    outcomes = await asyncio.gather(*calls, return_exceptions=True)
    assert outcomes[:66] == list(range(66))
    refused = outcomes[66:]
    assert all(isinstance(o, Unavailable) and o.code == "hashing_busy" for o in refused)
    assert {o.retry_after for o in refused if isinstance(o, Unavailable)} == {RETRY_AFTER}
    assert gate.most == 2
    assert gate.calls == 66
    await pool.close()


async def test_A34_the_event_loop_goes_on_while_threads_are_busy(gate: Gate) -> None:
    pool = HashingPool(2, 4)
    calls = [asyncio.ensure_future(pool.run(gate.pass_through, n)) for n in range(4)]
    turns = 0
    while turns < 1_000:
        await asyncio.sleep(0)
        turns += 1
    assert not any(call.done() for call in calls)
    gate.open.set()
    assert await asyncio.gather(*calls) == [0, 1, 2, 3]
    await pool.close()


async def test_A34_whoever_goes_away_while_waiting_frees_a_place_and_is_never_called(gate: Gate) -> None:
    pool = HashingPool(1, 2)
    first, second, third = [asyncio.ensure_future(pool.run(gate.pass_through, n)) for n in range(3)]
    await until(lambda: pool.stats() == Stats(1, 2, 0))
    second.cancel()
    await asyncio.gather(second, return_exceptions=True)
    assert pool.stats() == Stats(1, 1, 0)
    fourth = asyncio.ensure_future(pool.run(gate.pass_through, 3))
    await until(lambda: pool.stats() == Stats(1, 2, 0))
    gate.open.set()
    assert await asyncio.gather(first, third, fourth) == [0, 2, 3]
    assert gate.calls == 3
    await pool.close()


async def test_A34_whoever_goes_away_while_it_runs_holds_its_place_until_the_thread_is_done(
    gate: Gate,
) -> None:
    """Else a client that hangs up again and again has as much memory used as it likes."""
    pool = HashingPool(1, 0)
    first = asyncio.ensure_future(pool.run(gate.pass_through, 1))
    await until(lambda: pool.stats().running == 1)
    first.cancel()
    await asyncio.gather(first, return_exceptions=True)
    with pytest.raises(Unavailable):
        await pool.run(gate.pass_through, 2)
    gate.open.set()
    await until(lambda: pool.stats().running == 0)
    assert await pool.run(gate.pass_through, 3) == 3
    await pool.close()


async def test_a_queue_of_nothing_serves_as_many_as_there_are_threads(gate: Gate) -> None:
    pool = HashingPool(2, 0)
    calls = [asyncio.ensure_future(pool.run(gate.pass_through, n)) for n in range(2)]
    await until(lambda: pool.stats().running == 2)
    with pytest.raises(Unavailable):
        await pool.run(gate.pass_through, 2)
    gate.open.set()
    await asyncio.gather(*calls)
    await pool.close()


async def test_closing_lets_finish_what_runs_and_refuses_the_rest(gate: Gate) -> None:
    pool = HashingPool(1, 5)
    calls = [asyncio.ensure_future(pool.run(gate.pass_through, n)) for n in range(4)]
    await until(lambda: pool.stats().running == 1)
    closing = asyncio.ensure_future(pool.close())
    await until(lambda: pool.stats().waiting == 0)
    assert not closing.done()
    gate.open.set()
    await closing
    outcomes = await asyncio.gather(*calls, return_exceptions=True)
    assert outcomes[0] == 0
    assert {getattr(o, "reason", o) for o in outcomes[1:]} == {"hashing_closed"}
    await pool.close()
    with pytest.raises(Unavailable) as caught:
        await pool.run(gate.pass_through, 9)
    assert caught.value.reason == "hashing_closed"


async def test_threads_end_when_nothing_waits_and_come_again(gate: Gate) -> None:
    gate.open.set()
    pool = HashingPool(2, 50)
    for _ in range(20):
        await asyncio.gather(*(pool.run(gate.pass_through, n) for n in range(20)))
    assert gate.most <= 2
    assert pool.stats() == Stats(0, 0, 0)
    await pool.close()


@pytest.mark.skipif(
    sys.platform != "linux", reason="only Linux gives a thread a priority of its own: run this there"
)
async def test_hashing_steps_back_for_others() -> None:
    def niceness() -> int:
        return os.getpriority(os.PRIO_PROCESS, threading.get_native_id())

    here = niceness()
    for low, expected in ((True, min(here + 10, 19)), (False, here)):
        pool = HashingPool(1, 1, low_priority=low)
        assert await pool.run(niceness) == expected
        await pool.close()
    assert niceness() == here
