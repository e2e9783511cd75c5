"""Plain ASGI behind Limen: `uvicorn examples.asgi_app:app`."""

from __future__ import annotations

import json
from typing import Any

from limen import Limen, LimenError, Rejected
from limen.integrations.asgi import LimenMiddleware, refuse

auth = Limen.from_env()
NEEDED = {
    "/": auth.optional,
    "/me": auth.required,
    "/notes": auth.scopes("notes:read"),
    "/fresh": auth.recent(minutes=5),
}


async def notes(scope: Any, receive: Any, send: Any) -> None:
    """The middleware has asked who it is; what a path needs beyond that is asked here."""
    if scope["type"] == "websocket":
        await echo(receive, send)
        return
    try:
        # A path that is written otherwise (`/notes/`, or below a mount) needs no less: it is not there.
        needed = NEEDED.get(scope["path"].removeprefix(scope.get("root_path", "")))
        if needed is None:
            raise Rejected("there is nothing at this address", code="not_found", status=404)
        who = await needed.check(scope)
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
