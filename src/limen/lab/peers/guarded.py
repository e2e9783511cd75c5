"""One route behind Starlette's own AuthenticationMiddleware, as its documentation adds tokens."""

from __future__ import annotations

from collections.abc import Callable

from starlette.applications import Starlette
from starlette.authentication import (
    AuthCredentials,
    AuthenticationBackend,
    AuthenticationError,
    BaseUser,
    SimpleUser,
)
from starlette.middleware import Middleware
from starlette.middleware.authentication import AuthenticationMiddleware
from starlette.requests import HTTPConnection, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

Check = Callable[[str], str]
"""Token → subject; raises whatever its library raises."""


class _Bearer(AuthenticationBackend):
    def __init__(self, check: Check) -> None:
        self._check = check

    async def authenticate(self, conn: HTTPConnection) -> tuple[AuthCredentials, BaseUser]:
        scheme, _, token = conn.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            raise AuthenticationError("no token")
        try:
            subject = self._check(token)
        except Exception as error:
            raise AuthenticationError(str(error)) from error
        return AuthCredentials(["authenticated"]), SimpleUser(subject)


async def hello(_: Request) -> Response:
    return JSONResponse({"hello": "world"})


def bearer(check: Check) -> Starlette:
    """The application whose tokens `check` checks."""
    guard = Middleware(
        AuthenticationMiddleware,
        backend=_Bearer(check),
        on_error=lambda _, error: JSONResponse({"error": str(error)}, 401),
    )
    return Starlette(routes=[Route("/", hello)], middleware=[guard])
