"""A few connections, handed from one step to the next. Nothing here knows what they are used for.

Only the store's own tasks hold connections, never a caller's, so a caller that is cancelled leaves no
half-read answer behind. A connection that failed in any way is dropped and never used again.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TypeVar

from limen.clock import Seconds
from limen.errors import Unavailable
from limen.stores.postgres import faults
from limen.stores.postgres.connection import Connection

_T = TypeVar("_T")


class Pool:
    """At most `size` connections, made when needed; who waits longer than `patience` gets Unavailable."""

    def __init__(self, connect: Callable[[], Awaitable[Connection]], *, size: int, patience: Seconds) -> None:
        self._connect, self._size, self._patience = connect, size, patience
        self._idle: list[Connection] = []
        self._waiting: deque[asyncio.Future[Connection | None]] = deque()
        self._held = 0
        """Connections that exist or are being made."""
        self._closed = False

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Connection]:
        """A connection for one step. After a failure that leaves it in doubt it is dropped."""
        connection = self.idle() or await self._wait()
        try:
            yield connection
        except BaseException:
            connection.terminate()
            raise
        finally:
            self.release(connection)

    def idle(self) -> Connection | None:
        """A connection that can be had at once; whoever takes it must `release` it."""
        while self._idle:
            connection = self._idle.pop()
            if not connection.is_closed():
                return connection
            self._held -= 1
        return None

    def release(self, connection: Connection) -> None:
        """Give a connection back; one that is closed makes room for another."""
        if connection.is_closed() or self._closed:
            connection.terminate()
            self._vacate()
        elif not self._hand_on(connection):
            self._idle.append(connection)

    async def close(self) -> None:
        """Close what is idle, and what is in use as soon as it is given back."""
        self._closed = True
        idle, self._idle = self._idle, []
        self._held -= len(idle)
        await asyncio.gather(*(close(connection) for connection in idle))

    async def _wait(self) -> Connection:
        if self._held < self._size:
            self._held += 1
            return await self._make()
        turn: asyncio.Future[Connection | None] = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            async with asyncio.timeout(self._patience):
                connection = await turn
        except BaseException as error:
            self._give_up(turn)
            if isinstance(error, TimeoutError):
                raise Unavailable(
                    "too much is being asked of the database", reason="pool_exhausted"
                ) from error
            raise
        return connection or await self._make()

    async def _make(self) -> Connection:
        """Fill a place that is held already."""
        try:
            self._check_open()
            return await self._connect()
        except BaseException:
            self._vacate()
            raise

    def _check_open(self) -> None:
        if self._closed:
            raise faults.closed()

    def _give_up(self, turn: asyncio.Future[Connection | None]) -> None:
        """Stop waiting; what was handed over in the same moment goes on to the next."""
        if turn.cancelled() or not turn.done():
            turn.cancel()
        elif (connection := turn.result()) is not None:
            self.release(connection)
        else:
            self._vacate()

    def _vacate(self) -> None:
        """Leave a place to the one that has waited longest."""
        if not self._hand_on(None):
            self._held -= 1

    def _hand_on(self, connection: Connection | None) -> bool:
        """None hands on the place alone: its new holder makes a connection. False if nobody waits."""
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(connection)
                return True
        return False


async def prepared(connection: Connection, step: Awaitable[_T]) -> _T:
    """What a new connection's first step gives; where it fails, the connection ends with it."""
    try:
        return await step
    except BaseException:
        connection.terminate()
        raise


async def close(connection: Connection, *, within: Seconds = 1.0) -> None:
    """Say goodbye to the server, or drop the connection where it does not answer."""
    try:
        await connection.close(timeout=within)
    except Exception:  # noqa: BLE001 - whatever is wrong with it, it ends here
        connection.terminate()
