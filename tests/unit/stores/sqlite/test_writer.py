"""The writer: what gathers is one commit, each write fails alone, no answer comes before the commit."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from limen.errors import Unavailable
from limen.stores.sqlite.connection import open_writer
from limen.stores.sqlite.lock import FileLock
from limen.stores.sqlite.writer import GROUP_MAX, Undo, Writer
from support.faulty import Plan, factory

pytestmark = pytest.mark.anyio


def put(db: sqlite3.Connection, value: int) -> int:
    return db.execute("INSERT INTO t VALUES (?)", (value,)).rowcount


def fail(db: sqlite3.Connection, value: int) -> None:
    put(db, value)
    raise KeyError(value)


def undo(db: sqlite3.Connection, value: int) -> int:
    put(db, value)
    raise Undo(-value)


class Desk:
    """A writer over a table of one column, the plan of its connections, and its lock."""

    def __init__(self, path: Path) -> None:
        self.path, self.plan = path, Plan()
        self.lock = FileLock(path, patience=0.05)
        self.lock.open()
        self.writer = Writer(self.connect, self.lock)
        first = self.connect()
        first.execute("CREATE TABLE t (x INTEGER)")
        self.writer.start(first)
        self.plan.statements.clear()

    def connect(self) -> sqlite3.Connection:
        return open_writer(self.path, factory(self.plan), patience=0.05)

    def commits(self) -> int:
        return self.plan.statements.count("COMMIT")

    def held(self) -> list[int]:
        db = sqlite3.connect(self.path)
        try:
            return [x for (x,) in db.execute("SELECT x FROM t ORDER BY x")]
        finally:
            db.close()


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    desk = Desk(tmp_path / "a.db")
    yield desk
    await asyncio.to_thread(desk.writer.close)
    desk.lock.close()


async def test_what_one_turn_of_the_loop_hands_over_is_one_commit(desk: Desk) -> None:
    assert await asyncio.gather(*(desk.writer.do(put, n) for n in range(200))) == [1] * 200
    assert desk.commits() == 1
    assert desk.held() == list(range(200))


async def test_what_comes_while_a_group_is_written_is_the_next_group(desk: Desk) -> None:
    desk.lock.acquire()  # held by another process, as far as the writer knows
    first = asyncio.ensure_future(desk.writer.do(put, 0))
    await asyncio.sleep(0.01)
    rest = [asyncio.ensure_future(desk.writer.do(put, n)) for n in range(1, 50)]
    desk.lock.release()
    await asyncio.gather(first, *rest)
    assert desk.commits() <= 2


async def test_a_group_has_a_bound(desk: Desk) -> None:
    await asyncio.gather(*(desk.writer.do(put, n) for n in range(3 * GROUP_MAX)))
    assert desk.commits() == 3


async def test_a_write_that_fails_takes_back_its_own_and_nothing_else(desk: Desk) -> None:
    writes = [desk.writer.do(fail if n % 5 == 0 else put, n) for n in range(20)]
    outcomes = await asyncio.gather(*writes, return_exceptions=True)
    assert [n for n, o in enumerate(outcomes) if isinstance(o, KeyError)] == [0, 5, 10, 15]
    assert desk.held() == [n for n in range(20) if n % 5]
    assert desk.commits() == 1


async def test_a_write_may_take_itself_back_and_answer(desk: Desk) -> None:
    outcomes = await asyncio.gather(desk.writer.do(put, 1), desk.writer.do(undo, 2), desk.writer.do(put, 3))
    assert outcomes == [1, -2, 1]
    assert desk.held() == [1, 3]


async def test_D17_nothing_is_answered_before_the_commit(desk: Desk) -> None:
    desk.plan.fail(2)  # BEGIN and INSERT go through
    with pytest.raises(Unavailable):
        await desk.writer.do(put, 1)
    assert desk.plan.statements[-1] == "COMMIT"
    assert desk.held() == []
    desk.plan.recover()
    await desk.writer.do(put, 2)
    assert desk.held() == [2]


async def test_D17_a_connection_that_cannot_be_had_again_is_asked_for_at_each_group(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    desk.plan.fail(0)
    for n in range(3):
        with pytest.raises(Unavailable):
            await desk.writer.do(put, n)
    assert len(caplog.records) == 1, "the first failure is said, not each"
    desk.plan.recover()
    await desk.writer.do(put, 7)
    assert desk.held() == [7]


async def test_D16_all_that_wait_for_a_lock_in_vain_are_told_at_once(desk: Desk) -> None:
    desk.lock.acquire()
    blocker = FileLock(desk.path, patience=0.05)
    blocker.open()
    desk.lock.release()
    blocker.acquire()
    outcomes = await asyncio.gather(*(desk.writer.do(put, n) for n in range(600)), return_exceptions=True)
    assert {getattr(o, "reason", o) for o in outcomes} == {"lock_timeout"}
    blocker.release()
    blocker.close()
    assert await desk.writer.do(put, 1) == 1


async def test_S30_a_cancelled_caller_is_not_told_and_its_write_stays(desk: Desk) -> None:
    waiting = [asyncio.ensure_future(desk.writer.do(put, n)) for n in range(10)]
    await asyncio.sleep(0)
    for one in waiting[:5]:
        one.cancel()
    outcomes = await asyncio.gather(*waiting, return_exceptions=True)
    assert [isinstance(o, asyncio.CancelledError) for o in outcomes] == [True] * 5 + [False] * 5
    await desk.writer.do(put, 10)
    assert desk.held() == list(range(11))


async def test_callers_of_several_event_loops_are_each_answered(desk: Desk) -> None:
    answers: list[int] = []

    def elsewhere(value: int) -> None:
        async def main() -> int:
            return await desk.writer.do(put, value)

        answers.append(asyncio.run(main()))

    threads = [threading.Thread(target=elsewhere, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    await asyncio.gather(*(desk.writer.do(put, n) for n in range(4, 8)))
    await asyncio.to_thread(lambda: [thread.join() for thread in threads])
    assert answers == [1] * 4
    assert desk.held() == list(range(8))


async def test_a_caller_whose_loop_was_closed_harms_nobody(desk: Desk) -> None:
    async def hand_over() -> None:
        desk.writer.do(put, 1)
        await asyncio.sleep(0)

    desk.lock.acquire()
    await asyncio.to_thread(lambda: asyncio.run(hand_over()))
    desk.lock.release()
    assert await desk.writer.do(put, 2) == 1
    assert desk.held() == [1, 2]
