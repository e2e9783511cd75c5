"""Litestar: a plugin for routes, lifespan, problem documents, OpenAPI and `request.user`; guards for routes.

    @get("/notes", guards=[requires(auth.scopes("notes:read"))])
    async def notes(request: Request[str, Identity, State]) -> dict[str, str]:
        return {"account": request.auth.account}

    app = Litestar([notes], plugins=[LimenPlugin(auth)])

`request.auth` is the identity and `request.user` what `retrieve_user` makes of it, the account's id unless
told otherwise; both are None for a stranger, and for whoever presents what is no good: only guards refuse.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from copy import copy
from typing import Any

from litestar import Litestar, Request, Response
from litestar.config.app import AppConfig
from litestar.connection import ASGIConnection
from litestar.enums import HttpMethod, ScopeType
from litestar.handlers import BaseRouteHandler, HTTPRouteHandler, asgi, route
from litestar.middleware import ASGIMiddleware
from litestar.openapi.spec import Components, SecurityScheme
from litestar.plugins import InitPlugin
from litestar.plugins.base import ReceiveRoutePlugin
from litestar.response.base import ASGIResponse
from litestar.routes import BaseRoute, HTTPRoute
from litestar.types import ASGIApp

from limen.auth import Limen
from limen.errors import LimenError, Misconfigured, Rejected, Unavailable
from limen.problems import problem, shown
from limen.requirement import Authenticates, Requirement
from limen.server.api import openapi, routes
from limen.server.embed import leading
from limen.settings import Transport
from limen.strategies.base import Identity

Retrieve = Callable[[Identity, ASGIConnection[Any, Any, Any, Any]], Awaitable[Any]]

_OWN = "limen"
"""In the `opt` of our own routes: they judge for themselves, whatever guards stand above them. What an
application keeps under that name is its own, and opens nothing: see `_is_own`."""
_ERROR = "limen.error"
_METHODS: tuple[HttpMethod, ...] = tuple(set(HttpMethod) - {HttpMethod.HEAD})
_POLICY_VIOLATION = 1008  # RFC 6455 §7.4.1
_TRY_AGAIN_LATER = 1013  # IANA's registry of WebSocket close codes
_log = logging.getLogger("limen.litestar")


class LimenPlugin(InitPlugin, ReceiveRoutePlugin):
    """Make the application sign people in: Limen's routes, its start and stop, its errors, and who is asking.

    With a Verifier there are no routes. `pages` adds the sign-in, the account and all that people meet.
    """

    def __init__(
        self, auth: Authenticates, *, pages: bool = False, retrieve_user: Retrieve | None = None
    ) -> None:
        self.auth, self.retrieve_user = auth, retrieve_user
        self._pages, self._below = pages, ""
        self._lead = leading(auth) if pages and isinstance(auth, Limen) else None

    def on_app_init(self, app_config: AppConfig) -> AppConfig:
        """See Litestar's InitPlugin."""
        self._below = (app_config.path or "").rstrip("/")
        if isinstance(self.auth, Limen):
            app_config.route_handlers.extend(map(self._mounted, routes(self.auth, pages=self._pages)))
        app_config.lifespan.insert(0, self._running)
        app_config.middleware.insert(0, _Asking(self))
        app_config.exception_handlers[LimenError] = self._refuse
        app_config.after_exception.append(_note)
        self._describe(app_config)
        return app_config

    def receive_route(self, route: BaseRoute) -> None:
        """Let the OpenAPI document say what the guards of a route ask for."""
        for handler in route.route_handlers if isinstance(route, HTTPRoute) else ():
            _tell_needs(handler)

    async def user_of(self, identity: Identity, connection: ASGIConnection[Any, Any, Any, Any]) -> Any:
        """What `request.user` is for this identity."""
        if self.retrieve_user is None:
            return identity.account
        return await self.retrieve_user(identity, connection)

    def _mounted(self, ours: Any) -> BaseRouteHandler:
        """One of our paths as a handler of its own: Litestar's mounts take `/authx` for `/auth`."""

        async def answer(scope: Any, receive: Any, send: Any) -> None:
            # Litestar finds a handler for `//auth/login/` too. A path that a proxy in front may have read
            # otherwise than we would is none of ours (W09).
            raw = scope.get("raw_path") or scope["path"].encode()
            if scope["type"] != "http" or b"//" in raw or raw.endswith(b"/"):
                raise Rejected("there is nothing at this address", code="not_found", status=404)
            await ours.app(self._asked(scope), receive, send)

        opt = {_OWN: LimenPlugin, "exclude_from_csrf": True, "exclude_from_auth": True}
        if "{" not in ours.path:
            return asgi(ours.path, copy_scope=True, opt=opt)(answer)

        async def variable(request: Request[Any, Any, Any]) -> ASGIApp:
            return answer

        # Litestar finds no handler of the kind above for a path with parameters, but an error.
        path = ours.path.replace("}", ":str}")
        return route(path, http_method=_METHODS, include_in_schema=False, opt=opt)(variable)

    def _asked(self, scope: Any) -> dict[str, Any]:
        """The scope as the server gave it, for Litestar takes the root out of the path. An application with a
        path of its own has us below it, as below a mount."""
        root = str(scope.get("root_path") or "").rstrip("/")
        return {**scope, "root_path": f"{root}{self._below}", "path": f"{root}{scope['path']}"}

    def _running(self, app: Litestar) -> AbstractAsyncContextManager[None]:
        """The rest of the application's lifespan lies inside this: its start-up may already ask Limen."""

        @asynccontextmanager
        async def lifespan() -> AsyncIterator[None]:
            await self.auth.start()
            try:
                yield
            finally:
                await self.auth.close()

        return lifespan()

    def _refuse(self, request: Request[Any, Any, Any], error: LimenError) -> Response[Any]:
        if isinstance(error, Misconfigured):  # the client is not told, and somebody must be
            _log.error("%s: %s", shown(request.scope["path"]), error.message)
        found: Any = self._lead(self._asked(request.scope), error) if self._lead is not None else None
        found = problem(error) if found is None else found
        return _Raw(found.status, found.headers, found.body)

    def _describe(self, app_config: AppConfig) -> None:
        """Add the security schemes and our routes to the OpenAPI document, if there is one."""
        if app_config.openapi_config is None:
            return
        config = app_config.openapi_config = copy(app_config.openapi_config)
        given = config.components if isinstance(config.components, list) else [config.components]
        config.components = [Components(security_schemes=_schemes(self.auth)), *given]
        ours = openapi(self.auth) if isinstance(self.auth, Limen) else {"paths": {}, "components": {}}
        plain, below = config.to_openapi_schema, self._below

        def to_openapi_schema() -> Any:
            document = plain()
            written = document.to_schema

            def to_schema() -> dict[str, Any]:
                return _merged(written(), ours, below)

            document.to_schema = to_schema  # type: ignore[method-assign]
            return document

        config.to_openapi_schema = to_openapi_schema  # type: ignore[method-assign]


class requires:  # noqa: N801 - it is written as a function, and must be known again among guards
    """A guard: let a handler, a controller or a router run only if the requirement is met.

    401 to a stranger, 403 to whom a scope is missing, 503 where nobody can tell, each as a problem document.
    A WebSocket is refused before it is accepted.
    """

    def __init__(self, requirement: Requirement) -> None:
        self.requirement = requirement

    def __deepcopy__(self, memo: Any) -> requires:
        """Itself: Litestar copies the handlers of routers with all that they hold, and there is one Limen."""
        return self

    async def __call__(
        self, connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler
    ) -> None:
        if _is_own(handler):
            return
        try:
            plugin = connection.app.plugins.get(LimenPlugin)
        except KeyError as error:
            raise Misconfigured("this application has no LimenPlugin among its `plugins`") from error
        identity = await self.requirement.check(connection.scope)  # type: ignore[arg-type]
        if identity is not None and connection.scope.get("auth") is not identity:
            user = await plugin.user_of(identity, connection)
            connection.scope["auth"], connection.scope["user"] = identity, user


class _Asking(ASGIMiddleware):
    """Finds out who is asking, and says to a WebSocket what only exception handlers for requests can say."""

    scopes = (ScopeType.HTTP, ScopeType.WEBSOCKET)

    def __init__(self, plugin: LimenPlugin) -> None:
        self._plugin = plugin

    async def handle(self, scope: Any, receive: Any, send: Any, next_app: Any) -> None:
        identity = user = None
        if not _is_own(scope["route_handler"]):
            identity = await self._who(scope)
        if identity is not None:
            user = await self._plugin.user_of(identity, ASGIConnection(scope, receive))
        scope["auth"], scope["user"] = identity, user
        await next_app(scope, receive, send if scope["type"] == "http" else _refusing(scope, send))

    async def _who(self, scope: Any) -> Identity | None:
        try:
            return await self._plugin.auth.optional.check(scope)
        except LimenError as error:
            _log.debug("a credential was not accepted: %s", error.reason)
            return None


def _is_own(handler: BaseRouteHandler) -> bool:
    return handler.opt.get(_OWN) is LimenPlugin


class _Raw(Response[bytes]):
    """An answer header by header: two cookies are two headers."""

    def __init__(self, status: int, headers: Iterable[tuple[bytes, bytes]], body: bytes) -> None:
        super().__init__(body, status_code=status)
        self._lines = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in headers]

    def to_asgi_response(self, *_: Any, **__: Any) -> ASGIResponse:
        return ASGIResponse(body=self.content, headers=self._lines, status_code=self.status_code)


async def _note(error: Exception, scope: Any) -> None:
    """Keep what ended a WebSocket: Litestar closes it, and would say that the server is broken."""
    if scope["type"] == "websocket" and isinstance(error, LimenError):
        scope[_ERROR] = error


def _refusing(scope: Any, send: Any) -> Any:
    """`send` of a WebSocket that tells an error of ours as such: before it is accepted by a problem document,
    where the server can; else by the code of the close."""
    accepted = False

    async def refusing(message: Any) -> None:
        nonlocal accepted
        accepted = accepted or message["type"] == "websocket.accept"
        error = scope.pop(_ERROR, None) if message["type"] == "websocket.close" else None
        if error is None:
            await send(message)
        elif accepted or "websocket.http.response" not in scope.get("extensions", {}):
            later = accepted and isinstance(error, Unavailable)
            code = _TRY_AGAIN_LATER if later else _POLICY_VIOLATION
            await send({"type": "websocket.close", "code": code, "reason": error.code})
        else:
            found = problem(error)
            start = {"type": "websocket.http.response.start", "status": found.status}
            length = (b"content-length", b"%d" % len(found.body))
            await send({**start, "headers": [*found.headers, length]})
            await send({"type": "websocket.http.response.body", "body": found.body})

    return refusing


def _schemes(auth: Authenticates) -> dict[str, Any]:
    found = {}
    if Transport.BEARER in auth.transports:
        found["bearer"] = SecurityScheme(type="http", scheme="bearer")
    if Transport.COOKIE in auth.transports:
        found["cookie"] = SecurityScheme(type="apiKey", name=auth.cookie, security_scheme_in="cookie")
    return found


def _tell_needs(handler: HTTPRouteHandler) -> None:
    """One of the schemes with all the scopes, unless the handler says itself what it needs."""
    needs = [guard.requirement for guard in handler.resolve_guards() if isinstance(guard, requires)]
    if not needs or handler.security is not None:
        return
    scopes = sorted({scope for need in needs for scope in need.scopes})
    nobody: list[dict[str, list[str]]] = [{}] if all(need.optional for need in needs) else []
    handler.security = [*({scheme: scopes} for scheme in _schemes(needs[0].auth)), *nobody]


def _merged(document: dict[str, Any], ours: dict[str, Any], below: str) -> dict[str, Any]:
    paths = {f"{below}{path}": item for path, item in ours["paths"].items()}
    document["paths"] = paths | document.get("paths", {})
    components = document.setdefault("components", {})
    for kind, members in ours["components"].items():
        components[kind] = members | components.get(kind, {})
    return document
