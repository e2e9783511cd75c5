"""The routes of Limen for applications on WSGI: the same ASGI application, asked on a background loop."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable
from typing import Any

from limen.auth import Limen
from limen.background import Background
from limen.environ import Environ, Whole, path_of, respond, scope_of
from limen.errors import LimenError, Misconfigured, Unavailable
from limen.problems import refusal, shown
from limen.server.embed import leading, own_routes
from limen.server.wire import BODY_MAX, STREAM, Header, Message, Scope

_log = logging.getLogger("limen.server")
StartResponse = Callable[..., Any]


class OwnRoutes:
    """Answers the paths that are Limen's. Answers are whole: a stream would hold a thread of the server."""

    def __init__(self, auth: Limen, background: Background, *, pages: bool) -> None:
        self._app, self._exact, self._below = own_routes(auth, pages=pages)
        self._background = background
        self._lead = leading(auth) if pages else None

    def __contains__(self, environ: Environ) -> bool:
        path = path_of(environ)
        return path in self._exact or path.startswith(self._below)

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        body = _body(environ)
        scope = {**scope_of(environ), "type": "http"}
        try:
            answer = self._background.run(self._asked(scope, body))
        except LimenError as error:  # the first request starts Limen, and learns what is wrong with it
            if isinstance(error, Misconfigured):
                _log.error("%s: %s", shown(path_of(environ)), error.message)
            answer = self.told(environ, error)
        return respond(environ, start_response, *answer)

    def told(self, environ: Environ, error: LimenError) -> Whole:
        """The answer to a request that this error refuses: its problem document; with the pages, for a person
        who goes to one, the way to where what was lacking is had."""
        scope = scope_of(environ)
        found = self._lead(scope, error) if self._lead is not None and scope["type"] == "http" else None
        if found is None:
            return refusal(error)
        return found.status, [*found.headers, (b"content-length", b"%d" % len(found.body))], found.body

    async def _asked(self, scope: Scope, body: bytes) -> Whole:
        given = [{"type": "http.request", "body": body, "more_body": False}]
        status, headers, parts = 500, list[Header](), list[bytes]()

        async def receive() -> Message:
            if given:
                return given.pop()
            forever: asyncio.Future[Message] = asyncio.get_running_loop().create_future()
            return await forever  # nobody here hears that a client has left

        async def send(message: Message) -> None:
            nonlocal status
            if scope.get(STREAM):
                raise _Endless
            if message["type"] == "http.response.start":
                status = message["status"]
                headers.extend(message["headers"])
            else:
                parts.append(message.get("body", b""))

        try:
            await self._app(scope, receive, send)
        except _Endless:
            raise Unavailable(
                "this server answers as a whole and streams nothing: read the pages of the feed",
                code="feed_not_streamed",
                retry_after=60,
            ) from None
        return status, headers, b"".join(parts)


class _Endless(BaseException):
    """An answer without an end has begun. No handler of errors between may answer in its place."""


def _body(environ: Environ) -> bytes:
    """At most one byte more than is taken; what says that it is longer is not read."""
    source, length = environ["wsgi.input"], environ.get("CONTENT_LENGTH") or ""
    if length.isascii() and length.isdigit():
        wanted = int(length[:20])
        return _read(source, wanted) if wanted <= BODY_MAX else b""
    return _read(source, BODY_MAX + 1) if environ.get("wsgi.input_terminated") else b""


def _read(source: Any, wanted: int) -> bytes:
    found = bytearray()
    while len(found) < wanted and (chunk := source.read(wanted - len(found))):
        found += chunk
    return bytes(found)
