"""Plain ASGI behind Limen: `uvicorn examples.asgi_app:app`."""

from __future__ import annotations

import json
from typing import Any

from limen import Limen, LimenError
from limen.integrations.asgi import LimenMiddleware, refuse

auth = Limen.from_env()
NEEDED = {"/notes": auth.scopes("notes:read"), "/fresh": auth.recent(minutes=5)}


async def notes(scope: Any, receive: Any, send: Any) -> None:
    """The middleware has asked who it is; what a path needs beyond that is asked here."""
    if scope["type"] == "websocket":
        await echo(receive, send)
        return
    who, needed = scope.get("limen.identity"), NEEDED.get(scope["path"])
    try:
        who = who if needed is None else await needed.check(scope)
    except LimenError as error:
        await refuse(error, scope, receive, send)
        return
    body = json.dumps({"account": None if who is None else who.account}).encode()
    headers = [(b"content-type", b"application/json")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def echo(receive: Any, send: Any) -> None:
    """The middleware closes the socket at the first message after its credential has ended."""
    await receive()
    await send({"type": "websocket.accept"})
    while (message := await receive())["type"] == "websocket.receive":
        await send({"type": "websocket.send", "text": message["text"]})


app = LimenMiddleware(notes, auth, public={"/"})
