"""A wire between a client and PostgreSQL that fails where it is told to.

It understands as much of the protocol as it takes to know where one request ends and the next begins: a
request is a simple query, or everything up to a Sync. What becomes of each is the plan's to say. (The driver
has a statement described before it is sent with its values, and ends that with a Flush: this always passes.)
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from enum import Enum, auto


class Fate(Enum):
    """What becomes of a request."""

    PASS = auto()
    CUT = auto()
    """Never reaches the server; both sides see the connection end."""
    CUT_AFTER = auto()
    """The server does it and answers, and the client never hears: its connection ends."""
    LATE = auto()
    """The client's connection ends at once; the server gets the request when `Wire.late` is set."""


@dataclass(frozen=True)
class Refuse:
    """Answered with this error instead of by the server. `fatal` ends the connection as well."""

    sqlstate: str
    fatal: bool = False


Plan = Callable[[bytes], "Fate | Refuse"]


def passing(_: bytes) -> Fate | Refuse:
    return Fate.PASS


@dataclass
class Wire:
    """Listens on `port`, speaks to the server on `target`."""

    target: int
    port: int = 0
    plan: Plan = passing
    rewrite: Callable[[bytes], bytes] = field(default=lambda message: message)
    """Applied to each message of the server."""
    late: asyncio.Event = field(default_factory=asyncio.Event)
    connections: int = 0
    """How many were ever made."""


@asynccontextmanager
async def wire(target: int) -> AsyncIterator[Wire]:
    this = Wire(target)
    tasks: set[asyncio.Task[None]] = set()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        this.connections += 1
        task = asyncio.create_task(_serve(this, reader, writer))
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    listener = await asyncio.start_server(accept, "127.0.0.1", 0)
    this.port = listener.sockets[0].getsockname()[1]
    try:
        yield this
    finally:
        listener.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


class _Ended(Exception):
    pass


async def _serve(this: Wire, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """One connection, until either side or the plan ends it."""
    upstream, downstream = await asyncio.open_connection("127.0.0.1", this.target)
    line = _Line(this, reader, writer, upstream, downstream)
    try:
        with suppress(_Ended, OSError, asyncio.IncompleteReadError):
            await line.run()
    finally:
        for end in (writer, downstream):
            end.close()
            with suppress(OSError):
                await end.wait_closed()


class _Line:
    def __init__(
        self,
        this: Wire,
        client: asyncio.StreamReader,
        to_client: asyncio.StreamWriter,
        server: asyncio.StreamReader,
        to_server: asyncio.StreamWriter,
    ) -> None:
        self._this, self._client, self._to_client = this, client, to_client
        self._server, self._to_server = server, to_server
        self._status = b"I"

    async def run(self) -> None:
        length = await self._client.readexactly(4)
        self._to_server.write(length + await self._client.readexactly(int.from_bytes(length) - 4))
        back = asyncio.create_task(self._answer())  # authentication and what follows it
        there = asyncio.create_task(self._requests(back))
        try:
            await asyncio.wait({there})
        finally:
            for task in (back, there):
                task.cancel()
            await asyncio.gather(back, there, return_exceptions=True)

    async def _requests(self, back: asyncio.Task[None]) -> None:
        closing = asyncio.create_task(asyncio.wait({back}))
        try:
            while True:
                request = asyncio.create_task(self._request())
                await asyncio.wait({request, closing}, return_when=asyncio.FIRST_COMPLETED)
                if not request.done():
                    request.cancel()
                    return
                await self._deal(request.result(), back)
        finally:
            closing.cancel()

    async def _request(self) -> bytes:
        """Everything up to a query or a Sync."""
        whole = b""
        while True:
            head = await self._client.readexactly(5)
            whole += head + await self._client.readexactly(int.from_bytes(head[1:]) - 4)
            if head[:1] in b"QSXH":
                return whole

    async def _deal(self, request: bytes, back: asyncio.Task[None]) -> None:
        if request[:1] == b"X" or request[-5:-4] == b"H":  # a goodbye; a statement to be described
            self._to_server.write(request)
            return
        fate = self._this.plan(request)
        if isinstance(fate, Refuse):
            await self._refuse(fate)
        elif fate is Fate.PASS:
            self._to_server.write(request)
        elif fate is Fate.CUT:
            raise _Ended
        elif fate is Fate.CUT_AFTER:
            back.cancel()
            await asyncio.wait({back})
            self._to_server.write(request)
            while (await self._message())[:1] != b"Z":
                continue
            raise _Ended
        else:
            back.cancel()
            self._to_client.transport.abort()
            await self._this.late.wait()
            self._to_server.write(request)
            while (await self._message())[:1] != b"Z":
                continue
            raise _Ended

    async def _refuse(self, fate: Refuse) -> None:
        severity = b"FATAL" if fate.fatal else b"ERROR"
        fields = b"S" + severity + b"\0V" + severity + b"\0C" + fate.sqlstate.encode() + b"\0Minjected\0\0"
        self._to_client.write(b"E" + (len(fields) + 4).to_bytes(4) + fields)
        if fate.fatal:
            await self._to_client.drain()
            raise _Ended
        status = b"I" if self._status == b"I" else b"E"
        self._to_client.write(b"Z\0\0\0\x05" + status)

    async def _answer(self) -> None:
        while True:
            message = await self._message()
            self._to_client.write(self._this.rewrite(message))
            await self._to_client.drain()

    async def _message(self) -> bytes:
        head = await self._server.readexactly(5)
        message = head + await self._server.readexactly(int.from_bytes(head[1:]) - 4)
        if head[:1] == b"Z":
            self._status = message[-1:]
        return message
