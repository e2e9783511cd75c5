"""Plain ASGI behind Limen: `uvicorn examples.asgi_app:app`."""

from __future__ import annotations

import json
from typing import Any

from limen import Limen
from limen.integrations.asgi import LimenMiddleware

auth = Limen.from_env()


async def notes(scope: Any, receive: Any, send: Any) -> None:
    """Answers whoever gets this far; the middleware has asked who it is."""
    who = scope.get("limen.identity")
    body = json.dumps({"account": who.account if who else None, "path": scope["path"]}).encode()
    headers = [(b"content-type", b"application/json")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


app = LimenMiddleware(notes, auth, public={"/"})
