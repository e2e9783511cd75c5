"""What an operation does its work with: statements of one transaction, and events for the end of it."""

from __future__ import annotations

from typing import Any

from limen.revocations import Revocation
from limen.stores.postgres.connection import Connection, Row


class Step:
    """A transaction while it is open."""

    __slots__ = ("_connection", "appended", "wrote")

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.appended: list[Revocation] = []
        self.wrote = False
        """Whether anything is to be committed."""

    async def rows(self, sql: str, *values: Any) -> list[Row]:
        """What a statement that only reads, or locks, answers."""
        return await self._connection.fetch(sql, *values)

    async def row(self, sql: str, *values: Any) -> Row | None:
        """The first row of one that only reads, or locks."""
        return await self._connection.fetchrow(sql, *values)

    async def change(self, sql: str, *values: Any) -> int:
        """How many rows a statement changed."""
        tag = await self._connection.execute(sql, *values)
        count = int(tag.rpartition(" ")[2])
        self.wrote = self.wrote or count > 0
        return count

    async def changed(self, sql: str, *values: Any) -> list[Row]:
        """The rows that a statement changed, by its RETURNING."""
        rows = await self._connection.fetch(sql, *values)
        self.wrote = self.wrote or bool(rows)
        return rows

    def append(self, revocation: Revocation) -> Revocation:
        """Add an event to the feed. It gets its position at the end of the transaction, and so does the
        operation's answer wherever it holds this very event."""
        self.appended.append(revocation)
        self.wrote = True
        return revocation
