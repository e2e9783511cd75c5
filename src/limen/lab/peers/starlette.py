"""Starlette's SessionMiddleware: the session itself is in the cookie, signed. Its age alone can end it."""

from __future__ import annotations

import secrets
from typing import Any

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.sessions import SessionMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from limen.lab.peers import Place
from limen.lab.people import PASSWORD


async def signed_cookie(_: Place) -> Any:
    """Its defaults, but for the name of who is in."""
    routes = [
        Route("/", _hello),
        Route("/login", _login, methods=["POST"]),
        Route("/logout", _logout, methods=["POST"]),
    ]
    session = Middleware(SessionMiddleware, secret_key=secrets.token_urlsafe(32))
    return Starlette(routes=routes, middleware=[session])


async def _hello(request: Request) -> Response:
    if "person" not in request.session:
        return JSONResponse({"error": "sign in"}, 401)
    return JSONResponse({"hello": request.session["person"]})


async def _login(request: Request) -> Response:
    given = await request.json()
    if given["password"] != PASSWORD:
        return JSONResponse({"error": "wrong"}, 401)
    request.session["person"] = given["email"]
    return JSONResponse({})


async def _logout(request: Request) -> Response:
    request.session.clear()
    return JSONResponse({})
