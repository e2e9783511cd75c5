"""Reads: each one statement that sees one moment, asked of the primary, and asked again if the way was lost.

A read belongs to the store and not to its caller: a caller that is cancelled only stops listening, and the
answer that he no longer wants is still taken off the connection before anybody else uses it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from limen.clock import Seconds
from limen.errors import LimenError, Unavailable
from limen.stores.postgres import faults
from limen.stores.postgres.connection import Connection, Row
from limen.stores.postgres.pool import Pool
from limen.stores.postgres.writer import pause

_T = TypeVar("_T")


class Reader:
    """Reads on the pool's connections; behind a pooler in a transaction, so each is of one session."""

    def __init__(self, pool: Pool, begin: str | None, *, patience: Seconds) -> None:
        self._pool, self._begin, self._patience = pool, begin, patience
        self._tasks: set[asyncio.Task[Any]] = set()

    async def rows(self, sql: str, *values: Any) -> list[Row]:
        return await asyncio.shield(self.start(self.fetch(sql, *values)))

    async def row(self, sql: str, *values: Any) -> Row | None:
        found = await self.rows(sql, *values)
        return found[0] if found else None

    def start(self, work: Coroutine[Any, Any, _T]) -> asyncio.Task[_T]:
        """Run work that nobody's cancelling ends."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)
        return task

    async def close(self) -> None:
        """Finish what was begun."""
        while self._tasks:
            await asyncio.wait(self._tasks)

    async def fetch(self, sql: str, *values: Any) -> list[Row]:
        """What a statement answers; Unavailable where it cannot be had in time."""
        attempt, last = 0, "timeout"
        try:
            async with asyncio.timeout(self._patience):
                while True:
                    try:
                        async with self._pool.connection() as connection:
                            return await self._ask(connection, sql, values)
                    except LimenError:
                        raise
                    except Exception as error:
                        if not (faults.is_lost(error) or faults.is_contended(error)):
                            raise faults.unavailable(error) from error
                        attempt, last = attempt + 1, faults.name_of(error)
                    await asyncio.sleep(pause(attempt))
        except TimeoutError as error:
            raise Unavailable("the database does not answer", reason=last) from error

    async def _ask(self, connection: Connection, sql: str, values: tuple[Any, ...]) -> list[Row]:
        if self._begin is None:
            return await connection.fetch(sql, *values)
        await connection.execute(self._begin)
        found = await connection.fetch(sql, *values)
        await connection.execute("COMMIT")
        return found

    def _done(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled():
            task.exception()  # a caller that went away is no fault
