"""For `asgi.py`: Django with WebSockets that only somebody signed in can open, and that end with it.

    application = with_websockets(get_asgi_application(), URLRouter([path("echo", Echo.as_asgi())]))

A consumer finds `scope["limen.identity"]` and `scope["user"]`. Without WebSockets nothing of this is needed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection

from asgiref.sync import sync_to_async
from django.contrib.auth.models import AnonymousUser

from limen import Identity, Transport
from limen.clock import Clock
from limen.django import config, linking
from limen.integrations.asgi import ASGIApp, LimenMiddleware, Receive, Scope, Send
from limen.requirement import Requirement
from limen.transport import CookieNames


def with_websockets(http: ASGIApp, websocket: ASGIApp) -> ASGIApp:
    """Requests go to `http`, and to `websocket` the WebSockets of whom Limen knows."""
    guarded = LimenMiddleware(_with_user(websocket), Elsewhere(), mount=False)

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        await (http if scope["type"] == "http" else guarded)(scope, receive, send)

    return application


class Elsewhere:
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

    @property
    def required(self) -> Requirement:
        return Requirement(self)

    @property
    def optional(self) -> Requirement:
        return Requirement(self, optional=True)

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


def _with_user(app: ASGIApp) -> ASGIApp:
    async def known(scope: Scope, receive: Receive, send: Send) -> None:
        identity = scope.get("limen.identity")
        if identity is not None:
            found = await sync_to_async(linking.user_of)(identity.account)
            scope["user"] = AnonymousUser() if found is None else found
        await app(scope, receive, send)

    return known
