"""The address of operations beside the server's own: metrics and health, where the world does not come."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Iterator

import uvicorn

from limen.cli.listening import first_free
from limen.cli.protocol import BoundedProtocol
from limen.server.operations import Operations

_log = logging.getLogger("limen.serve")
_CONNECTIONS = 50


class OperationsPort:
    """Listens in this process. Of several, each takes the first port from `port` on that nobody has."""

    def __init__(self, app: Operations, host: str, port: int, *, processes: int = 1) -> None:
        self._app, self._host, self._ports = app, host, range(port, port + processes)
        self._server: _Quiet | None = None
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Unavailable where every port is taken."""
        bound = first_free(self._host, self._ports)
        self._server = _Quiet(
            uvicorn.Config(
                self._app,
                http=BoundedProtocol,
                ws="none",
                interface="asgi3",
                lifespan="off",
                log_config=None,
                access_log=False,
                proxy_headers=False,
                server_header=False,
                limit_concurrency=_CONNECTIONS,
                timeout_graceful_shutdown=1,
            )
        )
        self._task = asyncio.create_task(self._server.serve(sockets=[bound]), name="limen operations")
        _log.info("metrics and health of this process: http://%s:%d", *bound.getsockname()[:2])

    async def close(self) -> None:
        if self._server is not None and self._task is not None:
            self._server.should_exit = True
            await self._task


class _Quiet(uvicorn.Server):
    """Ends when it is told to, and leaves the signals to the server that it stands beside."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield
