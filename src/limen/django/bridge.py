"""Limen's own routes as one view of Django's, under WSGI and ASGI: `path("", include("limen.django.urls"))`.

They run on the loop of this process's Limen, which is another than the server's. Django's check against
forged requests does not look at them; they have their own (`limen.transport`).
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Iterator
from typing import Any

from django.core.handlers.asgi import ASGIRequest
from django.http import HttpResponse, StreamingHttpResponse
from django.utils.cache import patch_vary_headers
from django.views.decorators.csrf import csrf_exempt
from starlette.routing import Route

from limen import Limen
from limen.django import config, renewing
from limen.django.asking import scope_of
from limen.django.caller import Caller, bound
from limen.django.mounted import mounted
from limen.server.wire import BODY_MAX, Message

_PATIENCE = 3_600.0
"""For the next piece of an answer without an end; the feed says something every few seconds."""
_AHEAD = 16
"""Pieces that wait for a slow reader."""


def pattern() -> str:
    """Which addresses are Limen's, for `re_path`."""
    paths = [route.path for route in mounted(config.auth()).routes if isinstance(route, Route)]
    exact = sorted(re.escape(path[1:]) for path in paths if "{" not in path)
    below = sorted({re.escape(path[1:].partition("{")[0]) for path in paths if "{" in path})
    return rf"^(?:{'|'.join(exact)}|(?:{'|'.join(below)}).+)$"


@csrf_exempt
def routes(request: Any) -> HttpResponse | StreamingHttpResponse:
    """The answer of Limen's own route."""
    body = b"" if request.method in ("GET", "HEAD") else request.read(BODY_MAX + 1)
    exchange = _Exchange(scope_of(request), body)
    config.background().start()
    Caller(request).end_what_ran_out()
    start, first = config.run(exchange.begin(config.auth()))
    response: HttpResponse | StreamingHttpResponse
    if not first.get("more_body"):
        response = HttpResponse(first.get("body", b""))
    elif isinstance(request, ASGIRequest):
        response = StreamingHttpResponse(exchange.apieces(first))
    else:
        response = StreamingHttpResponse(exchange.pieces(first))
    response.status_code = start["status"]
    del response.headers["content-type"]
    for name, value in start["headers"]:
        if name == b"set-cookie":
            response.cookies.load(value.decode("latin-1"))
        elif name == b"vary":  # there may be more than one, and Django keeps the last of a name
            patch_vary_headers(response, value.decode("latin-1").split(", "))
        else:
            response.headers[name.decode("latin-1")] = value.decode("latin-1")
    renewed = response.cookies.get(config.auth().cookie_names.refreshes)
    if renewed is not None and renewed.value:
        bound(request, response, renewed.value)
    elif renewed is not None and request.path_info == renewing.place():
        renewing.send_back(request, response)
    return response


class _Exchange:
    """One request on Limen's loop, and what comes back of it."""

    def __init__(self, scope: dict[str, Any], body: bytes) -> None:
        self._scope = scope
        self._body: bytes | None = body
        self._task: asyncio.Task[None] | None = None

    async def begin(self, auth: Limen) -> tuple[Message, Message]:
        """Status and headers, and the first piece of the body."""
        self._left = asyncio.Event()
        self._messages: asyncio.Queue[Message] = asyncio.Queue(_AHEAD)
        self._task = asyncio.create_task(self._answer(auth), name="limen route")
        return await self._next(), await self._next()

    def pieces(self, first: Message) -> Iterator[bytes]:
        """The body, for WSGI."""
        message = first
        try:
            yield message.get("body", b"")
            while message.get("more_body"):
                message = config.background().run(self._next(), patience=_PATIENCE)
                yield message.get("body", b"")
        finally:
            config.run(self._end())

    async def apieces(self, first: Message) -> AsyncIterator[bytes]:
        """The body, for ASGI."""
        message = first
        try:
            yield message.get("body", b"")
            while message.get("more_body"):
                message = await config.arun(self._next())
                yield message.get("body", b"")
        finally:
            await config.arun(self._end())

    async def _answer(self, auth: Limen) -> None:
        scope = {**self._scope, "app_root_path": self._scope["root_path"]}
        await mounted(auth).router(scope, self._receive, self._messages.put)

    async def _receive(self) -> Message:
        if self._body is not None:
            body, self._body = self._body, None
            return {"type": "http.request", "body": body, "more_body": False}
        await self._left.wait()
        return {"type": "http.disconnect"}

    async def _next(self) -> Message:
        """The next message; the error of an answer that broke off."""
        waiting = asyncio.ensure_future(self._messages.get())
        task = self._task
        if task is not None:
            await asyncio.wait({waiting, task}, return_when=asyncio.FIRST_COMPLETED)
            if not waiting.done() and self._messages.empty():
                waiting.cancel()
                await task  # raises what it ended with
                raise ConnectionError("the route ended before its answer did")
        return await waiting

    async def _end(self) -> None:
        self._left.set()
        if self._task is not None and not self._task.done():
            self._task.cancel()
            await asyncio.wait({self._task})
