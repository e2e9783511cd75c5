"""Connections: how one is made, what each is set to, and what is asked of the server before it is trusted.

Behind a pooler in transaction mode each transaction may meet another session, so nothing of a session may be
relied on: there every statement goes inside a transaction that says itself how it is to be treated.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, cast

import asyncpg

from limen.clock import Seconds
from limen.errors import Misconfigured
from limen.stores.postgres.address import Address

_log = logging.getLogger("limen.stores")

OLDEST = 130_000
PATIENCE: Seconds = 5.0
"""How long a step may take, with whatever it has to wait for, before it is Unavailable."""
_WAITS = {"idle_in_transaction_session_timeout": 0.4, "lock_timeout": 0.6, "statement_timeout": 0.8}
"""What the server waits for, in shares of the patience: a process that was paused in the middle of a step is
cut off before those that wait for it give up, and the server gives up before we do. (On a commit that waits
for a standby it never does by itself.)"""
_WEAKER = ("off", "local", "remote_write")
_PROBE = """
SELECT current_setting('server_version_num')::int AS version, current_setting('server_encoding') AS encoding,
    pg_backend_pid() AS pid, current_schema() AS schema,
    current_setting('synchronous_commit') AS durability,
    current_setting('fsync') = 'off' OR current_setting('full_page_writes') = 'off' AS careless,
    current_setting('synchronous_standby_names') = '' AND EXISTS (SELECT FROM pg_stat_replication) AS lagging
"""
Row = Sequence[Any]


class Statement(Protocol):
    """What is used of asyncpg's prepared statement."""

    async def fetch(self, *args: Any) -> list[Row]: ...


class Connection(Protocol):
    """What is used of asyncpg's connection."""

    async def execute(self, query: str, *args: Any) -> str: ...
    async def fetch(self, query: str, *args: Any) -> list[Row]: ...
    async def fetchrow(self, query: str, *args: Any) -> Row | None: ...
    async def prepare(self, query: str) -> Statement: ...
    async def add_listener(self, channel: str, callback: Callable[..., None]) -> None: ...
    def add_termination_listener(self, callback: Callable[..., None]) -> None: ...
    async def close(self, *, timeout: float | None = None) -> None: ...  # noqa: ASYNC109 - the driver's
    def terminate(self) -> None: ...
    def is_closed(self) -> bool: ...
    def get_server_pid(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Found:
    """What the server said of itself at the start."""

    version: int
    encoding: str
    schema: str | None
    pooled: bool
    durability: str
    careless: bool
    lagging: bool


class Terms:
    """How this server is spoken to: made once, from the address and from what was found."""

    def __init__(self, address: Address, found: Found, *, patience: Seconds) -> None:
        self.pooled = found.pooled
        settings = {name: f"{int(patience * share * 1000)}ms" for name, share in _WAITS.items()}
        settings["jit"] = "off"
        if found.durability in _WEAKER:
            settings["synchronous_commit"] = "on"
        if address.schema is not None:
            settings["search_path"] = address.schema
        local = "".join(f"SET LOCAL {name} = '{value}'; " for name, value in settings.items())
        # READ WRITE overrules a default of the database, and is refused by a standby.
        self.begin = "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE; " + (local if self.pooled else "")
        session = {**settings, "default_transaction_isolation": "read committed"}
        self._address, self._settings = address, {} if self.pooled else session

    async def connect(self) -> Connection:
        """A connection on these terms, to the primary."""
        return await _connect(
            self._address,
            server_settings=self._settings or None,
            statement_cache_size=0 if self.pooled else 100,
        )

    async def connect_directly(self) -> Connection | None:
        """A connection that keeps its session, for listening; None where only a pooler can be reached."""
        if not self.pooled:
            return await self.connect()
        if self._address.direct is None:
            return None
        host, port = self._address.direct
        return await _connect(self._address, host=host, port=port, statement_cache_size=0)


async def connect_plainly(address: Address) -> Connection:
    """A connection about which nothing is known yet but that it is a primary's."""
    return await _connect(address, statement_cache_size=0)


async def probe(address: Address, connection: Connection) -> Found:
    """What the server says of itself. In a transaction, so that the answer is of one session."""
    async with asyncio.timeout(PATIENCE):
        await connection.execute("BEGIN ISOLATION LEVEL READ COMMITTED")
        if address.schema is not None:
            await connection.execute(f"SET LOCAL search_path = '{address.schema}'")
        row = cast("asyncpg.Record", await connection.fetchrow(_PROBE))
        await connection.execute("ROLLBACK")
    # A pooler hands out keys of its own, so that the process that it names is none of the server's.
    pooled = address.pooler if address.pooler is not None else row["pid"] != connection.get_server_pid()
    return Found(
        row["version"], row["encoding"], row["schema"], pooled, row["durability"],
        row["careless"], row["lagging"],
    )  # fmt: skip


def check(found: Found) -> None:
    """Misconfigured, in a sentence, unless this server will do; a warning where it may lose what it has."""
    if found.version < OLDEST:
        raise Misconfigured(
            f"PostgreSQL {found.version // 10_000} is too old; Limen needs {OLDEST // 10_000} or newer"
        )
    if found.encoding != "UTF8":
        raise Misconfigured(
            f"the database is encoded in {found.encoding}, which does not keep every text: create one with "
            "ENCODING 'UTF8'"
        )
    if found.schema is None:
        raise Misconfigured(
            "the PostgreSQL role's search_path leads to no schema: create it, or name one in the address "
            "(?schema=…)"
        )
    if found.careless:
        _log.warning("PostgreSQL runs without fsync or full_page_writes: a crash may lose the whole database")
    if found.lagging:
        _log.warning(
            "PostgreSQL has standbys and waits for none (synchronous_standby_names is empty): a failover may "
            "lose the last revocations"
        )


async def _connect(address: Address, **options: Any) -> Connection:
    connection = await asyncpg.connect(
        address.dsn, timeout=PATIENCE, target_session_attrs="primary", **options
    )
    return cast("Connection", connection)
