"""What an application on Starlette, FastAPI's included, needs to hold Limen: routes, lifespan, errors."""

from __future__ import annotations

import logging
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from limen.auth import Limen
from limen.errors import LimenError, Misconfigured, Unavailable
from limen.problems import problem, shown
from limen.requirement import Authenticates
from limen.server.api import routes
from limen.server.pages import telling
from limen.server.resource import Resource, nowhere
from limen.server.site import Site
from limen.server.standing import with_standing
from limen.server.wire import Answer, Receive, Scope, Send

_POLICY_VIOLATION = 1008  # RFC 6455 §7.4.1
_TRY_AGAIN_LATER = 1013  # IANA's registry of WebSocket close codes
_log = logging.getLogger("limen.server")
_ROOT = "limen.root"


def embed(app: Starlette, auth: Authenticates, *, pages: bool = False) -> None:
    """Put Limen's routes before the application's own, start and stop it with them, and answer its errors.

    A Verifier has no routes. With `pages` people get theirs too (docs/pages.md), and are led to the sign-in.
    """
    if isinstance(auth, Limen):
        if any(isinstance(getattr(route, "endpoint", None), Resource) for route in app.router.routes):
            raise Misconfigured("this application has Limen already: call install once, with one Limen")
        ours = routes(auth, pages=pages)
        app.router.routes[:0] = [*ours, *(_astray(route) for route in ours if isinstance(route, Route))]
        if pages:
            app.add_middleware(_Rooted)
    app.router.lifespan_context = _around(auth, app.router.lifespan_context)
    app.add_exception_handler(LimenError, _leading(auth) if pages and isinstance(auth, Limen) else _refuse)


def own_routes(auth: Limen, *, pages: bool) -> tuple[Any, frozenset[str], tuple[str, ...]]:
    """What answers the routes of Limen: the exact paths, and the paths below which everything is its own."""
    app = Starlette()
    app.router.redirect_slashes = False  # a redirect would be to whichever host the request names
    embed(app, auth, pages=pages)
    paths = [route.path for route in app.routes if isinstance(route, Route)]
    below = {path.partition("{")[0] for path in paths if "{" in path} | {f"{auth.settings.prefix}/"}
    return app, frozenset(path for path in paths if "{" not in path), tuple(below)


def leading(auth: Limen) -> Callable[[Scope, LimenError], Answer | None]:
    """With the pages: a person who goes to a page and lacks a proof is led to it, and back. None: not so."""
    site = Site.of(auth, whole=False)

    async def nothing() -> Any:
        return {"type": "http.disconnect"}

    def lead(scope: Scope, error: LimenError) -> Answer | None:
        # A mount inside the application has moved the root, and the pages lie at the application's own.
        at = {**scope, "root_path": scope.get(_ROOT, scope.get("root_path", ""))}
        call = site.call(at, nothing)
        found = telling.lead(site, call, error)
        return None if found is None else with_standing(found, hsts=site.hsts(call))

    return lead


class _Rooted:
    """Keeps where the application itself lies, which may be below a mount of another."""

    def __init__(self, app: Any) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope[_ROOT] = scope.get("root_path", "")
        await self._app(scope, receive, send)


def _astray(route: Route) -> Route:
    """The same path with slashes behind it leads nowhere: Starlette would redirect from there, to whichever
    host the request names (W08)."""
    astray = Route(f"{route.path}/", _Nowhere())
    astray.path_regex = re.compile(f"{astray.path_regex.pattern.removesuffix('$')}+$")
    return astray


class _Nowhere:
    """Answers that there is nothing."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await nowhere().send(send, bodiless=scope["method"] == "HEAD")


def _around(auth: Authenticates, inner: Any) -> Any:
    """The application's lifespan inside Limen's: its start-up may already ask Limen, its end still may."""

    @asynccontextmanager
    async def lifespan(app: Any) -> AsyncIterator[Any]:
        await auth.start()
        _teach(app)
        try:
            async with inner(app) as state:
                yield state
        finally:
            await auth.close()

    return lifespan


def _teach(app: Starlette) -> None:
    """Let applications that are mounted below answer Limen's errors too: each has handlers of its own, and
    would call a stranger's request an error of the server."""
    for route in app.routes:
        inner = getattr(route, "app", None)
        if isinstance(inner, Starlette):
            inner.exception_handlers.setdefault(LimenError, _refuse)
            _teach(inner)


def _leading(auth: Limen) -> Callable[[Any, Exception], Awaitable[Any]]:
    lead = leading(auth)

    async def refuse(connection: Any, error: Exception) -> Any:
        if connection.scope["type"] == "http" and isinstance(error, LimenError):
            found = lead(connection.scope, error)
            if found is not None:
                response = Response(found.body, found.status)
                response.raw_headers = [*found.headers, (b"content-length", b"%d" % len(found.body))]
                return response
        return await _refuse(connection, error)

    return refuse


async def _refuse(connection: Any, error: Exception) -> Any:
    """The problem document; where a server has none for WebSockets, a close before it is accepted."""
    if not isinstance(error, LimenError):
        raise error
    if isinstance(error, Misconfigured):  # the client is not told, and somebody must be
        _log.error("%s: %s", shown(connection.scope["path"]), error.message)
    if isinstance(connection, WebSocket):
        if connection.application_state is not WebSocketState.CONNECTING:
            await _end(connection, error)
            return None
        if "websocket.http.response" not in connection.scope.get("extensions", {}):
            await connection.close(_POLICY_VIOLATION, error.code)
            return None
    found = problem(error)
    response = Response(found.body, found.status)
    response.raw_headers = [*found.headers, (b"content-length", str(len(found.body)).encode())]
    return response


async def _end(socket: WebSocket, error: LimenError) -> None:
    """Close a socket that was open, unless it is closed: what it was opened with is not good any more."""
    if WebSocketState.DISCONNECTED not in (socket.application_state, socket.client_state):
        with suppress(WebSocketDisconnect):  # the other side was quicker
            code = _TRY_AGAIN_LATER if isinstance(error, Unavailable) else _POLICY_VIOLATION
            await socket.close(code, error.code)
