"""A connection kept for lookups that are alone, its statement ready: what is left is the way and back.

The caller waits for the driver himself, without a task or a timer between, which would cost as much as a
third of the way. The price: a caller that is cancelled meanwhile takes the connection with him, because its
answer is still to come. It is made anew, but not at once, so that a thousand that give up cost one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from limen import ids
from limen.clock import Seconds
from limen.errors import Unavailable
from limen.stores.postgres.connection import Connection, Row
from limen.stores.postgres.pool import close, prepared

_REST: Seconds = 1.0


class Line:
    """Asks one thing at a time. `free`: whether it can be asked now."""

    def __init__(
        self, connect: Callable[[], Awaitable[Connection]], statement: str, *, patience: Seconds
    ) -> None:
        self._connect, self._statement, self._patience = connect, statement, patience
        self._connection: Connection | None = None
        self._fetch: Callable[[str], Awaitable[list[Row]]]
        self._since, self._rest_until = 0.0, 0.0
        self._watch: asyncio.TimerHandle | None = None
        self._opening = False
        self.free = False

    @property
    def lost(self) -> bool:
        """Whether there is no connection, so that it is time to `open` it."""
        return self._connection is None

    @property
    def left(self) -> Seconds:
        """What is left of the patience of the question that was asked last."""
        return self._since + self._patience - asyncio.get_running_loop().time()

    async def open(self) -> None:
        """Have a connection, if one can be had. Never raises: without it, lookups go another way."""
        loop = asyncio.get_running_loop()
        if self._connection is not None or self._opening or loop.time() < self._rest_until:
            return
        self._opening = True
        try:
            connection = await self._connect()
            self._fetch = await prepared(connection, _ready(connection, self._statement))
        except Exception:  # noqa: BLE001 - whatever it is, the pool will meet it and say so
            self._rest_until = loop.time() + _REST
        else:
            self._connection, self.free = connection, True
        finally:
            self._opening = False

    async def ask(self, value: str) -> list[Row] | None:
        """What the statement answers; None if the connection was lost, Unavailable if it stays silent."""
        loop = asyncio.get_running_loop()
        self.free, self._since = False, loop.time()
        if self._watch is None:
            self._watch = loop.call_later(self._patience, self._check)
        try:
            found = await self._fetch(value)
        except asyncio.CancelledError:
            self._drop(rest=_REST)
            raise
        except Exception as error:
            silent = self.left <= 0
            self._drop(rest=0.0)
            if silent:
                raise Unavailable("the database does not answer", reason="timeout") from error
            return None
        self.free = True
        return found

    async def close(self) -> None:
        """Nothing is being opened any more: the reader, which does that, is closed before."""
        self.free, self._rest_until = False, float("inf")
        if self._watch is not None:
            self._watch.cancel()
        connection, self._connection = self._connection, None
        if connection is not None:
            await close(connection)

    def _check(self) -> None:
        """One timer for many questions: cut the connection if the present one has waited for too long."""
        self._watch = None
        if self.free or self._connection is None:
            return
        left = self.left
        if left <= 0:
            self._connection.terminate()
        else:
            self._watch = asyncio.get_running_loop().call_later(left, self._check)

    def _drop(self, *, rest: Seconds) -> None:
        connection, self._connection = self._connection, None
        self._rest_until = asyncio.get_running_loop().time() + rest
        if connection is not None:
            connection.terminate()


async def _ready(connection: Connection, statement: str) -> Callable[[str], Awaitable[list[Row]]]:
    """The statement, asked once: the driver leaves a transaction open when it has one described, and the
    first answer could be of that moment."""
    fetch = (await connection.prepare(statement)).fetch
    await fetch(ids.NIL)
    return fetch
