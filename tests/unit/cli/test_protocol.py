"""A head that is too large or too slow ends its connection, and nobody else's."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import uvicorn

from limen.cli import protocol
from limen.cli.protocol import HEAD_MAX, BoundedProtocol

pytestmark = pytest.mark.anyio

Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def hello(scope: Any, receive: Any, send: Any) -> None:
    if scope["type"] == "http":
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
        await send({"type": "http.response.body", "body": b"hi"})


@asynccontextmanager
async def serving() -> AsyncIterator[int]:
    """The port of a server with our protocol."""
    config = uvicorn.Config(
        hello, http=BoundedProtocol, ws="none", lifespan="off", log_config=None, loop="asyncio"
    )
    config.load()
    server = uvicorn.Server(config)
    server.lifespan = config.lifespan_class(config)
    loop = asyncio.get_running_loop()
    listening = await loop.create_server(
        lambda: BoundedProtocol(config=config, server_state=server.server_state, app_state={}), "127.0.0.1", 0
    )
    async with listening:
        yield listening.sockets[0].getsockname()[1]
        for connection in list(server.server_state.connections):
            connection.shutdown()


@asynccontextmanager
async def connected(port: int) -> AsyncIterator[Connection]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        yield reader, writer
    finally:
        writer.close()


async def answer(reader: asyncio.StreamReader) -> bytes:
    return await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 5)


async def test_a_head_without_end_is_refused_by_431() -> None:
    async with serving() as port, connected(port) as (reader, writer):
        writer.write(b"GET / HTTP/1.1\r\nhost: a\r\nx: " + b"a" * HEAD_MAX)
        assert (await answer(reader)).startswith(b"HTTP/1.1 431 ")
        assert await asyncio.wait_for(reader.read(), 5) == b""


async def test_S35_a_head_that_is_too_large_is_refused_if_it_comes_whole_too() -> None:
    async with serving() as port, connected(port) as (reader, writer):
        writer.write(b"GET / HTTP/1.1\r\nhost: a\r\nx: " + b"a" * HEAD_MAX + b"\r\n\r\n")
        assert (await answer(reader)).startswith(b"HTTP/1.1 431 ")
        assert await asyncio.wait_for(reader.read(), 5) == b""


async def test_S35_so_is_a_target_that_is_too_large() -> None:
    async with serving() as port, connected(port) as (reader, writer):
        writer.write(b"GET /" + b"a" * HEAD_MAX + b" HTTP/1.1\r\nhost: a\r\n\r\n")
        assert (await answer(reader)).startswith(b"HTTP/1.1 431 ")


async def test_a_request_is_answered_though_the_next_one_begins_behind_its_large_body() -> None:
    async with serving() as port, connected(port) as (reader, writer):
        length = HEAD_MAX + 1
        head = b"POST / HTTP/1.1\r\nhost: a\r\ncontent-length: %d\r\n\r\n" % length
        writer.write(head + b"a" * length + b"GET / HTTP/1.1\r\nho")
        assert (await answer(reader)).startswith(b"HTTP/1.1 200 ")
        assert await asyncio.wait_for(reader.readexactly(2), 5) == b"hi"
        writer.write(b"st: a\r\n\r\n")
        assert (await answer(reader)).startswith(b"HTTP/1.1 200 ")


async def test_a_large_head_that_ends_is_answered() -> None:
    async with serving() as port, connected(port) as (reader, writer):
        writer.write(b"GET / HTTP/1.1\r\nhost: a\r\nx: " + b"a" * 8_192 + b"\r\n\r\n")
        assert (await answer(reader)).startswith(b"HTTP/1.1 200 ")


async def test_W03_a_head_that_does_not_come_lets_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protocol, "HEAD_PATIENCE", 0.05)
    async with serving() as port:
        async with connected(port) as (reader, writer):
            writer.write(b"GET / HTTP/1.1\r\nho")
            assert await asyncio.wait_for(reader.read(), 5) == b""
        async with connected(port) as (reader, _):
            assert await asyncio.wait_for(reader.read(), 5) == b""


async def test_a_connection_that_is_kept_is_bounded_each_time() -> None:
    async with serving() as port, connected(port) as (reader, writer):
        for _ in range(3):
            writer.write(b"GET / HTTP/1.1\r\nhost: a\r\nx: " + b"a" * 20_000 + b"\r\n\r\n")
            assert (await answer(reader)).startswith(b"HTTP/1.1 200 ")
            assert await asyncio.wait_for(reader.readexactly(2), 5) == b"hi"
        writer.write(b"GET / HTTP/1.1\r\nhost: a\r\nx: " + b"a" * HEAD_MAX)
        assert (await answer(reader)).startswith(b"HTTP/1.1 431 ")


async def test_a_body_is_not_a_head() -> None:
    async with serving() as port, connected(port) as (reader, writer):
        writer.write(b"POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 100000\r\n\r\n")
        writer.write(b"a" * 100_000)
        assert (await answer(reader)).startswith(b"HTTP/1.1 200 ")


async def test_a_websocket_is_no_line_of_the_log(caplog: pytest.LogCaptureFixture) -> None:
    async with serving() as port, connected(port) as (reader, writer):
        writer.write(
            b"GET / HTTP/1.1\r\nhost: a\r\nconnection: upgrade\r\nupgrade: websocket\r\n"
            b"sec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\nsec-websocket-version: 13\r\n\r\n"
        )
        assert (await answer(reader)).startswith(b"HTTP/1.1 200 ")
    assert "WebSocket" not in caplog.text
