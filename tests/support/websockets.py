"""A WebSocket handshake and what follows, spoken to an ASGI application directly."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Dialled:
    """What the application answered to a WebSocket that connects, says `texts` and leaves."""

    accepted: bool = False
    status: int | None = None
    """Of a refusal by `websocket.http.response`."""
    code: int | None = None
    """Of a close."""
    headers: dict[bytes, bytes] = field(default_factory=dict)
    texts: list[str] = field(default_factory=list)


async def dial(
    app: Any,
    path: str,
    headers: Mapping[str, str],
    *,
    texts: Sequence[str] = (),
    denial: bool = True,
    between: Any = None,
) -> Dialled:
    """Connect, send each of `texts` (`between` is awaited before each but the first), and say what came."""
    answer = Dialled()
    sent = iter([{"type": "websocket.connect"}])
    lines = list(texts)
    first = True

    async def receive() -> dict[str, Any]:
        nonlocal first
        for message in sent:
            return message
        if lines:
            if not first and between is not None:
                await between()
            first = False
            return {"type": "websocket.receive", "text": lines.pop(0)}
        return {"type": "websocket.disconnect", "code": 1000}

    async def send(message: Mapping[str, Any]) -> None:
        match message["type"]:
            case "websocket.accept":
                answer.accepted = True
            case "websocket.send":
                answer.texts.append(message["text"])
            case "websocket.close":
                answer.code = message.get("code", 1000)
            case "websocket.http.response.start":
                answer.status = message["status"]
                answer.headers = dict(message["headers"])

    scope = {
        "type": "websocket",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "scheme": "ws",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": [(k.lower().encode(), v.encode()) for k, v in headers.items()],
        "client": ("127.0.0.1", 1234),
        "server": ("127.0.0.1", 8000),
        "subprotocols": [],
        "extensions": {"websocket.http.response": {}} if denial else {},
        "state": {},
    }
    await asyncio.wait_for(app(scope, receive, send), 10)
    return answer
