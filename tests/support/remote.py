"""A verifier of a served Limen, without sockets, and somebody between the two who may change what is said."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpx2

from limen.clock import Clock
from limen.errors import LimenError
from limen.verifier import Verifier
from support.http import ISSUER, Served

CLIENT = "api"
PAGE, KEYS, ASK = "/feed/page", "/.well-known/jwks.json", "/oauth/introspect"
Alter = Callable[[bytes], bytes]


def said(status: int, body: bytes = b"", headers: dict[str, str] | None = None) -> httpx2.Response:
    """An answer that is read as it comes, as from a socket."""
    return httpx2.Response(status, headers=headers, stream=httpx2.ByteStream(body))


class Between(httpx2.AsyncBaseTransport):
    """Passes requests on to the issuer, counts them, and does to the answers what a test says."""

    def __init__(self, app: Any) -> None:
        self._inner = httpx2.ASGITransport(app=app)
        self.asked: Counter[str] = Counter()
        self.hosts: set[str] = set()
        self.instead: dict[str, Callable[[httpx2.Request], httpx2.Response]] = {}
        """By path: what is answered instead of the issuer. It may raise."""
        self.alter: dict[str, Alter] = {}
        """By path: what becomes of a body."""

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        path = request.url.path
        self.asked[path] += 1
        self.hosts.add(request.url.host)
        if path in self.instead:
            return self.instead[path](request)
        answer = await self._inner.handle_async_request(request)
        if path not in self.alter or answer.status_code != 200:
            return answer
        body = self.alter[path](await answer.aread())
        headers = {name: value for name, value in answer.headers.items() if name != "content-length"}
        return said(200, body, headers)

    def cut(self) -> None:
        """Nothing is answered any more."""

        def gone(request: httpx2.Request) -> httpx2.Response:
            raise httpx2.ConnectError("nobody is there")

        self.instead = dict.fromkeys((PAGE, KEYS, ASK), gone)

    def mend(self) -> None:
        self.instead, self.alter = {}, {}


def changed(**members: Any) -> Alter:
    """A JSON object with some members changed; a callable is given the old value."""

    def alter(body: bytes) -> bytes:
        found = json.loads(body)
        for name, value in members.items():
            found[name] = value(found.get(name)) if callable(value) else value
        return json.dumps(found).encode()

    return alter


def made(
    at: Served, between: Between, *, client: bool = True, clock: Clock | None = None, **options: Any
) -> Verifier:
    """A verifier that follows nothing by itself while no time passes: tests say `catch_up`."""
    if client:
        options |= {"client_id": CLIENT, "client_secret": at.auth.client_secret(CLIENT)}
    return Verifier(
        ISSUER, stream=False, transport=between, clock=clock or at.clock, **({"max_staleness": 5.0} | options)
    )


@asynccontextmanager
async def verified(at: Served, **options: Any) -> AsyncIterator[tuple[Verifier, Between]]:
    """A started verifier, and who stands between."""
    between = Between(at.app)
    async with made(at, between, **options) as verifier:
        yield verifier, between


async def code_of(verifier: Verifier, token: str) -> str:
    """What a verifier says of a token: `ok`, or the code of its refusal."""
    try:
        await verifier.authenticate(token)
    except LimenError as error:
        return error.code
    return "ok"
