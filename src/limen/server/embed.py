"""What an application on Starlette, FastAPI's included, needs to hold Limen: routes, lifespan, errors."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from starlette.applications import Starlette
from starlette.responses import Response
from starlette.websockets import WebSocket

from limen.auth import Limen
from limen.errors import LimenError
from limen.problems import problem
from limen.requirement import Authenticates
from limen.server.api import routes

_POLICY_VIOLATION = 1008  # RFC 6455 §7.4.1


def embed(app: Starlette, auth: Authenticates, *, pages: bool = False) -> None:
    """Put Limen's routes before the application's own, start and stop it with them, and answer its errors.

    A Verifier has no routes. With `pages` people get theirs too (docs/pages.md).
    """
    if isinstance(auth, Limen):
        app.router.routes[:0] = routes(auth, pages=pages)
    app.router.lifespan_context = _around(auth, app.router.lifespan_context)
    app.add_exception_handler(LimenError, _refuse)


def _around(auth: Authenticates, inner: Any) -> Any:
    """The application's lifespan inside Limen's: its start-up may already ask Limen, its end still may."""

    @asynccontextmanager
    async def lifespan(app: Any) -> AsyncIterator[Any]:
        await auth.start()
        try:
            async with inner(app) as state:
                yield state
        finally:
            await auth.close()

    return lifespan


async def _refuse(connection: Any, error: Exception) -> Any:
    """The problem document; where a server has none for WebSockets, a close before it is accepted."""
    if not isinstance(error, LimenError):
        raise error
    denial = "websocket.http.response" in connection.scope.get("extensions", {})
    if isinstance(connection, WebSocket) and not denial:
        await connection.close(_POLICY_VIOLATION, error.code)
        return None
    found = problem(error)
    response = Response(found.body, found.status)
    response.raw_headers = [*found.headers, (b"content-length", str(len(found.body)).encode())]
    return response
