"""Stores: one contract (`base`), several engines. `open_store` loads the one whose address it is given."""

from __future__ import annotations

from typing import TYPE_CHECKING

from limen.errors import Misconfigured
from limen.stores.base import Store

if TYPE_CHECKING:
    from limen.stores.redis.following import RedisFeed

_FORMS = (
    "memory:// (for tests), sqlite:///relative.db, sqlite:////absolute.db or "
    "postgresql://user:password@host/database"
)


def open_store(url: str, sessions: str = "") -> Store:
    """The store at this address, not started yet. Misconfigured where there is no such engine.

    `sessions` is the address of a Redis or Valkey that keeps sessions, feed and throttles beside it.
    """
    if sessions:
        return _split(_single(url), sessions)
    return _single(url)


def open_feed(url: str) -> RedisFeed:
    """The feed in the `session_store` of an issuer, to be followed and nothing else."""
    try:
        from limen.stores.redis.following import RedisFeed
    except ModuleNotFoundError as error:
        raise Misconfigured("a feed in Redis needs the driver: pip install 'limen[redis]'") from error
    return RedisFeed(url)


def _single(url: str) -> Store:
    scheme, separator, rest = url.partition("://")
    match scheme if separator else "":
        case "memory" if not rest:
            from limen.stores.memory import MemoryStore

            return MemoryStore()
        case "sqlite" if rest.startswith("/") and len(rest) > 1:
            return _sqlite(rest[1:])
        case "sqlite":
            raise Misconfigured(
                "a SQLite address names a file: sqlite:///relative.db or sqlite:////absolute.db"
            )
        case "postgresql" | "postgres":
            return _postgres(url)
    raise Misconfigured(f"no store has addresses that begin like {url.split(':')[0]!r}; there are {_FORMS}")


def _sqlite(path: str) -> Store:
    if path.startswith((":memory:", "file:")):
        raise Misconfigured("SQLite keeps sessions in a file, for several processes; for tests use memory://")
    if any(mark in path for mark in "?#\0"):
        raise Misconfigured("a SQLite address is a path and nothing else: it takes no options")
    from limen.stores.sqlite import SQLiteStore

    return SQLiteStore(path)


def _split(accounts: Store, sessions: str) -> Store:
    from limen.stores.memory import MemoryStore
    from limen.stores.split import SplitStore

    if isinstance(accounts, MemoryStore):
        raise Misconfigured("memory:// forgets accounts that session_store would remember the sessions of")
    try:
        from limen.stores.redis import RedisStore
    except ModuleNotFoundError as error:
        raise Misconfigured("session_store needs the driver: pip install 'limen[redis]'") from error
    return SplitStore(accounts, RedisStore(sessions))


def _postgres(url: str) -> Store:
    try:
        from limen.stores.postgres import PostgresStore  # only who uses it needs its driver
    except ModuleNotFoundError as error:
        if error.name != "asyncpg":
            raise
        raise Misconfigured("PostgreSQL needs its driver: pip install 'limen[postgres]'") from error
    return PostgresStore(url)
