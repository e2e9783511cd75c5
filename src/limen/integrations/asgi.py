"""Plain ASGI: nothing gets past without an identity, unless its path was named public.

    app = LimenMiddleware(app, auth, public={"/", "/static/"})  # auth: a Limen, or a Verifier

The application reads who is asking from `scope["limen.identity"]`; on a public path the key is there only if
a good credential came.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Collection, MutableMapping
from typing import Any

from limen.auth import Limen
from limen.errors import LimenError, Unavailable
from limen.problems import problem
from limen.public_paths import PublicPaths
from limen.requirement import Authenticates
from limen.settings import Transport
from limen.transport import find_credential, glance

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
ASGIApp = Callable[[Scope, Receive, Send], Awaitable[None]]

_BEARER = Transport.BEARER
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_POLICY_VIOLATION = 1008  # RFC 6455 §7.4.1
_TRY_AGAIN_LATER = 1013  # IANA's registry of WebSocket close codes
_log = logging.getLogger("limen.asgi")


class LimenMiddleware:
    """Asks every request and every WebSocket for an identity, answers the routes of Limen, and runs it.

    `public` names exact paths; one that ends in `/` names everything below it, `/` itself excepted: a public
    front page does not open the house. A kind of scope that nobody here knows is refused, so that a new
    protocol does not become a way around the door. `pages` adds those that people meet (docs/pages.md).
    """

    def __init__(
        self,
        app: ASGIApp,
        auth: Authenticates,
        *,
        public: Collection[str] = (),
        mount: bool = True,
        pages: bool = False,
    ) -> None:
        self._app, self._auth, self._recall = app, auth, auth.recall_raw
        self._names, self._transports = auth.cookie_names, auth.transports
        self._public = PublicPaths.of(public)
        self._own, self._own_exact, self._own_below = app, frozenset[str](), tuple[str, ...]()
        self._lead: Callable[[Scope, LimenError], Any] | None = None
        if mount and isinstance(auth, Limen):  # a Verifier has no routes of its own
            # Starlette is needed for these alone: with `mount=False` the core's dependencies are enough.
            from limen.server.embed import leading, own_routes

            self._own, self._own_exact, self._own_below = own_routes(auth, pages=pages)
            self._lead = leading(auth) if pages else None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._other(scope, receive, send)
            return
        path = scope["path"] if not scope.get("root_path") else _path(scope)
        if path in self._own_exact or path.startswith(self._own_below):
            await self._own(scope, receive, send)
            return
        # Nearly every request takes this short way: a credential that was seen before, by bearer or with a
        # method that changes nothing. Whatever else it is goes through `_admit`, which makes every check.
        found = glance(scope["headers"], self._names, self._transports)
        if found is not None and (found[1] is _BEARER or scope["method"] in _SAFE):
            identity = self._recall(found[0])
            if identity is not None:
                scope["limen.identity"], scope["limen.auth"] = identity, self._auth
                await self._app(scope, receive, send)
                return
        if await self._admit(path, scope, receive, send):
            await self._app(scope, receive, send)

    async def _other(self, scope: Scope, receive: Receive, send: Send) -> None:
        kind = scope["type"]
        if kind == "lifespan":
            await _Lifespan(receive, send).run(self._app, self._auth, scope)
        elif kind != "websocket":
            raise RuntimeError(f"a scope of type {kind!r} is refused: nobody here can ask it for an identity")
        elif await self._admit(_path(scope), scope, receive, send):
            await self._converse(scope, receive, send)

    async def _converse(self, scope: Scope, receive: Receive, send: Send) -> None:
        """A WebSocket may outlive the credential that opened it, so each message asks again."""
        ours = scope.get("limen.auth") is self._auth
        found = find_credential(scope["headers"], self._names, self._transports) if ours else None
        if found is None:
            await self._app(scope, receive, send)
            return
        socket = _Socket(self._auth, found.credential, receive, send)
        try:
            await self._app(scope, socket.receive, socket.send)
        except _Ended:
            _log.debug("a WebSocket was closed: its credential has ended")

    async def _admit(self, path: str, scope: Scope, receive: Receive, send: Send) -> bool:
        """Whether the application may see this; if not, it has been answered."""
        try:
            await self._auth.required.check(scope)
        except LimenError as error:
            if path in self._public:
                return True
            way = self._lead(scope, error) if self._lead is not None and scope["type"] == "http" else None
            await (refuse(error, scope, receive, send) if way is None else way.send(send))
            return False
        return True


def _path(scope: Scope) -> str:
    """The path below the place where this application is mounted."""
    path: str = scope["path"]
    root = scope.get("root_path")
    return path[len(root) :] if root and path.startswith(root + "/") else path


async def refuse(error: LimenError, scope: Scope, receive: Receive, send: Send) -> None:
    """Answer with the problem document of an error; a WebSocket is refused before it is accepted."""
    prefix = "http"
    if scope["type"] == "websocket":
        await receive()  # websocket.connect
        if "websocket.http.response" not in scope.get("extensions", {}):
            await send({"type": "websocket.close", "code": _POLICY_VIOLATION, "reason": error.code})
            return
        prefix = "websocket.http"
    found = problem(error)
    headers = [*found.headers, (b"content-length", b"%d" % len(found.body))]
    await send({"type": f"{prefix}.response.start", "status": found.status, "headers": headers})
    await send({"type": f"{prefix}.response.body", "body": found.body})


class _Ended(OSError):
    """The socket was closed under the application; OSError is what servers raise for a send after that."""


class _Socket:
    """The messages of an accepted WebSocket: none goes in or out once its credential is not good any more."""

    def __init__(self, auth: Authenticates, credential: str, receive: Receive, send: Send) -> None:
        self._auth, self._credential = auth, credential
        self._receive, self._send = receive, send
        self._closed: int | None = None

    async def receive(self) -> Message:
        if self._closed is None:
            message = await self._receive()
            if message["type"] != "websocket.receive" or await self._is_good(activity=True):
                return message
        return {"type": "websocket.disconnect", "code": self._closed, "reason": ""}

    async def send(self, message: Message) -> None:
        if self._closed is None and (
            message["type"] != "websocket.send" or await self._is_good(activity=False)
        ):
            await self._send(message)
        elif self._closed is not None and message["type"] != "websocket.close":
            raise _Ended("the credential has ended")

    async def _is_good(self, *, activity: bool) -> bool:
        if self._auth.recall(self._credential) is not None:
            return True
        try:
            await self._auth.authenticate(self._credential, activity=activity)
        except LimenError as error:
            self._closed = _TRY_AGAIN_LATER if isinstance(error, Unavailable) else _POLICY_VIOLATION
            await self._send({"type": "websocket.close", "code": self._closed, "reason": error.code})
            return False
        return True


class _Lifespan:
    """Starts Limen before the application and stops it after, whether or not the application has a lifespan.

    An application that raises before it has received anything, or takes this for a request, does not speak
    the protocol; one that raises later has failed. Nothing is served unless Limen has started.
    """

    def __init__(self, receive: Receive, send: Send) -> None:
        self._receive, self._send = receive, send
        self._taken: list[Message] = []
        self._heard: set[str] = set()
        self._said: set[str] = set()
        self._strange = False

    async def run(self, app: ASGIApp, auth: Authenticates, scope: Scope) -> None:
        startup = await self._receive()
        try:
            await auth.start()
        except Exception as error:
            message = error.message if isinstance(error, LimenError) else type(error).__name__
            await self._send({"type": "lifespan.startup.failed", "message": f"limen: {message}"})
            raise
        self._taken.append(startup)
        try:
            await self._with(app, scope)
        finally:
            await auth.close()

    async def _with(self, app: ASGIApp, scope: Scope) -> None:
        try:
            await app(scope, self._hear, self._say)
        except Exception as error:
            if self._heard and not self._strange:
                if not self._said:
                    await self._send({"type": "lifespan.startup.failed", "message": repr(error)})
                raise
            _log.debug("the application has no lifespan of its own", exc_info=True)
        await self._finish()

    async def _finish(self) -> None:
        """Say what the application left unsaid: Limen runs until the server says shutdown."""
        if "lifespan.startup.failed" in self._said:
            return
        if "lifespan.startup.complete" not in self._said:
            await self._send({"type": "lifespan.startup.complete"})
        if "lifespan.shutdown" not in self._heard:
            await self._receive()
        if not self._said & {"lifespan.shutdown.complete", "lifespan.shutdown.failed"}:
            await self._send({"type": "lifespan.shutdown.complete"})

    async def _hear(self) -> Message:
        message = self._taken.pop() if self._taken else await self._receive()
        self._heard.add(message["type"])
        return message

    async def _say(self, message: Message) -> None:
        self._strange = not message["type"].startswith("lifespan.")
        if self._strange:
            raise RuntimeError("the application answers a lifespan as if it were a request")
        self._said.add(message["type"])
        await self._send(message)
