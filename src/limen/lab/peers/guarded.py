"""Two routes behind Starlette's own AuthenticationMiddleware, as its documentation adds tokens."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from starlette.applications import Starlette
from starlette.authentication import (
    AuthCredentials,
    AuthenticationBackend,
    AuthenticationError,
    BaseUser,
    SimpleUser,
    requires,
)
from starlette.middleware import Middleware
from starlette.middleware.authentication import AuthenticationMiddleware
from starlette.requests import HTTPConnection, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from limen.lab.people import PASSWORD

ISSUER, AUDIENCE = "https://issuer.example", "https://api.example"
Check = Callable[[str], str]
"""Token → subject; raises whatever its library raises."""
Sign = Callable[[dict[str, Any]], str]
"""Claims → token."""


class _Bearer(AuthenticationBackend):
    def __init__(self, check: Check) -> None:
        self._check = check

    async def authenticate(self, conn: HTTPConnection) -> tuple[AuthCredentials, BaseUser] | None:
        scheme, _, token = conn.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            return None
        try:
            subject = self._check(token)
        except Exception as error:
            raise AuthenticationError(str(error)) from error
        return AuthCredentials(["authenticated"]), SimpleUser(subject)


@requires("authenticated", status_code=401)
async def _hello(request: Request) -> Response:
    return JSONResponse({"hello": request.user.display_name})


def bearer(sign: Sign, check: Check) -> Starlette:
    """The application whose tokens `sign` makes and `check` checks."""

    async def login(request: Request) -> Response:
        given = await request.json()
        if given["password"] != PASSWORD:
            return JSONResponse({"error": "wrong"}, 401)
        now = int(time.time())
        claims = {"iss": ISSUER, "aud": AUDIENCE, "sub": given["email"], "iat": now, "exp": now + 3_600}
        return JSONResponse({"access_token": sign(claims), "token_type": "bearer"})

    guard = Middleware(
        AuthenticationMiddleware,
        backend=_Bearer(check),
        on_error=lambda _, error: JSONResponse({"error": str(error)}, 401),
    )
    return Starlette(
        routes=[Route("/", _hello), Route("/login", login, methods=["POST"])], middleware=[guard]
    )
