"""D07: callers that are cancelled in the middle of a call, again and again: nobody gets another's answer."""

from __future__ import annotations

import asyncio
import gc
import random
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from limen.clock import Instant
from limen.errors import Unavailable
from limen.sessions import Session
from limen.stores.base import Opened, Rotated, Stale, Store
from limen.stores.redis.line import Line
from limen.throttle import Limit
from support import redis
from support.stores import IDLE, NOW, UNTIL, added, digest, make_session, opened

pytestmark = pytest.mark.anyio

KINDS = ("redis",)
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


class Thief:
    """Stands between, and takes the answer to the next question away, with the connection."""

    def __init__(self, port: int) -> None:
        self._port, self.steals, self.stolen = port, False, 0

    async def start(self) -> int:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    async def stop(self) -> None:
        self._server.close()
        await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        theirs, ours = await asyncio.open_connection("127.0.0.1", self._port)
        both = [asyncio.create_task(self._pass(reader, ours, False))]
        both.append(asyncio.create_task(self._pass(theirs, writer, True)))
        await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        for task in both:
            task.cancel()
        ours.close()
        writer.transport.abort()

    async def _pass(self, here: asyncio.StreamReader, there: asyncio.StreamWriter, answers: bool) -> None:
        while data := await here.read(1 << 16):
            if answers and self.steals:
                self.steals, self.stolen = False, self.stolen + 1
                return
            there.write(data)


async def test_D07_an_end_while_the_connection_is_made_leaves_no_answer_that_nobody_takes(
    server: redis.Server, opens: Opens, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = await opens(server.url)
    ask, unheard = Line.ask, list[dict[str, Any]]()
    asyncio.get_running_loop().set_exception_handler(lambda _, about: unheard.append(about))

    def asked(line: Line, *command: Any) -> asyncio.Future[Any]:
        if command[0] == "SCRIPT":
            making.cancel()
        return ask(line, *command)

    monkeypatch.setattr(Line, "ask", asked)
    making = asyncio.create_task(store._sessions._driver._connect())  # type: ignore[attr-defined]
    with pytest.raises(asyncio.CancelledError):
        await making
    await asyncio.sleep(0)
    gc.collect()
    assert unheard == []


async def test_D09_an_answer_that_was_lost_is_asked_for_again_and_nothing_is_done_twice(
    server: redis.Server, opens: Opens
) -> None:
    thief = Thief(server.port)
    store = await opens(f"redis://127.0.0.1:{await thief.start()}")
    account = await added(store)
    session, other = await opened(store, account), await opened(store, account)
    for turn in range(1, 11):
        spent, fresh = digest((session.id, turn - 1)), digest((session.id, turn))
        thief.steals = True
        answer = await store.rotate(session.id, spent, fresh, now=NOW, idle=IDLE)
        assert isinstance(answer, Stale)
        assert (answer.session.digest, answer.session.generation) == (fresh, turn)
    thief.steals = True
    new = make_session(account, at=NOW + 1)
    assert await store.open_session(new, limit=None, until=UNTIL, now=NOW) == Opened(())
    thief.steals = True
    event = await store.revoke_session(other.id, account=None, now=NOW, until=UNTIL, why="w")
    assert event is not None
    thief.steals = True
    cut = await store.revoke_account(account.id, now=NOW, until=UNTIL, why="w")
    assert (await store.read_feed(0, now=NOW)).revocations == (event, cut)
    thief.steals = True
    with pytest.raises(Unavailable):
        await store.charge([("a", Limit(free=1))], now=NOW)
    assert thief.stolen == 14
    await store.close()
    await thief.stop()
