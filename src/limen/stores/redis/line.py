"""One connection to Redis: commands go out in order, and each answer goes to whoever asked.

What is asked for in one turn of the event loop leaves in one write. Who stops waiting only stops listening:
the answer is read all the same, so nobody ever gets another's. A line that failed in any way is never used
again.
"""

from __future__ import annotations

import asyncio
import ssl
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, cast

import hiredis

from limen.clock import Seconds
from limen.errors import Misconfigured
from limen.stores.redis import faults
from limen.stores.redis.address import Address, Node
from limen.stores.redis.faults import Lost, NotDone

Taker = Callable[[Any], None]
"""Is given the answer: bytes, int, list, None, a ReplyError, or Lost."""
IN_FLIGHT_MAX = 10_000
"""Bounds the memory that a Redis which does not answer can cost."""
_NOTHING = object()


class Line(asyncio.Protocol):
    """Made by `connect`. `facts` are what the server said of itself."""

    def __init__(self, *, patience: Seconds) -> None:
        self._patience = patience
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._reader = hiredis.Reader(notEnoughData=_NOTHING)
        self._waiting: deque[tuple[Taker, float]] = deque()
        self._going: list[bytes] = []
        self._confirming: asyncio.Future[Any] | None = None
        self._wait: bytes = b""
        self._watch: asyncio.TimerHandle | None = None
        self.lost: Lost | None = None
        self.facts: dict[str, str] = {}

    @property
    def run(self) -> str:
        """Which run of which server this is a line to; another after each restart."""
        return self.facts.get("run_id", "")

    def ask(self, *command: Any) -> asyncio.Future[Any]:
        """Send a command with whatever else this turn of the loop sends; the future is its answer."""
        future: asyncio.Future[Any] = self._loop.create_future()
        self._queue(_pack(*command), _into(future))
        return future

    def confirmation(self, replicas: int, within: Seconds) -> asyncio.Future[Any]:
        """How many replicas have all that this turn sends: one WAIT behind it, for all who ask. The answer is
        a number, or the failure itself: it is never raised, for nobody may be listening any more."""
        self._check()
        if self._confirming is None:
            if not self._going:
                self._loop.call_soon(self._flush)
            self._confirming = self._loop.create_future()
            self._wait = _pack("WAIT", replicas, int(within * 1_000))
        return self._confirming

    def send(self, commands: Sequence[tuple[Any, ...]], takers: Sequence[Taker]) -> None:
        """Send commands now."""
        self._check()
        now = self._loop.time()
        self._waiting.extend((taker, now) for taker in takers)
        cast(asyncio.Transport, self._transport).write(b"".join(_pack(*command) for command in commands))
        self._watch_over()

    def close(self, lost: Lost | None = None) -> None:
        """Let go; whoever still waits is told that the answer is lost."""
        if self._transport is not None:
            self._transport.abort()
        self._lose(lost or Lost("redis_closed"))

    async def drained(self) -> None:
        """Return once everything that was asked for is answered, or the line is lost."""
        if (self._waiting or self._going) and self.lost is None:
            last: asyncio.Future[Any] = self._loop.create_future()
            self._queue(_pack("PING"), _into(last, quiet=True))
            await last

    # -- the transport's side ----------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        try:
            self._reader.feed(data)
            while (answer := self._reader.gets()) is not _NOTHING:
                self._waiting.popleft()[0](answer)
        except (hiredis.ProtocolError, IndexError):  # not Redis, or an answer that nobody asked for
            self.close(Lost("redis_garbled"))

    def connection_lost(self, error: Exception | None) -> None:
        self._lose(Lost("redis_lost"))

    # -- inside ------------------------------------------------------------------------------------------

    def _queue(self, packed: bytes, taker: Taker) -> None:
        self._check()
        if not self._going and self._confirming is None:
            self._loop.call_soon(self._flush)
        self._going.append(packed)
        self._waiting.append((taker, self._loop.time()))

    def _check(self) -> None:
        if self.lost is not None:
            raise NotDone(self.lost.reason)
        if len(self._waiting) >= IN_FLIGHT_MAX:
            raise NotDone("redis_overloaded")

    def _flush(self) -> None:
        going, self._going = self._going, []
        if self.lost is not None:
            return
        if self._confirming is not None:
            going.append(self._wait)
            self._waiting.append((_into(self._confirming, quiet=True), self._loop.time()))
            self._confirming = None
        cast(asyncio.Transport, self._transport).write(b"".join(going))
        self._watch_over()

    def _watch_over(self) -> None:
        if self._watch is None:
            self._watch = self._loop.call_later(self._patience, self._look)

    def _look(self) -> None:
        """Is the oldest question too old? One timer for a line, not one for a question."""
        self._watch = None
        if not self._waiting or self.lost is not None:
            return
        left = self._waiting[0][1] + self._patience - self._loop.time()
        if left <= 0:
            self.close(Lost("redis_slow"))
        else:
            self._watch = self._loop.call_later(left, self._look)

    def _lose(self, lost: Lost) -> None:
        if self.lost is not None:
            return
        self.lost = lost
        if self._watch is not None:
            self._watch.cancel()
        if self._confirming is not None:
            self._waiting.append((_into(self._confirming, quiet=True), 0.0))
            self._confirming = None
        waiting, self._waiting = self._waiting, deque()
        for taker, _ in waiting:
            taker(lost)


async def connect(address: Address, node: Node | None, *, patience: Seconds, sentinel: bool = False) -> Line:
    """A line that is signed in and on its database, with the server's facts. NotDone if there is none."""
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(address.patience):
            line = await _open(loop, address, node, patience)
    except ssl.SSLError as error:
        raise NotDone("redis_tls") from error
    except OSError as error:  # TimeoutError is one
        raise NotDone("redis_slow" if isinstance(error, TimeoutError) else "redis_down") from error
    try:
        await _sign_in(line, address, sentinel=sentinel)
    except BaseException:
        line.close()
        raise
    return line


async def _open(
    loop: asyncio.AbstractEventLoop, address: Address, node: Node | None, patience: Seconds
) -> Line:
    def make() -> Line:
        return Line(patience=patience)

    if address.path is not None:
        return (await loop.create_unix_connection(make, address.path))[1]
    if node is None:
        raise Misconfigured("a Redis address without a host or a socket")
    host, port = node
    return (await loop.create_connection(make, host, port, ssl=address.tls))[1]


async def _sign_in(line: Line, address: Address, *, sentinel: bool) -> None:
    user = address.sentinel_user if sentinel else address.user
    password = address.sentinel_password if sentinel else address.password
    if password is not None:
        await answer(line.ask("AUTH", *([user] if user else []), password))
    if sentinel:
        return
    if address.db:
        await answer(line.ask("SELECT", address.db))
    line.facts = _facts(await answer(line.ask("INFO")))


async def answer(asked: asyncio.Future[Any]) -> Any:
    """The answer; NotDone where Redis said no or never answered a question that changes nothing."""
    try:
        return await asked
    except Lost as lost:
        raise NotDone(lost.reason) from lost
    except hiredis.ReplyError as error:
        raise faults.refused(error) from None


def _facts(info: bytes) -> dict[str, str]:
    lines = info.decode("utf-8", "replace").splitlines()
    return dict(line.split(":", 1) for line in lines if ":" in line and not line.startswith("#"))


def _pack(*command: Any) -> bytes:
    packed: bytes = hiredis.pack_command(command)
    return packed


def _into(future: asyncio.Future[Any], *, quiet: bool = False) -> Taker:
    def take(answer: Any) -> None:
        if future.done():
            return
        if isinstance(answer, Exception) and not quiet:
            future.set_exception(answer)
        else:
            future.set_result(answer)

    return take
