"""Where a run keeps its data: real servers, and what can happen to each."""

from __future__ import annotations

import asyncio
import signal
import sqlite3
import time
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable
from contextlib import closing
from pathlib import Path

from support import redis, servers
from support.verifying import Wire

Ends = Callable[[], Awaitable[bool]]
"""Ends somebody's session; whether that was acknowledged."""
Happens = Callable[[Ends, float], Awaitable[None]]
"""A fault: it is given what ends somebody, and how long it may last. When it returns it is mended."""


class Home(ABC):
    """A store, by its addresses, and its faults by their names."""

    database = ""
    session_store = ""
    losing: frozenset[str] = frozenset()
    """Faults in which what was acknowledged may be lost."""
    ending: frozenset[str] = frozenset()
    """Faults after which all sessions may have ended."""
    long: frozenset[str] = frozenset()
    """Faults that take long."""

    def faults(self) -> dict[str, Happens]:
        return {}

    @abstractmethod
    async def start(self) -> None: ...

    @abstractmethod
    async def close(self) -> None: ...


class SQLiteHome(Home):
    """One file that all processes share."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "limen.db"
        self.database = f"sqlite:///{self._path}"

    def faults(self) -> dict[str, Happens]:
        return {"file locked": self._lock}

    async def start(self) -> None: ...

    async def close(self) -> None: ...

    async def _lock(self, ends: Ends, seconds: float) -> None:
        """Another program, which knows nothing of Limen, holds SQLite's own lock."""
        with closing(sqlite3.connect(self._path, isolation_level=None, timeout=0.2)) as other:
            end = time.monotonic() + seconds
            while time.monotonic() < end:
                try:
                    other.execute("BEGIN IMMEDIATE")
                except sqlite3.OperationalError:
                    await asyncio.sleep(0.01)
                    continue
                await asyncio.sleep(end - time.monotonic())
                other.execute("ROLLBACK")
                return


class PostgresHome(Home):
    """A primary and a standby that its commits wait for, each behind a wire; both are named in the address.

    `lossy`: nobody waits for the standby, which docs/postgres.md says what it costs.
    """

    def __init__(self, folder: Path, *, lossy: bool = False) -> None:
        self._lossy = lossy
        self.losing = frozenset({"failover"} if lossy else ())

    def faults(self) -> dict[str, Happens]:
        return {
            "failover": self._fail_over,
            "primary crashed": self._crash,
            "connections ended": self._terminate,
            "database cut": self._wired("cut"),
            "database held": self._wired("held"),
            "database slow": self._wired("slow"),
            "commits unanswered": self._wired("answers held", then_cut=True),
        }

    async def start(self) -> None:
        servers.need("pg_basebackup", "PostgreSQL", "postgresql")
        self._primary = await asyncio.to_thread(servers.Postgres.made, servers.place())
        if not self._lossy:
            self._sql(self._primary, "ALTER SYSTEM SET synchronous_standby_names = '*'")
        self._standby = await asyncio.to_thread(self._primary.standby, servers.place())
        self._sql(self._primary, "SELECT pg_reload_conf()")
        self._wires = {server: Wire(server.port) for server in (self._primary, self._standby)}
        for wire in self._wires.values():
            await wire.__aenter__()
        hosts = ",".join(f"127.0.0.1:{wire.port}" for wire in self._wires.values())
        self.database = f"postgresql://{servers.USER}@{hosts}/{servers.DATABASE}?sslmode=disable"

    async def close(self) -> None:
        for wire in self._wires.values():
            await wire.__aexit__()
        for server in (self._standby, self._primary):
            await asyncio.to_thread(server.stop, signal.SIGQUIT)

    def _wired(self, mode: str, *, then_cut: bool = False) -> Happens:
        async def happens(ends: Ends, seconds: float) -> None:
            for wire in self._wires.values():
                wire.turn(mode)
            await asyncio.sleep(seconds)
            for wire in self._wires.values():
                if then_cut:
                    wire.turn("cut")
                wire.turn("open")

        return happens

    async def _terminate(self, ends: Ends, seconds: float) -> None:
        others = "pid <> pg_backend_pid() AND backend_type = 'client backend'"
        end = time.monotonic() + seconds / 2
        while time.monotonic() < end:
            query = f"SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE {others}"
            await asyncio.to_thread(self._sql, self._primary, query)
            await asyncio.sleep(0.2)

    async def _crash(self, ends: Ends, seconds: float) -> None:
        await ends()
        await asyncio.to_thread(self._primary.stop, signal.SIGQUIT)
        await asyncio.sleep(seconds / 4)
        await asyncio.to_thread(self._primary.start)

    async def _fail_over(self, ends: Ends, seconds: float) -> None:
        """The standby lags behind; the primary dies right after it has acknowledged a revocation."""
        old, new = self._primary, self._standby
        await asyncio.to_thread(self._lag, old, new)
        await asyncio.sleep(seconds / 4)
        await ends()
        await asyncio.to_thread(old.stop, signal.SIGQUIT)
        await asyncio.to_thread(new.sql, "postgres", "SELECT pg_promote()")
        fresh = await asyncio.to_thread(new.standby, servers.place())
        wire = self._wires.pop(old)
        wire._to = fresh.port
        self._wires[fresh], self._primary, self._standby = wire, new, fresh

    def _lag(self, primary: servers.Postgres, standby: servers.Postgres) -> None:
        """It has what is written and shows none of it; where nobody waits for it, it has nothing more."""
        if not self._lossy:
            self._sql(standby, "SELECT pg_wal_replay_pause()")
            return
        end = self._sql(primary, "SELECT pg_current_wal_lsn()")
        redis.until(lambda: self._sql(standby, f"SELECT pg_last_wal_replay_lsn() >= '{end}'") == "t")
        standby.sql("postgres", "ALTER SYSTEM SET primary_conninfo = ''", "SELECT pg_reload_conf()")

    def _sql(self, server: servers.Postgres, *statements: str) -> str:
        return server.sql("postgres", *statements)


class RedisHome(Home):
    """Accounts in PostgreSQL; sessions in Redis, a master with its replica under three Sentinels.

    `lossy`: nothing waits for a replica, which docs/redis.md says what it costs.
    """

    def __init__(self, folder: Path, *, lossy: bool = False) -> None:
        self._lossy = lossy
        self.ending = frozenset(self.faults() if lossy else ())  # any of them may lead to a failover
        self.long = frozenset({"master deposed"})  # the Sentinels take ten seconds to tell it so
        self._options = f"?replicas={0 if lossy else 1}&replicas_wait=0.5"

    def faults(self) -> dict[str, Happens]:
        return {
            "failover": self._fail_over,
            "master deposed": self._depose,
            "master paused": self._pause,
            "replica paused": self._pause_replica,
            "redis connections ended": self._disconnect,
            "accounts cut": self._cut,
        }

    async def start(self) -> None:
        servers.need("initdb", "PostgreSQL", "postgresql")
        redis.require("redis")
        self._postgres = await asyncio.to_thread(servers.Postgres.made, servers.place())
        self._wire = Wire(self._postgres.port)
        await self._wire.__aenter__()
        self.database = self._postgres.tcp(port=self._wire.port)
        self._group = await asyncio.to_thread(redis.Sentinels)
        self.session_store = self._group.url + self._options

    async def close(self) -> None:
        await self._wire.__aexit__()
        await asyncio.to_thread(self._group.destroy)
        await asyncio.to_thread(self._postgres.stop, signal.SIGQUIT)

    @property
    def _nodes(self) -> list[redis.Server]:
        return [self._group.master, *self._group.replicas]

    def _named(self) -> redis.Server | None:
        """The master, where all Sentinels agree on it."""
        ports = {sentinel.named() for sentinel in self._group.watching}
        return next((node for node in self._nodes if ports == {node.port}), None)

    def _master(self, other_than: redis.Server | None = None) -> redis.Server:
        """Whom all Sentinels name, once they do."""
        found: list[redis.Server] = []

        def is_named() -> bool:
            named = self._named()
            found.extend([named] if named not in (None, other_than) else [])
            return bool(found)

        redis.until(is_named, within=60.0)
        return found[0]

    async def _fail_over(self, ends: Ends, seconds: float) -> None:
        """The master dies right after it has acknowledged a revocation."""
        old = await asyncio.to_thread(self._master)
        if self._lossy:
            for node in self._nodes:
                if node is not old:
                    node.ask("REPLICAOF", "127.0.0.1", str(redis.free_port()))
            await asyncio.sleep(seconds / 8)
        await ends()
        await asyncio.to_thread(old.kill)
        new = await asyncio.to_thread(self._master, old)
        # It is empty, or old, and must not be promoted before it has what the other has.
        old.options = ("--replicaof", "127.0.0.1", str(new.port), "--replica-priority", "0")
        await asyncio.to_thread(old.start)
        await self._followed()
        await asyncio.to_thread(old.ask, "CONFIG", "SET", "replica-priority", "100")

    async def _depose(self, ends: Ends, seconds: float) -> None:
        """The master stands still until another has taken its place, and then goes on as if it were one."""
        old = await asyncio.to_thread(self._master)
        old.pause()
        try:
            await asyncio.to_thread(self._master, old)
        finally:
            old.resume()
        await self._followed()

    async def _followed(self) -> None:
        """Until the other follows the master, whoever that is by then."""

        def is_followed() -> bool:
            master = self._named()
            return master is not None and "state=online" in master.ask("INFO", "replication")

        await asyncio.to_thread(redis.until, is_followed, within=60.0)

    async def _pause(self, ends: Ends, seconds: float) -> None:
        """Not for long enough to be replaced."""
        master = await asyncio.to_thread(self._master)
        master.pause()
        await asyncio.sleep(0.4)
        master.resume()

    async def _pause_replica(self, ends: Ends, seconds: float) -> None:
        """So that nothing can be confirmed."""
        master = await asyncio.to_thread(self._master)
        (other,) = (node for node in self._nodes if node is not master)
        other.pause()
        await asyncio.sleep(seconds)
        other.resume()

    async def _disconnect(self, ends: Ends, seconds: float) -> None:
        """Those of the Sentinels too, who may well give the master up while it goes on serving."""
        master = await asyncio.to_thread(self._master)
        end = time.monotonic() + seconds / 2
        while time.monotonic() < end:
            await asyncio.to_thread(master.ask, "CLIENT", "KILL", "TYPE", "normal")
            await asyncio.sleep(0.2)

    async def _cut(self, ends: Ends, seconds: float) -> None:
        self._wire.turn("cut")
        await asyncio.sleep(seconds)
        self._wire.turn("open")


HOMES: dict[str, Callable[..., Home]] = {
    "sqlite": lambda folder, lossy: SQLiteHome(folder),
    "postgres": lambda folder, lossy: PostgresHome(folder, lossy=lossy),
    "redis": lambda folder, lossy: RedisHome(folder, lossy=lossy),
}
