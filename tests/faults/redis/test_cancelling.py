"""D07: callers that are cancelled in the middle of a call, again and again: nobody gets another's answer."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable

import pytest

from limen.clock import Instant
from limen.sessions import Session
from limen.stores.base import Rotated, Stale, Store
from support import redis
from support.stores import IDLE, NOW, added, digest, opened

pytestmark = pytest.mark.anyio

Opens = Callable[..., Awaitable[Store]]
CANCELLED = 12_000


async def test_D07_S30_of_many_cancelled_lookups_no_answer_goes_astray(
    server: redis.Server, opens: Opens
) -> None:
    store, chance = await opens(server.url), random.Random(7)
    account = await added(store)
    held = [await opened(store, account, at=NOW + n) for n in range(50)]
    cancelled = 0
    while cancelled < CANCELLED:
        wanted = chance.choices(held, k=100)
        lookups = [asyncio.ensure_future(store.session(s.id)) for s in wanted]
        for _ in range(chance.randrange(4)):
            await asyncio.sleep(0)
        for lookup in lookups[::2]:
            cancelled += lookup.cancel()
        found = await asyncio.gather(*lookups, return_exceptions=True)
        for session, answer in zip(wanted, found, strict=True):
            assert answer == session or isinstance(answer, asyncio.CancelledError)
        assert found[1] == wanted[1]


async def test_D07_S30_a_cancelled_rotation_is_a_whole_one(server: redis.Server, opens: Opens) -> None:
    store, chance = await opens(server.url), random.Random(8)
    account = await added(store)
    heads = {s.id: s for s in [await opened(store, account, at=NOW + n) for n in range(50)]}
    for turn in range(1, 61):
        now = Instant(NOW + turn / 10)
        tasks = [
            asyncio.ensure_future(store.rotate(s.id, s.digest, digest((s.id, turn)), now=now, idle=IDLE))
            for s in heads.values()
        ]
        await asyncio.sleep(0)
        for task in chance.sample(tasks, 25):
            task.cancel()
        answers = await asyncio.gather(*tasks, return_exceptions=True)
        for sid, answer in zip(list(heads), answers, strict=True):
            heads[sid] = await _whole(store, sid, answer, turn)


async def _whole(store: Store, sid: str, answer: object, turn: int) -> Session:
    found = await store.session(sid)  # type: ignore[arg-type]
    assert found is not None
    assert (found.digest, found.generation) == (digest((sid, turn)), turn)
    assert isinstance(answer, asyncio.CancelledError) or answer == Rotated(found)
    return found


async def test_D07_cancelled_while_the_connection_is_made_leaves_it_to_the_others(
    server: redis.Server, opens: Opens
) -> None:
    store = await opens(server.url)
    session = await opened(store, await added(store))
    for _ in range(20):
        server.ask("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
        lookups = [asyncio.ensure_future(store.session(session.id)) for _ in range(10)]
        await asyncio.sleep(0)
        lookups[0].cancel()
        await asyncio.sleep(0)
        lookups[1].cancel()
        answers = await asyncio.gather(*lookups, return_exceptions=True)
        assert answers[2:] == [session] * 8


async def test_D09_an_answer_that_was_lost_is_asked_for_again_and_nothing_is_done_twice(
    server: redis.Server, opens: Opens
) -> None:
    """The connection dies between the step and its answer, as often as chance has it."""
    store = await opens(server.url)
    account = await added(store)
    session = await opened(store, account)
    for turn in range(1, 40):
        spent, fresh = digest((session.id, turn - 1)), digest((session.id, turn))
        rotation = asyncio.ensure_future(store.rotate(session.id, spent, fresh, now=NOW, idle=IDLE))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        server.ask("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
        answer = await rotation
        assert isinstance(answer, Rotated | Stale)
        assert (answer.session.digest, answer.session.generation) == (fresh, turn)
