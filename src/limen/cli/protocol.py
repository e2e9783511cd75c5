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


class BoundedProtocol(HttpToolsProtocol):
    """Refuses a head of more than 32 KiB by 431, and lets go of one that is not there after ten seconds."""

    _waiting: asyncio.TimerHandle | None = None
    _read = 0

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self._begin()

    def connection_lost(self, exc: Exception | None) -> None:
        self._done()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self._waiting is None or self.transport.is_closing():
            return
        self._read += len(data)
        if self._read > HEAD_MAX:
            self._refuse()

    def on_message_begin(self) -> None:
        super().on_message_begin()
        if self._waiting is None:  # a further request of a connection that is kept
            self._begin()

    def on_headers_complete(self) -> None:
        self._done()
        super().on_headers_complete()

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
        self.transport.write(
            b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
        )
        self.transport.close()
