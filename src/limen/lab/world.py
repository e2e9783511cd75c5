"""The servers of a run, each cell's with its own database, and people who have signed in to them."""

from __future__ import annotations

import asyncio
import re
import socket
from collections.abc import AsyncIterator, Iterable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import msgspec
from msgspec import Struct

from limen import Limen
from limen.lab import stores
from limen.lab.http import HOST, Client, json_of, request
from limen.lab.peers import STORE, Door, doors, named, presence
from limen.lab.people import ACCOUNTS, PASSWORD, email
from limen.lab.processes import Helper
from limen.lab.records import BARE, SOCKET, Cell, Options
from limen.lab.subject import Subject, secret

T = TypeVar("T")
_BACKLOG = 512


class Reading(Struct, frozen=True):
    """What a server process says of itself."""

    cpu: float
    operations: dict[str, int]


class _Ready(Struct, frozen=True):
    ready: bool
    lag: float = 0.0


class _Done(Struct, frozen=True):
    pass


@dataclass(frozen=True, slots=True)
class SignedIn:
    """What a sign-in has given."""

    credential: str
    refresh: str | None = None
    header: str | None = None
    """Of a peer, whose credentials travel as its own documentation has it."""


@dataclass(slots=True)
class Served:
    """A cell's server: one port, and the processes that answer on it."""

    cell: Cell
    port: int
    processes: list[Helper]
    promised: float
    subject: Subject
    people: list[SignedIn] = field(default_factory=list)

    async def read(self) -> Reading:
        """Of all its processes together."""
        readings = await asyncio.gather(*(one.ask({"do": "read"}, Reading) for one in self.processes))
        operations: dict[str, int] = {}
        for reading in readings:
            for name, count in reading.operations.items():
                operations[name] = operations.get(name, 0) + count
        return Reading(sum(reading.cpu for reading in readings), operations)

    async def cut(self, *what: str) -> None:
        """Cut `store` or `feed` off from all its processes; nothing: all is whole again."""
        for one in self.processes:
            await one.ask({"do": "cut", "what": what}, _Done)

    def get(self, credential: str | None = None) -> bytes:
        """The request that is measured."""
        return request("GET", "/", port=self.port, credential=credential)

    def login(self, number: int) -> bytes:
        """A sign-in to one of the accounts."""
        body = {"email": email(number), "password": PASSWORD, "transport": "bearer"}
        return request("POST", "/auth/login", port=self.port, body=body)

    def logout(self, credential: str) -> bytes:
        return request("POST", "/auth/logout", port=self.port, credential=credential, body={})

    def requests(self) -> list[bytes]:
        """One for each who has signed in; the references take no credential and get the same bytes."""
        return [
            self.get(person.credential)
            if person.header is None
            else request("GET", "/", port=self.port, header=person.header)
            for person in self.people
        ]

    async def enter(self, count: int) -> None:
        """Let so many people sign in who will send requests; nobody, where there is nothing to sign in to."""
        if not self.cell.is_peer:
            self.people = await self.sign_in(count)
        elif self.door is not None:
            headers = await asyncio.to_thread(doors.sign_in, self.door, self.port, range(count))
            self.people = [SignedIn("", header=header) for header in headers]

    @property
    def door(self) -> Door | None:
        """A peer's."""
        peer = named(self.cell.strategy)
        return None if peer is None else peer.door

    async def sign_in(self, count: int) -> list[SignedIn]:
        """Sign in, one after the other, over HTTP."""
        client = Client(self.port)
        found = []
        for number in range(count):
            answer = json_of(await client.ask(self.login(number % ACCOUNTS)))
            refresh = answer.get("refresh_token")
            found.append(SignedIn(str(answer["access_token"]), None if refresh is None else str(refresh)))
        client.close()
        return found


def cells_of(options: Options) -> list[Cell]:
    """What a run with these options measures, references first."""
    names = [name_of(url) for url in options.stores]
    found = [Cell(SOCKET), Cell(BARE)]
    for store in names:
        for strategy in options.strategies:
            found.append(Cell(strategy, store))
            if strategy == "session":
                found.append(Cell(strategy, store, cache=False))
    if not options.peers:
        return found
    return found + [Cell(peer.name, STORE) for peer in presence.here(redis="redis" in names)]


def check_stores(urls: Iterable[str]) -> None:
    """Misconfigured where an address is of no store that there is, or a name of a server that cannot be
    started here; nothing is opened."""
    for url in urls:
        if stores.can_start(url):
            stores.check(url)
            continue
        beside = url if is_beside(url) else ""
        Limen(_database(Cell("jwt", name_of(url)), url, Path()), secret=secret(), session_store=beside)


def name_of(url: str) -> str:
    """`sqlite` of `sqlite:///x.db`, of `sqlite`, and of nothing that could be a secret."""
    return url.partition(":")[0]


@asynccontextmanager
async def served(
    cell: Cell,
    options: Options,
    url: str,
    folder: Path,
    *,
    like: Served | None = None,
    planted: Subject | None = None,
) -> AsyncIterator[Served]:
    """A running server for a cell. `like` is one whose database and issuer it shares: another process of
    the same deployment, on a port of its own."""
    alone = like is not None or cell.is_reference or cell.is_peer or is_memory(url)
    async with AsyncExitStack() as stack:
        bound = stack.enter_context(socket.create_server((HOST, 0), backlog=_BACKLOG))
        port = bound.getsockname()[1]
        subject = _subject(cell, options, url, folder, bound.fileno(), port) if like is None else like.subject
        if planted is not None:
            subject = msgspec.structs.replace(
                subject, delay=planted.delay, again=planted.again, late=planted.late
            )
        subject = msgspec.structs.replace(subject, fd=bound.fileno())
        processes, ready = [], _Ready(False)
        for _ in range(1 if alone else options.workers):
            helper = await _started(cell, bound.fileno())
            stack.push_async_callback(helper.stop)
            ready = await helper.ask(subject, _Ready)
            processes.append(helper)
        found = Served(cell, port, processes, ready.lag, subject)
        if not cell.is_reference and not cell.is_peer and like is None:
            await processes[0].ask({"do": "accounts", "count": ACCOUNTS}, _Done)
        yield found


async def _started(cell: Cell, fd: int) -> Helper:
    peer = named(cell.strategy) if cell.is_peer else None
    if peer is None or not peer.node:
        return await Helper.start("limen.lab.subject", fds=(fd,))
    return await Helper.run(presence.command(peer), peer.name, fds=(fd,))


async def together(stack: AsyncExitStack, starting: Iterable[AbstractAsyncContextManager[T]]) -> list[T]:
    """Enter all of them at the same time; they are left in `stack`'s order. The first failure is raised when
    all have been tried, so that none is left behind."""
    found = await asyncio.gather(*map(stack.enter_async_context, starting), return_exceptions=True)
    for one in found:
        if isinstance(one, BaseException):
            raise one
    return [one for one in found if not isinstance(one, BaseException)]


def is_memory(url: str) -> bool:
    """Whether the store lives in one process, so that there can be no second."""
    return name_of(url) == "memory"


def is_beside(url: str) -> bool:
    """Whether it keeps sessions alone, so that accounts need a file of their own beside it."""
    return name_of(url).startswith(("redis", "valkey", "unix"))


def _subject(cell: Cell, options: Options, url: str, folder: Path, fd: int, port: int) -> Subject:
    return Subject(
        strategy=cell.strategy,
        peer=cell.is_peer,
        fd=fd,
        issuer=f"http://{HOST}:{port}",
        database=_database(cell, url, folder),
        sessions=url if is_beside(url) else "",
        cache=cell.cache,
        rtt=options.rtt,
        max_staleness=options.max_staleness,
    )


def _database(cell: Cell, url: str, folder: Path) -> str:
    """A file of its own where only the engine was named; one file for all cells whose sessions lie in one
    place beside it; else the address that was given."""
    if cell.is_peer:
        file = re.sub(r"\W+", "-", cell.strategy)
        return f"sqlite:///{folder}/{file}.db"
    if url == "sqlite":
        return f"sqlite:///{folder}/{cell.strategy}-{'' if cell.cache else 'un'}cached.db"
    if is_beside(url):
        return f"sqlite:///{folder}/accounts.db"
    return "memory://" if is_memory(url) else url
