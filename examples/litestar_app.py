"""Litestar with Limen inside: `uvicorn examples.litestar_app:app`."""

from __future__ import annotations

from litestar import Litestar, Request, WebSocket, get, post, websocket
from litestar.datastructures import State

from limen import Identity, Limen
from limen.integrations.litestar import LimenPlugin, requires

auth = Limen.from_env()

Asked = Request[str, Identity, State]


@get("/")
async def home(request: Request[str, Identity | None, State]) -> dict[str, bool]:
    return {"signed_in": request.auth is not None}


@get("/me", guards=[requires(auth.required)])
async def me(request: Asked) -> dict[str, str]:
    return {"account": request.auth.account}


@get("/notes", guards=[requires(auth.scopes("notes:read"))])
async def notes(request: Asked) -> dict[str, list[str]]:
    return {"notes": [f"a note of {request.user}"]}


@post("/fresh", guards=[requires(auth.recent(minutes=5))], status_code=200)
async def fresh(request: Asked) -> dict[str, str]:
    return {"account": request.auth.account}


@websocket("/echo", guards=[requires(auth.required)])
async def echo(socket: WebSocket[str, Identity, State]) -> None:
    await socket.accept()
    async with auth.alive(socket.auth):
        async for text in socket.iter_data():
            await socket.send_text(text)


app = Litestar([home, me, notes, fresh, echo], plugins=[LimenPlugin(auth)])
