"""Opening a database and its parts. Everything here happens before anything is served."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

from limen.clock import Seconds
from limen.stores.base import Schema
from limen.stores.postgres import faults, schema, sessions, throttles
from limen.stores.postgres.address import Address
from limen.stores.postgres.connection import Connection, Found, Terms, check, connect_plainly, probe
from limen.stores.postgres.feed import FeedReader
from limen.stores.postgres.line import Line
from limen.stores.postgres.lookups import Lookups
from limen.stores.postgres.pool import Pool, close
from limen.stores.postgres.reader import Reader
from limen.stores.postgres.step import Step
from limen.stores.postgres.writer import Writer, one_by_one

_log = logging.getLogger("limen.stores")
_LANES = 4
_FORGET = "DELETE FROM limen_receipts WHERE lane = ANY "  # and the lanes, which are ids of ours


@dataclass(frozen=True, slots=True)
class Parts:
    """What an open store is made of."""

    pool: Pool
    begin: str
    """What opens a transaction."""
    reader: Reader
    line: Line | None
    """For lookups that are alone; None behind a pooler, where no statement stays ready."""
    lookups: Lookups
    writer: Writer[Step]
    throttler: Writer[throttles.Buckets]
    """Charges: one lane, so that those of one process never wait for each other."""
    feed: FeedReader

    async def close(self) -> None:
        """Finish what was begun, readers last."""
        for writer in (self.throttler, self.writer):
            await writer.close()
        await self._forget_receipts()
        await self.reader.close()
        if self.line is not None:
            await self.line.close()
        await self.feed.close()
        await self.pool.close()

    async def _forget_receipts(self) -> None:
        lanes = [*self.writer.lanes, *self.throttler.lanes]
        try:
            async with self.pool.connection() as connection:
                await connection.execute(f"{self.begin}{_FORGET}('{{{','.join(lanes)}}}'); COMMIT")
        except Exception as error:  # noqa: BLE001 - a sweep takes them in a day
            _log.warning("receipts stay behind for a day: %s", faults.name_of(error))


async def open_parts(address: Address, patience: Seconds) -> Parts:
    """Check, migrate, and open. Misconfigured or Unavailable in one sentence."""
    async with _plain(address) as connection:
        found = await probe(address, connection)
        check(found if address.schema is None else replace(found, schema=address.schema))
        await schema.migrate(connection, address)
        await schema.check_rights(connection, address)
    parts = _assemble(address, found, patience)
    await parts.feed.open()
    if parts.line is not None:
        await parts.line.open()
    return parts


async def migrate_only(address: Address) -> Schema:
    """Bring the schema up to date and let go again; what was applied by this call."""
    async with _plain(address) as connection:
        found = await probe(address, connection)
        check(found if address.schema is None else replace(found, schema=address.schema))
        return Schema(await schema.migrate(connection, address), ())


async def inspect(address: Address) -> Schema:
    """Which migrations the database has had and needs."""
    async with _plain(address) as connection:
        return await schema.inspect(connection, address)


def _assemble(address: Address, found: Found, patience: Seconds) -> Parts:
    terms = Terms(address, found, patience=patience)
    pool = Pool(terms.connect, size=address.connections, patience=patience)
    reader = Reader(pool, terms.begin if terms.pooled else None, patience=patience)
    line = None if terms.pooled else Line(terms.connect, sessions.BY_ID, patience=patience)
    return Parts(
        pool=pool,
        begin=terms.begin,
        reader=reader,
        line=line,
        lookups=Lookups(reader, line, patience=patience),
        writer=Writer(pool, terms.begin, lanes=_LANES, patience=patience, perform=one_by_one),
        throttler=Writer(pool, terms.begin, lanes=1, patience=patience, perform=throttles.perform),
        feed=FeedReader(terms.connect_directly, reader, reads_here=not terms.pooled, patience=patience),
    )


@asynccontextmanager
async def _plain(address: Address) -> AsyncIterator[Connection]:
    """A connection for the start alone, whose failures are explained."""
    try:
        connection = await connect_plainly(address)
        try:
            yield connection
        finally:
            await close(connection)
    except Exception as error:
        raise faults.at_start(error) from error
