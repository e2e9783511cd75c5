"""For `asgi.py`: Django with WebSockets that only somebody signed in can open, and that end with it.

    application = with_websockets(get_asgi_application(), URLRouter([path("echo", Echo.as_asgi())]))

A consumer finds `scope["limen.identity"]`, and `await scope["auser"]()` is the user. Without WebSockets
nothing of this is needed.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Collection
from contextlib import asynccontextmanager, suppress
from functools import partial
from typing import Any

from asgiref.sync import sync_to_async

from limen import Denied, Identity, Limen, Transport
from limen.clock import Clock
from limen.django import config, linking
from limen.django.middleware import known_as
from limen.django.sessions import run_out
from limen.integrations.asgi import ASGIApp, LimenMiddleware, Receive, Scope, Send, refuse
from limen.requirement import Requiring
from limen.transport import CookieNames


def with_websockets(http: ASGIApp, websocket: ASGIApp) -> ASGIApp:
    """Requests go to `http`, and to `websocket` the WebSockets of whom Limen knows."""
    guarded = LimenMiddleware(_with_user(websocket), Elsewhere(), mount=False)

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        await (http if scope["type"] == "http" else guarded)(scope, receive, send)

    return application


class Elsewhere(Requiring):
    """This process's Limen as it is asked from a server's own loop."""

    @property
    def clock(self) -> Clock:
        return config.auth().clock

    @property
    def cookie_names(self) -> CookieNames:
        return config.auth().cookie_names

    @property
    def transports(self) -> Collection[Transport]:
        return config.auth().transports

    @property
    def origins(self) -> Collection[str]:
        return config.auth().origins

    @property
    def cookie(self) -> str:
        return config.auth().cookie

    @asynccontextmanager
    async def alive(self, identity: Identity, /) -> AsyncIterator[None]:
        """The body while the identity is good: see `Limen.alive`, which watches on its own loop."""
        watching = asyncio.wrap_future(config.background().submit(_over(config.auth(), identity)))
        limit = asyncio.timeout(None)

        def end(_: object) -> None:
            with suppress(RuntimeError):  # the body was quicker
                limit.reschedule(0)

        try:
            async with limit:
                watching.add_done_callback(end)
                yield
        except TimeoutError:
            if not watching.done():
                raise
            await watching  # raises why
        finally:
            watching.cancel()

    @property
    def recall_raw(self) -> Callable[[bytes], Identity | None]:
        return lambda _: None  # that path is of the other loop; `check_now` is for every thread

    def recall(self, credential: str, /) -> Identity | None:
        return None

    def check_now(self, credential: str) -> Identity | None:
        return config.auth().check_now(credential)

    async def authenticate(self, credential: str, *, activity: bool = True) -> Identity:
        """From memory, else from Limen's loop while this one goes on."""
        found = self.check_now(credential)
        if found is not None:
            return found
        return await config.arun(config.auth().authenticate(credential, activity=activity))

    async def start(self) -> None:
        await asyncio.to_thread(config.background().start)

    async def close(self) -> None:
        await asyncio.to_thread(config.close)


async def _over(auth: Limen, identity: Identity) -> None:
    async with auth.alive(identity):
        await asyncio.Event().wait()


def _with_user(app: ASGIApp) -> ASGIApp:
    async def known(scope: Scope, receive: Receive, send: Send) -> None:
        identity = scope.get("limen.identity")
        if identity is not None and await sync_to_async(_is_over)(identity):
            denied = Denied("sign in first", code="credential_invalid", reason="user_shut_out")
            await refuse(denied, scope, receive, send)
            return
        scope["auser"] = partial(_user, identity)
        await app(scope, receive, send)

    return known


def _is_over(identity: Identity) -> bool:
    """Whether Django lets in no more who this is, or its session of this sign-in has run out."""
    return linking.is_shut_out(identity.account) or run_out(identity.session)


async def _user(identity: Identity | None) -> Any:
    return await sync_to_async(known_as)(identity)
