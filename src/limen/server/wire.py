"""One request as the endpoints see it, and one answer as they give it. No framework, and no rule."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, MutableMapping
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from typing import Any, Self

import msgspec

from limen.errors import Rejected

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Header = tuple[bytes, bytes]

_log = logging.getLogger("limen.server")

ROUTE = "limen.route"
"""In the scope of a request: the path of its route, with names where it varies."""
STREAM = "limen.stream"
"""In the scope of a request whose answer has no end of its own."""
BODY_MAX = 65_536
"""Bytes of the largest body that is read. A sign-in needs two hundred."""
_USER_AGENT_MAX = 256
_BODILESS = (204, 304)  # a length would be one of a body that there never is (RFC 9110 §8.6)


class ClientLeft(Exception):
    """The client went away before its request was read: there is nobody to answer."""


@dataclass(frozen=True, slots=True)
class Call:
    """One request. `source` (the client's address) and `scheme` are what trusted proxies say, if any."""

    scope: Scope = field(repr=False)
    receive: Receive = field(repr=False)
    source: str
    scheme: str

    @property
    def headers(self) -> Iterable[Header]:
        headers: Iterable[Header] = self.scope["headers"]
        return headers

    @property
    def root(self) -> str:
        """Where the application is mounted, as a browser sees it: empty, or a path with no / at its end."""
        return str(self.scope.get("root_path", "")).rstrip("/")

    @property
    def user_agent(self) -> str:
        """What the client calls itself, short and printable: it is stored, listed, and read in terminals."""
        raw = self.header(b"user-agent") or b""
        text = raw[:_USER_AGENT_MAX].decode("latin-1")
        return "".join(c if c.isprintable() else "?" for c in text)

    def header(self, name: bytes) -> bytes | None:
        """The first header of this name (lower case), or None."""
        return next((value for key, value in self.headers if key == name), None)

    def all(self, name: bytes) -> list[bytes]:
        """Every header of this name (lower case), in order."""
        return [value for key, value in self.headers if key == name]

    def path_parameter(self, name: str) -> str:
        """A variable part of the path."""
        return str(self.scope["path_params"][name])

    async def body(self) -> bytes:
        """The whole body. Rejected(413) beyond BODY_MAX, without having read more than that."""
        if _declared(self.all(b"content-length")) > BODY_MAX:
            raise _too_large()
        read = bytearray()
        while True:
            message = await self.receive()
            if message["type"] == "http.disconnect":
                raise ClientLeft
            chunk = message.get("body", b"")
            if len(read) + len(chunk) > BODY_MAX:
                raise _too_large()
            read += chunk
            if not message.get("more_body", False):
                return bytes(read)


@dataclass(frozen=True, slots=True)
class Answer:
    """Status, headers and body, before the standing headers are added."""

    status: int
    body: bytes = field(default=b"", repr=False)
    headers: tuple[Header, ...] = field(default=(), repr=False)

    def plus(self, *headers: Header) -> Self:
        return replace(self, headers=(*self.headers, *headers))

    async def send(self, send: Send, *, bodiless: bool = False) -> None:
        """Send it; for HEAD the headers alone, which then tell the length of what GET would give."""
        headers = list(self.headers)
        if self.status not in _BODILESS:
            headers.append((b"content-length", str(len(self.body)).encode()))
        await send({"type": "http.response.start", "status": self.status, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if bodiless else self.body})


STREAM_PATIENCE = 5.0
"""Seconds that a reader may leave in the buffers what was sent. Then it is dropped: nothing waits for it."""


@dataclass(frozen=True, slots=True)
class Streamed(Answer):
    """An answer without an end of its own, of chunks that are made as they are sent."""

    chunks: Callable[[], AsyncGenerator[bytes, None]] | None = None
    receive: Receive | None = None

    async def send(self, send: Send, *, bodiless: bool = False) -> None:
        """Send chunks until there are no more, the client has left, or it does not read them."""
        await send({"type": "http.response.start", "status": self.status, "headers": list(self.headers)})
        if not bodiless and self.chunks is not None:
            sending = asyncio.ensure_future(self._pump(send, self.chunks()))
            leaving = asyncio.ensure_future(self._left())
            try:
                await asyncio.wait({sending, leaving}, return_when=asyncio.FIRST_COMPLETED)
            finally:
                leaving.cancel()
                if not sending.done():
                    sending.cancel()
                    await asyncio.wait({sending})
            if sending.cancelled() or not sending.result():
                return  # not finished: the server closes the connection
        await send({"type": "http.response.body", "body": b""})

    async def _pump(self, send: Send, chunks: AsyncGenerator[bytes, None]) -> bool:
        async with aclosing(chunks):
            async for chunk in chunks:
                try:
                    async with asyncio.timeout(STREAM_PATIENCE):
                        await send({"type": "http.response.body", "body": chunk, "more_body": True})
                except TimeoutError:
                    _log.warning("a stream is dropped: its reader does not keep up")
                    return False
        return True

    async def _left(self) -> None:
        while self.receive is not None:
            if (await self.receive())["type"] == "http.disconnect":
                return


def json_answer(value: msgspec.Struct, *headers: Header, status: int = 200) -> Answer:
    """A typed value as JSON."""
    return Answer(status, msgspec.json.encode(value), ((b"content-type", b"application/json"), *headers))


def is_known(call: Call, etag: str) -> bool:
    """Whether the caller has this version already (RFC 9110 §13.1.2)."""
    known = [tag.strip().removeprefix(b"W/") for tag in b",".join(call.all(b"if-none-match")).split(b",")]
    return etag.encode() in known or b"*" in known


def _declared(lengths: list[bytes]) -> int:
    if not lengths:
        return 0
    if len(lengths) > 1 or not lengths[0].isdigit() or len(lengths[0]) > 18:
        raise Rejected("Content-Length is not one number", code="body_malformed")
    return int(lengths[0])


def _too_large() -> Rejected:
    return Rejected(f"the body is larger than {BODY_MAX:,} bytes", code="body_too_large", status=413)
