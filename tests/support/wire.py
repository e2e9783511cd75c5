"""A real uvicorn on a real socket, and requests written byte by byte."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any

import uvicorn


@asynccontextmanager
async def serving(app: Any, *, http: str = "httptools") -> AsyncIterator[int]:
    """Serve `app` as `limen serve` does; the port on 127.0.0.1."""
    config = uvicorn.Config(
        app, port=0, http=http, log_level="warning", lifespan="on", proxy_headers=False, server_header=False
    )
    server = uvicorn.Server(config)
    task = asyncio.create_task(server._serve())
    while not server.started:
        assert not task.done(), "the server did not start"
        await asyncio.sleep(0.005)
    try:
        yield server.servers[0].sockets[0].getsockname()[1]
    finally:
        server.should_exit = True
        await task


@dataclass
class Line:
    """What came back over one connection."""

    status: int
    head: str
    body: bytes
    closed: bool = False
    """Whether the server ended the connection; looked at only where `ends` was asked for."""


async def spoken(port: int, *chunks: bytes, ends: bool = False) -> Line:
    """Send these bytes over a new connection and read one answer; with `ends`, wait until it hangs up."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        return await asyncio.wait_for(_answer(reader, writer, chunks, ends), 10)
    finally:
        writer.close()


async def _answer(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, chunks: tuple[bytes, ...], ends: bool
) -> Line:
    writing = asyncio.ensure_future(_write(writer, chunks))
    try:
        return await _read(reader, ends)
    finally:
        writing.cancel()
        await asyncio.gather(writing, return_exceptions=True)


async def _write(writer: asyncio.StreamWriter, chunks: tuple[bytes, ...]) -> None:
    for chunk in chunks:
        writer.write(chunk)
        await writer.drain()


async def _read(reader: asyncio.StreamReader, ends: bool) -> Line:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    lines = dict(line.lower().split(": ", 1) for line in head.split("\r\n")[1:] if ": " in line)
    body = await reader.readexactly(int(lines.get("content-length", 0)))
    found = Line(int(head.split(" ")[1]), head, body)
    if ends:
        with suppress(ConnectionError):
            await reader.read()
        found.closed = True
    return found
