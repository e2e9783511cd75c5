"""Session lookups: the first goes at once, and all others of that turn of the event loop are one query.

There is no timer. Lookups gather until the loop has run everything that is ready, then they leave together;
while a few batches are on their way, the next one gathers.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from limen.clock import Seconds
from limen.errors import Unavailable
from limen.ids import SessionID
from limen.sessions import Session
from limen.stores.postgres import rows, sessions
from limen.stores.postgres.connection import Row
from limen.stores.postgres.line import Line
from limen.stores.postgres.reader import Reader

BATCH_MAX = 500
AT_ONCE = 2
"""Batches on their way: one that is answered while the other is asked. More would make them small."""
QUEUE_MAX = 50_000

_Waiters = list[asyncio.Future[Session | None]]


class Lookups:
    """Sessions by their ids."""

    def __init__(self, reader: Reader, line: Line | None, *, patience: Seconds) -> None:
        self._reader, self._line, self._patience = reader, line, patience
        self._waiting: dict[str, _Waiters] = {}
        self._called = False
        self._under_way = 0

    async def find(self, sid: SessionID) -> Session | None:
        """The session of this id, which is known to be an id."""
        line = self._line
        if line is not None and line.free and not self._waiting:
            found = await line.ask(sid)
            if found is not None:
                return _one(sid, found)
            return await self._within(line.left, sid)
        if self._under_way < AT_ONCE:
            return await self._gather(sid)
        return await self._within(self._patience, sid)

    async def _within(self, patience: Seconds, sid: SessionID) -> Session | None:
        """For whoever waits before the batch leaves, too: the reader's patience begins when it does."""
        try:
            async with asyncio.timeout(patience):
                return await self._gather(sid)
        except TimeoutError as error:
            raise Unavailable("the database does not answer", reason="timeout") from error

    def _gather(self, sid: SessionID) -> asyncio.Future[Session | None]:
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Session | None] = loop.create_future()
        if len(self._waiting) >= QUEUE_MAX:
            raise Unavailable("too much is being asked of the database", reason="queue_full")
        self._waiting.setdefault(sid, []).append(future)
        if not self._called:
            self._called = True
            loop.call_soon(self._dispatch)
        return future

    def _dispatch(self) -> None:
        self._called = False
        while self._waiting and self._under_way < AT_ONCE:
            batch = self._next()
            self._under_way += 1
            self._reader.start(self._look_up(batch))

    def _next(self) -> dict[str, _Waiters]:
        if len(self._waiting) <= BATCH_MAX:
            batch, self._waiting = self._waiting, {}
            return batch
        return {sid: self._waiting.pop(sid) for sid in list(self._waiting)[:BATCH_MAX]}

    async def _look_up(self, batch: dict[str, _Waiters]) -> None:
        try:
            _answer(batch, await self._ask(list(batch)))
            if self._line is not None and self._line.lost:
                self._reader.start(self._line.open())
        except Exception as error:  # noqa: BLE001 - whatever it is, the callers must hear of it
            _fail(batch, error)
        finally:
            self._under_way -= 1
            self._dispatch()

    async def _ask(self, sids: list[str]) -> list[Row]:
        if len(sids) == 1:
            return await self._reader.fetch(sessions.BY_ID, sids[0])
        return await self._reader.fetch(sessions.BY_IDS, sids)


def _one(sid: SessionID, found: list[Row]) -> Session | None:
    """The session of the one row, if it is the one that was asked for."""
    if not found:
        return None
    if str(found[0][0]) != sid:
        rows.mixed_up("limen_sessions")
        return None
    return rows.session(found[0], sid)


def _answer(batch: dict[str, _Waiters], found: Iterable[Row]) -> None:
    """Give each the row of the id that he asked for, whatever the order, and nobody a row of another."""
    for row in found:
        sid = str(row[0])
        waiters = batch.pop(sid, None)
        if waiters is None:
            rows.mixed_up("limen_sessions")
            continue
        session = rows.session(row, SessionID(sid))
        for future in waiters:
            if not future.done():
                future.set_result(session)
    for waiters in batch.values():
        for future in waiters:
            if not future.done():
                future.set_result(None)


def _fail(batch: dict[str, _Waiters], error: Exception) -> None:
    for waiters in batch.values():
        for future in waiters:
            if not future.done():
                future.set_exception(error)
                future.exception()  # a caller that went away is no fault
