"""One request over a connection of its own, byte by byte, in bounds of time and size.

No client library: what proxies do to headers is what is looked at, so none may be merged, decoded or added on
the way, and nothing followed. Whatever the server does, the answer is a Reply or a Silence.
"""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import Iterable
from dataclasses import dataclass

from limen.clock import Seconds, SystemClock
from limen.doctor.outside.questions import Question
from limen.doctor.outside.seen import Heard, Reply, Silence

HEAD_MOST, BODY_MOST = 65_536, 262_144
PATIENCE: Seconds = 10.0
_LINES_MOST = 200
_INTERIM = 5
"""How many answers of 1xx are read over."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where to connect, and as what."""

    host: str
    port: int
    authority: str
    """The value of Host."""
    tls: ssl.SSLContext | None
    addresses: tuple[str, ...] = ()
    """Where it was found to be; the first that answers is asked."""


class Unreadable(ValueError):
    """It is no HTTP, or more of it than is read."""


async def ask(place: Place, question: Question, *, patience: Seconds = PATIENCE) -> Heard:
    """The answer to one question, or why there is none. Nothing is followed and nothing is tried again."""
    try:
        async with asyncio.timeout(patience):
            return await _asked(place, question)
    except TimeoutError:
        return Silence(f"no answer within {patience:g} s")
    except (OSError, EOFError, Unreadable) as error:  # ssl.SSLError is an OSError
        return Silence(_why(error))


async def _asked(place: Place, question: Question) -> Heard:
    reader, writer = await opened(place)
    try:
        began, asked = time.monotonic(), SystemClock().now()
        writer.write(_written(place, question))
        await writer.drain()
        status, headers = await _head(reader)
        took = time.monotonic() - began
        bodiless = question.method == "HEAD" or status in (204, 304)
        body = b"" if bodiless else await _body(reader, headers)
        return Reply(status, headers, body, asked, took)
    finally:
        writer.transport.abort()  # saying goodbye would wait for somebody who may not answer


async def opened(place: Place) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A connection; its TLS is done."""
    name = place.host if place.tls is not None else None
    *others, last = place.addresses or (place.host,)
    for address in others:
        try:
            return await asyncio.open_connection(
                address, place.port, ssl=place.tls, server_hostname=name, limit=HEAD_MOST
            )
        except ssl.SSLError:
            raise  # it answers, and what it says is what was asked about
        except OSError:  # refused, or there is no way to it: IPv6 where none is routed
            continue
    return await asyncio.open_connection(
        last, place.port, ssl=place.tls, server_hostname=name, limit=HEAD_MOST
    )


def _written(place: Place, question: Question) -> bytes:
    lines = [
        f"{question.method} {question.path} HTTP/1.1",
        f"Host: {place.authority}",
        "User-Agent: limen-doctor",
        "Connection: close",
        *(f"{name}: {value}" for name, value in question.headers),
    ]
    if question.body:
        lines += ["Content-Type: application/json", f"Content-Length: {len(question.body)}"]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1") + question.body


async def _head(reader: asyncio.StreamReader) -> tuple[int, tuple[tuple[str, str], ...]]:
    for _ in range(_INTERIM):
        try:
            raw = await reader.readuntil(b"\r\n\r\n")
        except asyncio.LimitOverrunError as error:
            raise Unreadable("its headers have no end") from error
        status, headers = _parsed(raw)
        if status >= 200:
            return status, headers
    raise Unreadable("it answers 1xx without end")


def _parsed(raw: bytes) -> tuple[int, tuple[tuple[str, str], ...]]:
    first, *lines = raw.decode("latin-1").rstrip("\r\n").split("\r\n")
    version, _, rest = first.partition(" ")
    code = rest[:3]
    if not version.startswith("HTTP/1.") or not (code.isascii() and code.isdigit() and len(code) == 3):
        raise Unreadable("it does not speak HTTP/1.1")
    if len(lines) > _LINES_MOST:
        raise Unreadable("it sends more headers than anybody reads")
    pairs = (line.partition(":") for line in lines)
    return int(code), tuple((_shown(name).lower(), _shown(value)) for name, _, value in pairs)


def _shown(text: str) -> str:
    """What a stranger sent, as a terminal may see it."""
    return "".join(c if c.isprintable() else "?" for c in text).strip()


async def _body(reader: asyncio.StreamReader, headers: Iterable[tuple[str, str]]) -> bytes:
    """As much of it as is looked at."""
    said = dict(headers)
    if "chunked" in said.get("transfer-encoding", "").lower():
        return await _chunks(reader)
    length = said.get("content-length", "")
    known = length.isascii() and length.isdigit() and len(length) < 12
    return await _most(reader, min(int(length), BODY_MOST) if known else BODY_MOST, whole=known)


async def _most(reader: asyncio.StreamReader, most: int, *, whole: bool) -> bytes:
    found = bytearray()
    while len(found) < most and (read := await reader.read(most - len(found))):
        found += read
    if whole and len(found) < most:
        raise Unreadable("its answer ends before its length")
    return bytes(found)


async def _chunks(reader: asyncio.StreamReader) -> bytes:
    found = bytearray()
    while len(found) < BODY_MOST:
        try:
            line = await reader.readuntil(b"\r\n")
            size = int(line.split(b";")[0].strip(), 16)
        except (ValueError, asyncio.LimitOverrunError) as error:
            raise Unreadable("its answer is in chunks that are none") from error
        if size <= 0:
            break
        found += await reader.readexactly(min(size, BODY_MOST))
        if size > BODY_MOST:
            break
        await reader.readexactly(2)
    return bytes(found[:BODY_MOST])


def _why(error: Exception) -> str:
    if isinstance(error, EOFError):
        return "it ends the connection without an answer"
    if isinstance(error, ssl.SSLError):
        return f"TLS: {error.reason or error.__class__.__name__}"
    if isinstance(error, OSError):
        return error.strerror or error.__class__.__name__
    return str(error)
