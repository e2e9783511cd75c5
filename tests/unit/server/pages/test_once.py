"""A form that comes twice is carried out once (B11)."""

from __future__ import annotations

import asyncio

import pytest

from limen.errors import Rejected
from limen.server.pages.once import REMEMBERED, Once
from limen.server.wire import Answer
from limen.testing import TurnableClock

pytestmark = pytest.mark.anyio


class Act:
    """Something that is done, and counts how often."""

    def __init__(self, status: int = 303) -> None:
        self.times, self.status, self.go = 0, status, asyncio.Event()

    async def __call__(self) -> Answer:
        self.times += 1
        await self.go.wait()
        return Answer(self.status, str(self.times).encode())


async def test_B11_two_at_once_are_one() -> None:
    once, act = Once(TurnableClock()), Act()
    both = [asyncio.ensure_future(once.do(b"form", act)) for _ in range(5)]
    await asyncio.sleep(0)
    act.go.set()
    assert {answer.body for answer in await asyncio.gather(*both)} == {b"1"}
    assert act.times == 1


async def test_B11_the_second_gets_the_answer_of_the_first_for_a_moment() -> None:
    clock = TurnableClock()
    once, act = Once(clock), Act()
    act.go.set()
    await once.do(b"form", act)
    assert (await once.do(b"form", act)).body == b"1"
    clock.turn(REMEMBERED + 0.1)
    assert (await once.do(b"form", act)).body == b"2"


async def test_another_form_is_another() -> None:
    once, act = Once(TurnableClock()), Act()
    act.go.set()
    await once.do(b"form", act)
    assert (await once.do(b"another", act)).body == b"2"


async def test_what_was_not_done_may_be_tried_again_at_once() -> None:
    once, act = Once(TurnableClock()), Act(422)
    act.go.set()
    await once.do(b"form", act)
    assert (await once.do(b"form", act)).body == b"2"

    async def refuse() -> Answer:
        raise Rejected("no", code="invalid_request")

    for _ in range(2):
        with pytest.raises(Rejected):
            await once.do(b"bad", refuse)


async def test_B11_a_browser_that_hangs_up_stops_nothing() -> None:
    once, act = Once(TurnableClock()), Act()
    first = asyncio.ensure_future(once.do(b"form", act))
    await asyncio.sleep(0)
    first.cancel()
    second = asyncio.ensure_future(once.do(b"form", act))
    await asyncio.sleep(0)
    act.go.set()
    assert (await second).body == b"1"
    assert act.times == 1
