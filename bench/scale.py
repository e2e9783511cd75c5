"""What each part takes: bytes of a row in each store, of an event on its way and in memory, and what a table
or a stream carries. docs/scale.md computes with a run of this.

Bytes are bytes on any machine. Rates are of this one, which may be busy: beside them stands the rate of a
bare write of the same engine in the same minute, so that ratios can be compared.
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import shutil
import sqlite3
import sys
import tempfile
import time
import tracemalloc
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import asyncpg
import redis.asyncio

from bench.harness import Figure
from bench.postgres import server_for_bench
from bench.redis import running
from bench.world import signed_in
from limen import ids
from limen.accounts import Account
from limen.auth import Limen
from limen.clock import Instant
from limen.feed_page import Event, FeedPage, encode
from limen.ids import AccountID, SessionID
from limen.revocations import Filter, Kind, Revocation
from limen.secret import Secret
from limen.server import create_app
from limen.server.feed import _one
from limen.sessions import Digest, Session, StrategyName
from limen.status_list.ledger import Ledger
from limen.status_list.places import ENTRIES, Place, Places
from limen.status_list.token import compressed
from limen.stores import open_store
from limen.stores.base import Store
from limen.verifier import Verifier
from support.wire import serving

ROWS = 20_000
KEPT = 600_000
AT_ONCE = 64
AGENT = (
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"
)
HASH = "$argon2id$v=19$m=19456,t=2,p=1$" + "a" * 22 + "$" + "b" * 43
_UNTIL = 10_000.0


@dataclass(frozen=True)
class Home:
    """A store, how large it is by now, and what its engine does without us."""

    name: str
    store: Store
    size: Callable[[], Awaitable[int]]
    bare: Callable[[], Awaitable[object]]
    """One small durable write."""


def run() -> Iterator[Figure]:
    for name, value in measured().items():
        yield Figure(name, value, None, "least")


def measured() -> dict[str, float]:
    """Every figure by its name."""
    found: dict[str, float] = {}
    asyncio.run(_stores(found))
    found |= _in_memory() | _on_the_wire() | _listed()
    found |= asyncio.run(_checks())
    return {name: float(f"{value:.4g}") for name, value in found.items()}


# -- stores -----------------------------------------------------------------------------------------------


async def _stores(found: dict[str, float]) -> None:
    for home in (_sqlite, _postgres, _redis):
        async with AsyncExitStack() as stack:
            one = await stack.enter_async_context(home())
            for name, value in (await _weighed(one)).items():
                found[f"{one.name}: {name}"] = value


@asynccontextmanager
async def _sqlite() -> AsyncIterator[Home]:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "limen.db")
        store = open_store(f"sqlite:///{file}")
        await store.start()

        async def size() -> int:
            beside = sqlite3.connect(file)
            try:
                pages, free, each = (
                    beside.execute(f"PRAGMA {p}").fetchone()[0]
                    for p in ("page_count", "freelist_count", "page_size")
                )
                return int((pages - free) * each)
            finally:
                beside.close()

        with Path(folder, "bare").open("ab") as plain:  # noqa: ASYNC230 - nobody else is served here

            async def bare() -> None:
                plain.write(b"x" * 100)
                plain.flush()
                os.fsync(plain.fileno())

            yield Home("SQLite", store, size, bare)
        await store.close()


@asynccontextmanager
async def _postgres() -> AsyncIterator[Home]:
    with server_for_bench() as server:
        store = open_store(server.url())
        await store.start()
        beside = await asyncpg.connect(
            host=str(server.folder), port=server.port, user="limen", database="limen"
        )
        await beside.execute("CREATE TABLE bare (x text)")
        tables = ("limen_accounts", "limen_sessions", "limen_revocations")

        async def size() -> int:
            await beside.execute("VACUUM")
            sizes = [await beside.fetchval(f"SELECT pg_total_relation_size('{t}')") for t in tables]
            return int(sum(sizes))

        async def bare() -> None:
            await beside.execute("INSERT INTO bare VALUES ('x')")

        yield Home("PostgreSQL", store, size, bare)
        await beside.close()
        await store.close()


@asynccontextmanager
async def _redis() -> AsyncIterator[Home]:
    with tempfile.TemporaryDirectory() as folder:
        async with running(Path(folder)) as port:
            store = open_store(f"sqlite:///{folder}/limen.db", f"redis://127.0.0.1:{port}")
            await store.start()
            beside = redis.asyncio.Redis(port=port)

            async def size() -> int:
                return int((await beside.info("memory"))["used_memory"])

            async def bare() -> None:
                await beside.incr("bare")

            yield Home("Redis", store, size, bare)
            await beside.aclose()
            await store.close()


async def _weighed(home: Home) -> dict[str, float]:
    """Bytes a row, and what is done in a second with 64 under way."""
    store, found = home.store, {}
    accounts = [_account(n) for n in range(ROWS)]
    empty = await home.size()
    await _all(lambda n: store.add_account(accounts[n]), ROWS)
    filled = await home.size()
    if home.name != "Redis":
        found["bytes of an account"] = (filled - empty) / ROWS
    sessions = [_session(account.id) for account in accounts]
    opened = await _all(lambda n: _open(store, sessions[n]), ROWS)
    with_sessions = await home.size()
    found["bytes of a session"] = (with_sessions - filled) / ROWS
    found["sessions opened a second"] = opened
    found["lookups a second"] = await _all(lambda n: store.session(sessions[n].id), ROWS)
    found["rotations a second"] = await _all(lambda n: _rotate(store, sessions[n]), ROWS)
    before = await home.size()
    now = Instant(time.time())
    await _all(lambda n: store.revoke(_event(now)), ROWS)
    found["bytes of a revocation"] = (await home.size() - before) / ROWS
    found["revocations a second"] = await _all(lambda n: _revoke(store, sessions[n]), ROWS)
    start = time.perf_counter()
    page = await store.read_feed(0, now=now)
    found["events read a second"] = len(page.revocations) / (time.perf_counter() - start)
    start = time.perf_counter()
    for _ in range(500):
        await home.bare()
    found["bare writes a second"] = 500 / (time.perf_counter() - start)
    return found


async def _all(do: Callable[[int], Awaitable[object]], count: int) -> float:
    """How many a second, 64 at once."""
    numbers = iter(range(count))

    async def lane() -> None:
        for number in numbers:
            await do(number)

    start = time.perf_counter()
    await asyncio.gather(*(lane() for _ in range(AT_ONCE)))
    return count / (time.perf_counter() - start)


async def _open(store: Store, session: Session) -> None:
    await store.open_session(session, limit=100, until=Instant(session.created + _UNTIL), now=session.created)


async def _rotate(store: Store, session: Session) -> None:
    fresh, now = Digest(os.urandom(32)), Instant(time.time())
    await store.rotate(session.id, session.digest, fresh, now=now, idle=604_800)


async def _revoke(store: Store, session: Session) -> None:
    now = Instant(time.time())
    await store.revoke_session(
        session.id, account=session.account, now=now, until=Instant(now + _UNTIL), why="sign_out"
    )


def _account(number: int) -> Account:
    now = Instant(time.time())
    address = f"somebody.{number:08d}@example.org"
    return Account(AccountID(ids.uuid7(now)), address, address, HASH, ("read", "write"), now)


def _session(account: AccountID) -> Session:
    now = Instant(time.time())
    return Session(
        id=SessionID(ids.uuid7(now)), account=account, strategy=StrategyName.HYBRID,
        digest=Digest(os.urandom(32)), generation=0, rotated=now, created=now, authenticated=now,
        amr=("pwd",), scopes=("read", "write"), touched=now, ends=Instant(now + 604_800),
        expires=Instant(now + 2_592_000), user_agent=AGENT, source="203.0.113.77",
    )  # fmt: skip


def _event(now: Instant, lasting: float = _UNTIL) -> Revocation:
    return Revocation(Kind.SESSION, ids.uuid7(now), now, Instant(now + lasting), now, "sign_out", 1)


# -- memory, wire, lists, checks --------------------------------------------------------------------------


def _in_memory() -> dict[str, float]:
    """Bytes of the filter for an event, while they are kept as they are and beyond."""
    now = Instant(time.time())
    found = {}
    for name, exact in (("filter: bytes of an event", 1_000_000), ("filter: bytes beyond a million", 0)):
        known = Filter(exact=exact)
        gc.collect()
        tracemalloc.start()
        for _ in range(KEPT):
            known.add(_event(now, 900))
        found[name] = tracemalloc.get_traced_memory()[0] / KEPT
        tracemalloc.stop()
    return found


def _on_the_wire() -> dict[str, float]:
    now = Instant(time.time())
    events = [replace_position(Event.of(_event(now)), 10_000_000 + n) for n in range(1_000)]
    epoch = "0123456789abcdef"
    page = FeedPage(
        issuer="https://login.example", epoch=epoch, nonce="n" * 16, after=0, position=events[-1].position,
        ring=1, etag='"' + "e" * 32 + '"', max_staleness=5.0, revocations=events,
    )  # fmt: skip
    empty = replace_revocations(page, [])
    return {
        "HTTP feed: bytes of an event in a page": (len(encode(page)) - len(encode(empty))) / len(events),
        "HTTP feed: bytes of an event in the stream": sum(len(_one(epoch, e)) for e in events) / len(events),
        "HTTP feed: bytes of a page without events": asyncio.run(_page()),
    }


async def _page() -> float:
    """Both ways, with all headers: a verifier asks a server, through somebody who counts."""
    passed = 0

    async def count(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal passed
        with suppress(ConnectionError):
            while data := await reader.read(65_536):
                passed += len(data)
                writer.write(data)
        writer.close()

    auth = Limen("memory://", clients=("api",), issuer="http://127.0.0.1:8000", secret=Secret.generate())
    async with serving(create_app(auth)) as port:

        async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            there = await asyncio.open_connection("127.0.0.1", port)
            await asyncio.gather(count(reader, there[1]), count(there[0], writer))

        relay = await asyncio.start_server(accept, "127.0.0.1", 0)
        at = f"http://127.0.0.1:{relay.sockets[0].getsockname()[1]}"
        secret = auth.client_secret("api")
        verifier = Verifier(
            auth.settings.issuer,
            at=at,
            client_id="api",
            client_secret=secret,
            stream=False,
            max_staleness=300,
        )
        await verifier.catch_up()
        before = passed
        for _ in range(20):
            await verifier.catch_up()
        found = (passed - before) / 20
        await verifier.close()
        relay.close()
        return found


def replace_position(event: Event, position: int) -> Event:
    return Event(position, event.kind, event.subject, event.upto, event.until)


def replace_revocations(page: FeedPage, revocations: list[Event]) -> FeedPage:
    fields = {name: getattr(page, name) for name in page.__struct_fields__}
    return FeedPage(**(fields | {"revocations": revocations}))


def _listed() -> dict[str, float]:
    """A status list with a thousand revocations in it, and what one event takes in memory."""
    places, now = Places(Secret.generate()), Instant(time.time())
    ledger = Ledger(places)
    numbers = [int.from_bytes(os.urandom(3), "big") % ENTRIES for _ in range(1_000)]
    events = [
        replace(_event(now), subject=ids.uuid7(now, lambda n, at=number: places.tail(Place(7, at))))  # type: ignore[misc]
        for number in numbers
    ]
    start = time.perf_counter()
    for event in events:
        ledger.hear(event)
    hearing = (time.perf_counter() - start) / len(events)
    start = time.perf_counter()
    text = compressed(ledger.bits(7))
    making = time.perf_counter() - start
    return {
        "status list: bytes with a thousand revoked": len(text),
        "status list: bytes with none revoked": len(compressed(bytes(ENTRIES // 8))),
        "status list: ms to make": making * 1e3,
        "status list: µs to hear an event": hearing * 1e6,
        "status list: ms zlib alone": _timed(lambda: zlib.compress(ledger.bits(7), 9)) * 1e3,
    }


async def _checks() -> dict[str, float]:
    """µs of one core for a check of each kind."""
    found = {}
    async with signed_in("memory://", strategy="hybrid", max_staleness=300) as (auth, grant):
        await auth.authenticate(grant.credential)
        found["check: µs seen before"] = _timed(lambda: auth.recall(grant.credential), 20_000) * 1e6

        def unseen() -> None:
            auth._recall.forget()
            with suppress(StopIteration):
                auth.authenticate(grant.credential).send(None)

        found["check: µs first seen, ES256"] = _timed(unseen, 2_000) * 1e6
        start = time.perf_counter()
        for _ in range(5):
            auth._parts.hasher.hash("correct horse battery staple")
        found["sign-in: ms of one core for the hash"] = (time.perf_counter() - start) / 5 * 1e3
    return found


def _timed(do: Callable[[], Any], count: int = 20) -> float:
    """Seconds a call: the least of five rounds, for whatever else the machine does only adds."""
    best = float("inf")
    for _ in range(5):
        start = time.perf_counter()
        for _ in range(count):
            do()
        best = min(best, (time.perf_counter() - start) / count)
    return best


def main(path: str) -> None:
    machine = {"cores": os.cpu_count(), "python": sys.version.split()[0], "sqlite": sqlite3.sqlite_version}
    Path(path).write_text(json.dumps({"machine": machine, "figures": measured()}, indent=1) + "\n")


if __name__ == "__main__":
    if shutil.which("redis-server") is None:
        sys.exit("redis-server is needed: apt-get install redis-server")
    main(sys.argv[1])
