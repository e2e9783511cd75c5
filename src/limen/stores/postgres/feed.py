"""Reading the feed, and hearing that it has grown.

Where the server can be reached without a pooler, one connection is kept for this alone: it listens, and it
reads, so that neither waits for anybody else's work. Elsewhere reads go through the pool, and hearing is
replaced by asking again.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

from limen.clock import Instant, Seconds
from limen.revocations import Page
from limen.stores.postgres import faults, rows
from limen.stores.postgres.connection import Connection, Row
from limen.stores.postgres.events import CHANNEL
from limen.stores.postgres.pool import close, prepared
from limen.stores.postgres.reader import Reader

_REST: Seconds = 1.0
"""Between two attempts to listen."""
_log = logging.getLogger("limen.stores")
_EVENTS = ", ".join(f"r.{name.strip()}" for name in rows.REVOCATION.split(","))
_AFTER = f"""
SELECT s.position, s.ring, greatest(
    CASE WHEN s.swept > $1 THEN s.forgotten ELSE 0 END,
    (SELECT max(o.until) FROM limen_revocations AS o WHERE o.position > $1 AND o.until <= $2)
), {_EVENTS} FROM limen_state AS s
LEFT JOIN limen_revocations AS r ON r.position > $1 AND r.until > $2 ORDER BY r.position
"""  # noqa: S608 - a constant of ours
"""Position, ring, what is left out, and the events, all of one moment."""


class FeedReader:
    """`reads_here`: whether reads may go through the connection that listens."""

    def __init__(
        self,
        connect: Callable[[], Awaitable[Connection | None]],
        reader: Reader,
        *,
        reads_here: bool,
        patience: Seconds,
    ) -> None:
        self._connect, self._reader, self._reads_here, self._patience = connect, reader, reads_here, patience
        self._connection: Connection | None = None
        self._busy = asyncio.Lock()
        self._news = asyncio.Event()
        self._highest = 0
        self._warned = False
        self._rest_until = 0.0

    async def open(self) -> None:
        """Listen, if that can be had just now."""
        async with self._busy:
            await self._listen()

    async def close(self) -> None:
        connection, self._connection = self._connection, None
        self._rest_until = float("inf")
        if connection is not None:
            await close(connection)

    async def read(self, after: int, now: Instant) -> Page:
        if not self._reads_here:
            return _page(await self._reader.rows(_AFTER, after, now))
        return _page(await asyncio.shield(self._reader.start(self._read(after, now))))

    async def wait(self, after: int, *, every: Seconds, at_most: Seconds) -> None:
        """Return when there may be something after this position."""
        if self._connection is None or self._connection.is_closed():
            await asyncio.sleep(every)
            async with self._busy:
                await self._listen()
            return
        if self._highest > after:
            return
        news = self._news
        try:
            async with asyncio.timeout(at_most):
                await news.wait()
        except TimeoutError:
            return

    async def _read(self, after: int, now: Instant) -> list[Row]:
        """On the connection that listens, or where it cannot be had through the pool."""
        try:
            async with self._busy, asyncio.timeout(self._patience):
                await self._listen()
                if self._connection is not None:
                    return await self._connection.fetch(_AFTER, after, now)
        except Exception as error:  # noqa: BLE001 - whatever it was, the pool is another way
            self._drop(error)
        return await self._reader.fetch(_AFTER, after, now)

    async def _listen(self) -> None:
        """Have a connection that listens, unless there is none to be had. Never raises."""
        if self._connection is not None and not self._connection.is_closed():
            return
        loop = asyncio.get_running_loop()
        self._connection = None
        if loop.time() < self._rest_until:
            return
        self._rest_until = loop.time() + _REST
        try:
            connection = await self._connect()
            if connection is not None:
                await prepared(connection, connection.add_listener(CHANNEL, self._hear))
                connection.add_termination_listener(self._awake)
        except Exception as error:  # noqa: BLE001 - the feed is read all the same, only later
            self._warn(error)
        else:
            self._connection, self._warned, self._rest_until = connection, False, 0.0
            self._highest = 0  # this server may lack what was heard from another

    def _hear(self, connection: object, pid: int, channel: str, payload: str) -> None:
        if payload.isascii() and payload.isdigit():
            self._highest = max(self._highest, int(payload))
        self._awake()

    def _awake(self, *_: object) -> None:
        news, self._news = self._news, asyncio.Event()
        news.set()

    def _drop(self, error: Exception) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.terminate()
        self._warn(error)

    def _warn(self, error: Exception) -> None:
        if not self._warned:
            self._warned = True
            _log.warning(
                "PostgreSQL does not call when the feed grows, it is asked for: %s", faults.name_of(error)
            )


def _page(found: list[Row]) -> Page:
    if not found:
        return Page((), 0, 0)
    position, ring, forgotten = found[0][:3]
    events = rows.readable(rows.revocation, (tuple(row[3:]) for row in found if row[3] is not None))
    return Page(tuple(events), position, ring, forgotten)
