"""The whole server: the routes, and what an application that embeds them does itself.

It asks what has to be asked before a path means anything (is the host ours, is the path written the one way
in which it can be written), answers pages of other origins, and answers where there is no route.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Callable
from typing import TYPE_CHECKING

from starlette.routing import Route, Router

from limen import request_id
from limen.auth import Limen
from limen.errors import LimenError, Rejected
from limen.server import forwarding, playground, reports, workbench
from limen.server.admin import table as administration
from limen.server.api import routes_of
from limen.server.cross_origin import CrossOrigin
from limen.server.home import pages
from limen.server.hosts import Hosts
from limen.server.pages import table as people
from limen.server.pages.telling import tell
from limen.server.resource import broken, refusal, respond
from limen.server.site import Site
from limen.server.table import endpoints_of
from limen.server.wire import Answer, Call, Message, Receive, Scope, Send

if TYPE_CHECKING:
    from limen.tracing import Tracing

_BY_ADDRESS = frozenset({"/healthz", "/readyz", forwarding.PATH})
"""What load balancers and proxies ask, by whatever name they know us."""
_log = logging.getLogger("limen.server")


def create_app(auth: Limen, *, processes: int = 1) -> Server:
    """The whole server as an ASGI application. Its lifespan starts and stops `auth`.

    `processes`: how many answer on this address. Each counts for itself, so of several none shows `/metrics`.
    """
    return Server(auth, processes=processes)


class Server:
    """An ASGI application that refuses every kind of scope but lifespan and http."""

    def __init__(self, auth: Limen, *, processes: int = 1) -> None:
        self._auth = auth
        self._site = Site.of(auth, whole=True, processes=processes)
        self._hosts = Hosts.of(auth.settings)
        self._tracing = _tracing(auth)
        self._cross_origin = CrossOrigin(auth.settings.origins, auth.transports)
        self._people = [*people.endpoints(self._site), *administration.endpoints(self._site)]
        described = [*endpoints_of(self._site), *pages(self._site)]
        endpoints = [*described, *self._people, *reports.endpoints()]
        self._playground: playground.Playground | None = None
        if auth.settings.development:  # in production it is a file of one's own: `limen workbench --export`
            self._playground = playground.Playground(self._site)
            endpoints += [*workbench.endpoints(), *playground.endpoints(self._playground)]
        self._site = forwarding.knowing_pages(self._site, endpoints)
        routes = routes_of(self._site, endpoints)
        if self._playground is not None:
            routes.append(Route(playground.LANES, self._playground))
        self._router = Router(routes, redirect_slashes=False, default=self._nowhere)

    @property
    def site(self) -> Site:
        return self._site

    async def start(self) -> None:
        await self._auth.start()

    async def close(self) -> None:
        if self._playground is not None:
            await self._playground.close()
        await self._auth.close()
        if self._tracing is not None:
            await asyncio.to_thread(self._tracing.close)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        kind = scope["type"]
        if kind == "http":
            await self._http(scope, receive, send)
        elif kind == "lifespan":
            await self._lifespan(receive, send)
        elif kind == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": 1008, "reason": "not_found"})
        else:
            raise RuntimeError(f"a scope of type {kind!r} is refused: nothing is served by it")

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        peer, trusted = scope.get("client"), self._site.trusted
        now, chance = self._auth.clock.now(), secrets.token_bytes
        request = request_id.of(scope["headers"], peer[0] if peer else None, trusted, now=now, entropy=chance)
        with request_id.under(request):
            await self._traced(forwarding.as_question(scope), receive, _naming(request, send))

    async def _traced(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._tracing is None:
            await self._answer(scope, receive, send)
            return
        with self._tracing.request(scope, self._site.trusted) as answered:
            await self._answer(scope, receive, _telling(answered, send))

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        call = self._site.call(scope, receive)
        send = self._cross_origin.sending(call, send)
        try:
            answer = self._first(call)
        except LimenError as error:
            _log.info("refused before routing: %s (%s)", error.code, error.reason)
            answer = refusal(error)
        except Exception as error:  # noqa: BLE001 - nothing may reach the server's own page of errors
            answer = broken(error, "before routing")
        if answer is None:
            await self._router(scope, receive, send)
        else:
            await respond(self._site, call, answer, send)

    def _first(self, call: Call) -> Answer | None:
        """What is answered whatever the path means; None lets it mean something."""
        if call.scope["path"] not in _BY_ADDRESS:
            self._hosts.check(call.all(b"host"))
        # No path of ours needs a percent sign. One that a proxy in front may have read otherwise than we
        # would is none of ours (W09).
        if b"%" in call.scope.get("raw_path", b""):
            raise _not_found()
        # A proxy that asks with the method of a preflight asks whether it may pass, and not us to answer it.
        return None if call.scope["path"] == forwarding.PATH else self._cross_origin.preflight(call)

    async def _nowhere(self, scope: Scope, receive: Receive, send: Send) -> None:
        call = self._site.call(scope, receive)
        # A browser that goes somewhere gets a page, and whatever asks for data a document.
        goes = call.header(b"sec-fetch-mode") == b"navigate" and self._people
        try:
            answer = tell(self._site, call, _not_found()) if goes else refusal(_not_found())
        except Exception as error:  # noqa: BLE001 - a template of an operator's own
            answer = broken(error, "nowhere")
        await respond(self._site, call, answer, send)

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        await receive()
        try:
            await self.start()
        except LimenError as error:
            await send({"type": "lifespan.startup.failed", "message": error.message})
            return
        except Exception as error:
            await send({"type": "lifespan.startup.failed", "message": repr(error)})
            raise
        await send({"type": "lifespan.startup.complete"})
        try:
            await receive()
        finally:
            await self.close()
        await send({"type": "lifespan.shutdown.complete"})


def _naming(request: str, send: Send) -> Send:
    """Every answer says the id of its request."""
    header = (request_id.HEADER, request.encode())

    async def named(message: Message) -> None:
        if message["type"] == "http.response.start":
            message = {**message, "headers": [*message.get("headers", ()), header]}
        await send(message)

    return named


def _telling(answered: Callable[[int], None], send: Send) -> Send:
    """`answered` is told the status."""

    async def told(message: Message) -> None:
        if message["type"] == "http.response.start":
            answered(message["status"])
        await send(message)

    return told


def _tracing(auth: Limen) -> Tracing | None:
    """Who writes traces; its packages are imported where there is somebody to write them for."""
    if auth.settings.traces != "otlp":
        return None
    from limen import tracing

    return tracing.trace(auth, tracing.otlp(), database=auth.settings.database)


def _not_found() -> Rejected:
    return Rejected("there is nothing at this address", code="not_found", status=404)
