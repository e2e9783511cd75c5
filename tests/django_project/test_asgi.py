"""WebSockets under Django: who may open one, and what is left of one that is over."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth import get_user_model
from django.db import connections
from django.test import AsyncClient
from django.utils import timezone

from limen import Transport
from limen.django import config, linking
from limen.django.asgi import Elsewhere, with_websockets
from limen.django.models import StoredSession
from support.django_site import PASSWORD

pytestmark = pytest.mark.anyio


async def credential_of(user: Any) -> str:
    await sync_to_async(linking.linked)(user)
    grant = (await config.arun(config.auth().sign_in(user.email, PASSWORD))).grant
    return str(grant.credential)


async def opened(credential: str) -> list[dict[str, Any]]:
    """What a client hears that opens a WebSocket."""
    heard: list[dict[str, Any]] = []

    async def consumer(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "websocket.accept", "user": (await scope["auser"]()).get_username()})

    async def receive() -> dict[str, Any]:
        return {"type": "websocket.connect"}

    async def send(message: Any) -> None:
        heard.append(dict(message))

    headers = [(b"authorization", f"Bearer {credential}".encode())]
    scope = {"type": "websocket", "path": "/echo", "headers": headers, "query_string": b""}
    await with_websockets(consumer, consumer)(scope, receive, send)
    return heard


async def test_S36_who_is_shut_out_past_every_signal_opens_no_websocket(site: str, ada: Any) -> None:
    credential = await credential_of(ada)
    assert await opened(credential) == [{"type": "websocket.accept", "user": "ada"}]
    await get_user_model().objects.filter(pk=ada.pk).aupdate(is_active=False)
    (refused,) = await opened(credential)
    assert (refused["type"], refused["code"]) == ("websocket.close", 1008)
    await sync_to_async(connections.close_all)()


async def test_S18_a_sign_in_that_ran_out_by_djangos_rules_opens_no_websocket(bare: Path, ada: Any) -> None:
    client = AsyncClient(headers={"host": "testserver.localhost"})
    await client.aforce_login(ada)
    credential = client.cookies["sessionid"].value
    assert await opened(credential) == [{"type": "websocket.accept", "user": "ada"}]
    await StoredSession.objects.aupdate(expires=timezone.now())
    (refused,) = await opened(credential)
    assert (refused["type"], refused["code"]) == ("websocket.close", 1008)
    await sync_to_async(connections.close_all)()


async def test_what_was_watched_over_and_ends_by_itself_logs_no_error(site: str, ada: Any) -> None:
    said: list[Any] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: said.append(context))
    elsewhere = Elsewhere()
    assert Transport.BEARER in elsewhere.transports
    identity = await elsewhere.authenticate(await credential_of(ada))
    async with elsewhere.alive(identity):
        pass
    for _ in range(5):
        await asyncio.sleep(0)
    assert said == []
    await sync_to_async(connections.close_all)()


async def test_what_still_runs_on_the_loop_does_not_keep_it_from_closing(bare: Path) -> None:
    async def asks_as_it_closes() -> None:
        while config._made:  # noqa: ASYNC110 - nothing tells when
            await asyncio.sleep(0)
        config.auth()

    config.background().start()
    config.background().submit(asks_as_it_closes())
    await asyncio.to_thread(config.close)  # raises where it had to give up
