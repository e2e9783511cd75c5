"""The middleware and FastAPI behind a real uvicorn, on a real socket."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext
from typing import Any

import httpx2
import pytest
import uvicorn
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from limen import Limen
from limen.testing import for_tests, sign_in
from support.apps import APPS

pytestmark = pytest.mark.anyio


@asynccontextmanager
async def serving(app: Any) -> AsyncIterator[str]:
    """The address of a uvicorn that serves `app` on a free port of this machine, in this event loop."""
    config = uvicorn.Config(app, port=0, log_level="warning", lifespan="on", ws="websockets-sansio")
    server = uvicorn.Server(config)
    server.capture_signals = nullcontext  # pytest keeps its own
    task = asyncio.create_task(server.serve())
    while not server.started:
        assert not task.done(), "the server did not start"
        await asyncio.sleep(0.005)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield f"127.0.0.1:{port}"
    finally:
        server.should_exit = True
        await task


@pytest.fixture(params=sorted(APPS))
async def served(request: pytest.FixtureRequest) -> AsyncIterator[tuple[str, Limen]]:
    auth = for_tests(strategy="hybrid")
    async with serving(APPS[request.param](auth)) as address:
        yield address, auth


async def test_requests_over_a_socket(served: tuple[str, Limen]) -> None:
    address, auth = served
    grant = await sign_in(auth)
    async with httpx2.AsyncClient(base_url=f"http://{address}", trust_env=False) as client:
        refused = await client.get("/me")
        headers = {"authorization": f"Bearer {grant.credential}"}
        answer = await client.get("/me", headers=headers)
    assert refused.status_code == 401
    assert refused.headers["content-type"] == "application/problem+json"
    assert answer.json()["account"] == grant.account


async def test_websockets_over_a_socket(served: tuple[str, Limen]) -> None:
    address, auth = served
    grant = await sign_in(auth)
    with pytest.raises(InvalidStatus) as refused:
        await connect(f"ws://{address}/socket", proxy=None)
    assert refused.value.response.status_code == 401
    assert json.loads(refused.value.response.body)["code"] == "credential_missing"
    cookie = {"Cookie": f"{auth.cookie_names.token}={grant.credential}"}
    with pytest.raises(InvalidStatus) as foreign:
        await connect(
            f"ws://{address}/socket", additional_headers=cookie, origin="https://evil.example", proxy=None
        )
    assert foreign.value.response.status_code == 403
    ours = auth.settings.issuer
    async with connect(
        f"ws://{address}/socket", additional_headers=cookie, origin=ours, proxy=None
    ) as socket:
        assert await socket.recv() == grant.account
