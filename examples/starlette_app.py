"""Starlette with Limen inside: `uvicorn examples.starlette_app:app`."""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket

from limen import Limen
from limen.integrations.starlette import install, requires

auth = Limen.from_env()


async def home(request: Request) -> JSONResponse:
    return JSONResponse({"signed_in": request.user.is_authenticated})


@requires(auth.required)
async def me(request: Request) -> JSONResponse:
    return JSONResponse({"account": request.user.who.account})


@requires(auth.scopes("notes:read"))
async def notes(request: Request) -> JSONResponse:
    return JSONResponse({"notes": [f"a note of {request.user.who.account}"]})


@requires(auth.recent(minutes=5))
async def fresh(request: Request) -> JSONResponse:
    return JSONResponse({"account": request.user.who.account})


@requires(auth.required)
async def echo(websocket: WebSocket) -> None:
    await websocket.accept()
    async with auth.alive(websocket.user.who):
        async for text in websocket.iter_text():
            await websocket.send_text(text)


app = Starlette(
    routes=[
        Route("/", home),
        Route("/me", me),
        Route("/notes", notes),
        Route("/fresh", fresh, methods=["POST"]),
        WebSocketRoute("/echo", echo),
    ]
)
install(app, auth)
