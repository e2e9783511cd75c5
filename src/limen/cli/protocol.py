"""HTTP/1.1 as uvicorn reads it, with an end to how long and how large a request's head may be.

The parser itself knows no such end: a client that never finishes its headers would hold a connection, and
memory, for as long as it likes.
"""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from limen.server.wire import STREAM

HEAD_MAX = 32_768
HEAD_PATIENCE = 10.0
_TOO_LARGE = b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"


class BoundedProtocol(HttpToolsProtocol):
    """Refuses a head of more than 32 KiB by 431, and lets go of one that is not there after ten seconds."""

    _waiting: asyncio.TimerHandle | None = None
    _read = _said = _ended = 0
    """Bytes that came for a head that has not ended, those of its parts, and requests that were whole."""

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self._begin()

    def connection_lost(self, exc: Exception | None) -> None:
        self._done()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        ended = self._ended
        super().data_received(data)
        if self._waiting is None or self.transport.is_closing():
            return
        if ended == self._ended:  # else there is more in it than a head
            self._read += len(data)
        if self._read > HEAD_MAX:
            self._refuse()

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._said = 0
        if self._waiting is None:  # a further request of a connection that is kept
            self._begin()

    def on_url(self, url: bytes) -> None:
        super().on_url(url)
        self._said += len(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        super().on_header(name, value)
        self._said += len(name) + len(value)

    def on_headers_complete(self) -> None:
        """A head that came in one piece is measured here, and refused in its turn among the others."""
        self._done()
        app = self.app
        if self._said > HEAD_MAX:
            self.app = _too_large
        try:
            super().on_headers_complete()
        finally:
            self.app = app

    def on_message_complete(self) -> None:
        self._ended += 1
        super().on_message_complete()

    def shutdown(self) -> None:
        """The server drains: what has an end is finished, and a stream, which has none, is cut."""
        super().shutdown()
        cycle: Any = self.cycle
        if cycle is not None and cycle.scope.get(STREAM):
            self.transport.close()

    def _unsupported_upgrade_warning(self) -> None:
        """Not a line for each client that asks for a WebSocket: there are none here, and it is answered."""

    def _begin(self) -> None:
        self._read = 0
        self._waiting = self.loop.call_later(HEAD_PATIENCE, self.transport.close)

    def _done(self) -> None:
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None

    def _refuse(self) -> None:
        self._done()
        earlier: Any = self.cycle
        if (
            earlier is None or earlier.response_complete
        ):  # else this would be taken for the answer to that one
            self.transport.write(_TOO_LARGE)
        self.transport.close()


async def _too_large(scope: Any, receive: Any, send: Any) -> None:
    headers = [(b"content-length", b"0"), (b"connection", b"close")]
    await send({"type": "http.response.start", "status": 431, "headers": headers})
    await send({"type": "http.response.body"})
