"""Every store, and the records that its tests keep in it. A new store is one line in HOMES."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from limen import ids
from limen.accounts import Account
from limen.clock import Instant
from limen.ids import AccountID, SessionID
from limen.letters import Posted
from limen.sessions import Digest, Session, StrategyName
from limen.stores import open_store
from limen.stores.base import Store
from limen.tickets import Purpose, Ticket
from support import redis, servers

NOW = Instant(1_800_000_000.0)
IDLE = 600.0
ABSOLUTE = 3_600.0
UNTIL = Instant(NOW + 1_020)

_counter = itertools.count()


@dataclass(frozen=True)
class Home:
    """Where the data of one store lies: each `open` gives a store over the same data, not started."""

    name: str
    open: Callable[[], Store]


def memory_home(_: Path) -> Home:
    one = open_store("memory://")
    return Home("memory", lambda: one)


def sqlite_home(folder: Path) -> Home:
    return Home("sqlite", lambda: open_store(f"sqlite:///{folder}/limen.db"))


def redis_home(folder: Path) -> Home:
    """Accounts in SQLite, sessions in a Redis that others use too."""
    sessions = f"{redis.shared('redis').url}?prefix={redis.prefix()}"
    return Home("redis", lambda: open_store(f"sqlite:///{folder}/limen.db", sessions))


def valkey_home(_: Path) -> Home:
    """Accounts in PostgreSQL, sessions in Valkey."""
    url = servers.postgres().url(schema=servers.new_schema())
    sessions = f"{redis.shared('valkey').url}?prefix={redis.prefix()}"
    return Home("valkey", lambda: open_store(url, sessions))


def postgres_home(_: Path) -> Home:
    url = servers.postgres().url(schema=servers.new_schema())
    return Home("postgres", lambda: open_store(url))


def pgbouncer_home(_: Path) -> Home:
    url = servers.pgbouncer().url(schema=servers.new_schema())
    return Home("pgbouncer", lambda: open_store(url))


HOMES: dict[str, Callable[[Path], Home]] = {
    "memory": memory_home,
    "sqlite": sqlite_home,
    "postgres": postgres_home,
    "pgbouncer": pgbouncer_home,
    "redis": redis_home,
    "valkey": valkey_home,
}


def examples(kind: str, usual: int) -> int:
    """How many random walks through a store: fewer where each step is asked of a server."""
    return min(usual, {"postgres": 12, "pgbouncer": 6, "redis": 25, "valkey": 8}.get(kind, usual))


def chance(count: int) -> bytes:
    """Bytes that differ at every call and in every run are the same."""
    return hashlib.shake_256(str(next(_counter)).encode()).digest(count)


def chance_again() -> None:
    """Begin chance anew, so that an example that is repeated is the same."""
    global _counter
    _counter = itertools.count()


def digest(of: object) -> Digest:
    return Digest(hashlib.sha256(str(of).encode()).digest())


def make_account(name: str = "ada", /, *, at: float = NOW, **other: Any) -> Account:
    return replace(
        Account(
            id=AccountID(ids.uuid7(Instant(at), chance)),
            email=f"{name}@Example.org",
            key=f"{name}@example.org",
            password=f"hash of {name}",
            scopes=("read", "write"),
            created=Instant(at),
        ),
        **other,
    )


def make_session(account: Account | AccountID, *, at: float = NOW, **other: Any) -> Session:
    """A session that was opened `at`. Its head is `digest((sid, 0))`."""
    sid = SessionID(ids.uuid7(Instant(at), chance))
    return replace(
        Session(
            id=sid,
            account=account.id if isinstance(account, Account) else account,
            strategy=StrategyName.HYBRID,
            digest=digest((sid, 0)),
            generation=0,
            rotated=Instant(at),
            created=Instant(at),
            authenticated=Instant(at),
            amr=("pwd",),
            scopes=("read", "write"),
            touched=Instant(at),
            ends=Instant(at + IDLE),
            expires=Instant(at + ABSOLUTE),
            user_agent="Mozilla/5.0 (Ωmega)",
            source="192.0.2.7",
        ),
        **other,
    )


def make_ticket(account: Account, purpose: Purpose, **other: Any) -> Ticket:
    """A ticket of an hour. Its digest is like no other's."""
    return replace(
        Ticket(
            account=account.id,
            purpose=purpose,
            digest=digest(chance(16)),
            holder=account.key,
            email=account.email,
            created=NOW,
            ends=Instant(NOW + 3_600),
        ),
        **other,
    )


def make_posted(**other: Any) -> Posted:
    """A letter that is due."""
    return replace(Posted(ids.uuid7(NOW, chance), chance(90), NOW, Instant(NOW + 3_600)), **other)


async def added(store: Store, name: str = "ada", /, **other: Any) -> Account:
    """An account that the store has."""
    account = make_account(name, **other)
    assert await store.add_account(account)
    return account


async def opened(
    store: Store, account: Account, *, at: float = NOW, limit: int | None = None, **other: Any
) -> Session:
    """A session that the store has."""
    session = make_session(account, at=at, **other)
    outcome = await store.open_session(session, limit=limit, until=Instant(at + 1_020), now=Instant(at))
    assert type(outcome).__name__ == "Opened"
    return session
