"""Starlette's SessionMiddleware: the session itself is in the cookie, signed. Its age alone can end it."""

from __future__ import annotations

import json
import secrets
from base64 import b64encode
from typing import Any

from itsdangerous import TimestampSigner
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.sessions import SessionMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

_MAX_AGE = 7 * 86_400


def signed_cookie(count: int) -> tuple[Any, list[str]]:
    """Its defaults, and cookies as it signs them."""
    key = secrets.token_urlsafe(32)
    session = Middleware(SessionMiddleware, secret_key=key, max_age=_MAX_AGE, same_site="lax")
    app = Starlette(routes=[Route("/", _hello)], middleware=[session])
    signer = TimestampSigner(key)
    sessions = (b64encode(json.dumps({"person": n}).encode()) for n in range(count))
    return app, [f"Cookie: session={signer.sign(one).decode()}" for one in sessions]


async def _hello(request: Request) -> Response:
    if "person" not in request.session:
        return JSONResponse({"error": "sign in"}, 401)
    return JSONResponse({"hello": "world"})
