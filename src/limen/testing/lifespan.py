"""Running an application's lifespan without a server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping
from contextlib import asynccontextmanager
from typing import Any

Message = MutableMapping[str, Any]


@asynccontextmanager
async def running(app: Any) -> AsyncIterator[dict[str, Any]]:
    """Start an ASGI application as a server does, and stop it at the end. Gives the lifespan's state.

    RuntimeError with the application's own message if it does not start or stop.
    """
    state: dict[str, Any] = {}
    hear: asyncio.Queue[Message] = asyncio.Queue()
    said: asyncio.Queue[Message] = asyncio.Queue()
    scope = {"type": "lifespan", "asgi": {"version": "3.0", "spec_version": "2.0"}, "state": state}
    task = asyncio.ensure_future(app(scope, hear.get, said.put))
    await _ask("startup", task, hear.put, said.get)
    try:
        yield state
    finally:
        await _ask("shutdown", task, hear.put, said.get)
        await task


async def _ask(
    what: str,
    task: asyncio.Future[None],
    put: Callable[[Message], Awaitable[None]],
    get: Callable[[], Awaitable[Message]],
) -> None:
    await put({"type": f"lifespan.{what}"})
    answer = asyncio.ensure_future(get())
    either: set[asyncio.Future[Any]] = {task, answer}
    await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
    if not answer.done():
        answer.cancel()
        raise RuntimeError(f"the application ended before {what} was answered") from task.exception()
    message = answer.result()
    if message["type"] != f"lifespan.{what}.complete":
        await asyncio.wait({task})
        raise RuntimeError(message.get("message") or f"{what} failed") from task.exception()
