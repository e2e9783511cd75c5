"""HTTP/1.1 as far as load needs it: requests made once as bytes, answers read with few steps.

Written by hand because the load must cost less than what it measures.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from time import perf_counter
from typing import cast

import msgspec
from msgspec import Struct

from limen.errors import Unavailable

HOST = "127.0.0.1"
_LENGTH = b"content-length:"
_CHUNKED, _LAST_CHUNK = b"transfer-encoding: chunked", b"0\r\n\r\n"


class Answer(Struct, frozen=True):
    """One answer. Status 0 is a connection that broke."""

    status: int
    body: bytes
    size: int
    """Bytes on the wire, headers included."""


BROKEN = Answer(0, b"", 0)


def request(
    method: str,
    path: str,
    *,
    port: int,
    credential: str | None = None,
    header: str | None = None,
    body: object = None,
) -> bytes:
    """A request as it goes over the wire, with the headers that an API client sends."""
    lines = [f"{method} {path} HTTP/1.1", f"Host: {HOST}:{port}", "Accept: */*", "User-Agent: limen-lab"]
    if credential is not None:
        lines.append(f"Authorization: Bearer {credential}")
    if header is not None:
        lines.append(header)
    content = b"" if body is None else msgspec.json.encode(body)
    if body is not None:
        lines += ["Content-Type: application/json", f"Content-Length: {len(content)}"]
    elif method != "GET":
        lines.append("Content-Length: 0")
    return "\r\n".join([*lines, "", ""]).encode() + content


class Connection(asyncio.Protocol):
    """One kept connection with one request on its way at most. `on_answer` gets each answer and its time."""

    def __init__(self, on_answer: Callable[[Connection, Answer, float], None]) -> None:
        self._on_answer = on_answer
        self._transport: asyncio.Transport | None = None
        self._buffer = b""
        self._sent = 0.0
        self._waiting = False

    def send(self, raw: bytes) -> None:
        """Put one request on its way."""
        self._buffer, self._waiting = b"", True
        self._sent = perf_counter()
        if self._transport is None or self._transport.is_closing():
            asyncio.get_running_loop().call_soon(self._done, BROKEN)
        else:
            self._transport.write(raw)

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is of no class of asyncio's

    def data_received(self, data: bytes) -> None:
        self._buffer = buffer = self._buffer + data if self._buffer else data
        answer = parsed(buffer)
        if answer is not None:
            self._done(answer)

    def connection_lost(self, error: Exception | None) -> None:
        self._transport = None
        self._done(BROKEN)

    def _done(self, answer: Answer) -> None:
        if self._waiting:
            self._waiting = False
            self._on_answer(self, answer, perf_counter() - self._sent)


def parsed(buffer: bytes) -> Answer | None:
    """The answer in the buffer once it is there in full. A chunked body keeps the chunks' sizes."""
    end = buffer.find(b"\r\n\r\n")
    if end < 0:
        return None
    head, size = buffer[:end].lower(), end + 4
    start = head.find(_LENGTH)
    if start >= 0:
        size += int(head[start + len(_LENGTH) :].partition(b"\r\n")[0])
    elif _CHUNKED in head:
        size = len(buffer) if buffer.endswith(_LAST_CHUNK) else len(buffer) + 1
    if len(buffer) < size:
        return None
    return Answer(int(buffer[9:12]), buffer[end + 4 : size], size)


class Client:
    """One connection for tasks: ask and await. Connects anew after one that broke."""

    def __init__(self, port: int) -> None:
        self.port = port
        self._connection: Connection | None = None
        self._answer: asyncio.Future[Answer] | None = None

    async def ask(self, raw: bytes) -> Answer:
        """The answer to one request; `BROKEN` where the connection was refused or broke."""
        if self._connection is None:
            try:
                _, self._connection = await asyncio.get_running_loop().create_connection(
                    lambda: Connection(self._take), HOST, self.port
                )
            except OSError:
                return BROKEN
        self._answer = asyncio.get_running_loop().create_future()
        self._connection.send(raw)
        answer = await self._answer
        if not answer.status:
            self._connection = None
        return answer

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()

    def _take(self, _: Connection, answer: Answer, __: float) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_result(answer)


def json_of(answer: Answer) -> Mapping[str, object]:
    """The members of a JSON body; Unavailable with what came if it is not 200."""
    if answer.status != 200:
        raise Unavailable(
            f"a server of the lab answered {answer.status}", reason=answer.body[:200].decode(errors="replace")
        )
    found: Mapping[str, object] = msgspec.json.decode(answer.body, type=dict[str, object])
    return found
