"""The same small application in each framework: who am I, a note that needs a scope, a WebSocket."""

import json
from typing import Annotated, Any

import litestar
from fastapi import Depends, FastAPI, WebSocket
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket as StarletteWebSocket

from limen import Identity, Limen
from limen.errors import LimenError
from limen.integrations import fastapi as limen_fastapi
from limen.integrations import litestar as limen_litestar
from limen.integrations import starlette as limen_starlette
from limen.integrations.asgi import LimenMiddleware


def asgi_app(auth: Limen) -> Any:
    """Plain ASGI: `/maybe` is public, `/notes` asks for a scope by itself."""
    reader = auth.scopes("notes:read")

    async def app(scope: Any, receive: Any, send: Any) -> None:
        assert scope["type"] in ("http", "websocket")  # as many applications, it has no lifespan of its own
        who = scope.get("limen.identity")
        if scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.accept"})
            await send({"type": "websocket.send", "text": who.account})
            return await send({"type": "websocket.close", "code": 1000})
        status, body = 200, {"account": who and who.account, "session": who and who.session}
        if scope["path"] == "/notes":
            try:
                await reader.check(scope)
            except LimenError as error:
                status, body = 403, {"code": error.code}
        headers = [(b"content-type", b"application/json")]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        return await send({"type": "http.response.body", "body": json.dumps(body).encode()})

    return LimenMiddleware(app, auth, public={"/maybe"})


def starlette_app(auth: Limen) -> Starlette:
    async def maybe(request: Request) -> JSONResponse:
        user = request.user
        return JSONResponse({"account": user.who.account if user.is_authenticated else None})

    @limen_starlette.requires(auth.required)
    async def me(request: Request) -> JSONResponse:
        return JSONResponse({"account": request.user.who.account, "session": request.user.who.session})

    @limen_starlette.requires(auth.scopes("notes:read"))
    async def notes(request: Request) -> JSONResponse:
        return JSONResponse({"account": request.user.who.account})

    @limen_starlette.requires(auth.required)
    async def socket(websocket: StarletteWebSocket) -> None:
        await websocket.accept()
        await websocket.send_text(websocket.user.who.account)
        await websocket.close()

    app = Starlette(
        routes=[
            Route("/maybe", maybe),
            Route("/me", me, methods=["GET", "POST"]),
            Route("/notes", notes),
            WebSocketRoute("/socket", socket),
        ]
    )
    limen_starlette.install(app, auth)
    return app


def fastapi_app(auth: Limen) -> FastAPI:
    app = FastAPI()

    @app.get("/maybe")
    async def maybe(who: Annotated[Identity | None, Depends(auth.optional)]) -> dict[str, Any]:
        return {"account": who and who.account}

    @app.get("/me")
    @app.post("/me", operation_id="change_me")
    async def me(who: Annotated[Identity, Depends(auth.required)]) -> dict[str, Any]:
        return {"account": who.account, "session": who.session}

    @app.get("/notes")
    async def notes(who: Annotated[Identity, Depends(auth.scopes("notes:read"))]) -> dict[str, Any]:
        return {"account": who.account}

    @app.websocket("/socket")
    async def socket(websocket: WebSocket, who: Annotated[Identity, Depends(auth.required)]) -> None:
        await websocket.accept()
        await websocket.send_text(who.account)
        await websocket.close()

    limen_fastapi.install(app, auth)
    return app


def litestar_app(auth: Limen) -> litestar.Litestar:
    requires = limen_litestar.requires

    @litestar.get("/maybe", guards=[requires(auth.optional)])
    async def maybe(request: litestar.Request[Any, Any, Any]) -> dict[str, Any]:
        return {"account": request.auth and request.auth.account}

    @litestar.route("/me", http_method=["GET", "POST"], guards=[requires(auth.required)], status_code=200)
    async def me(request: litestar.Request[Any, Any, Any]) -> dict[str, Any]:
        return {"account": request.auth.account, "session": request.auth.session}

    @litestar.get("/notes", guards=[requires(auth.scopes("notes:read"))])
    async def notes(request: litestar.Request[Any, Any, Any]) -> dict[str, Any]:
        return {"account": request.user}

    @litestar.websocket("/socket", guards=[requires(auth.required)])
    async def socket(socket: litestar.WebSocket[Any, Any, Any]) -> None:
        await socket.accept()
        await socket.send_text(socket.auth.account)
        await socket.close()

    return litestar.Litestar([maybe, me, notes, socket], plugins=[limen_litestar.LimenPlugin(auth)])


APPS = {"asgi": asgi_app, "starlette": starlette_app, "fastapi": fastapi_app, "litestar": litestar_app}
