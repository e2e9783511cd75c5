"""The whole server over ASGI: browsers, API clients, and requests that no client library would send."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from http.cookies import SimpleCookie
from typing import Any

import httpx2

from limen.auth import Limen
from limen.insecure import WeakHashing
from limen.secret import Secret
from limen.server import create_app
from limen.testing import TurnableClock, running
from support.world import EMAIL, PASSWORD, SECRET

ISSUER = "https://limen.example"
LOCAL = "http://127.0.0.1:8000"
TRANSPORTS = ("bearer", "cookie")
PEER = "192.0.2.7"
LOGIN = {"email": EMAIL, "password": PASSWORD}


@dataclass
class Served:
    """A running server, its Limen and its clock."""

    app: Any
    auth: Limen
    clock: TurnableClock

    def client(self, *, peer: str = PEER, **headers: str) -> httpx2.AsyncClient:
        """A program: it sends no Origin, and keeps cookies if it gets any."""
        transport = httpx2.ASGITransport(app=self.app, client=(peer, 1234))
        return httpx2.AsyncClient(transport=transport, base_url=self.auth.settings.issuer, headers=headers)

    def browser(self, *, peer: str = PEER, **headers: str) -> httpx2.AsyncClient:
        """A page of ours in a browser that has no Fetch Metadata: it says its origin."""
        return self.client(peer=peer, **({"origin": self.auth.settings.issuer} | headers))

    async def bearer(self, email: str = EMAIL, **body: Any) -> httpx2.AsyncClient:
        """A program that has signed in and presents its token."""
        async with self.client() as client:
            token = (await login(client, email, **body))["access_token"]
        return self.client(authorization=f"Bearer {token}")

    async def signed_in(self, email: str = EMAIL, **body: Any) -> httpx2.AsyncClient:
        """A browser that has signed in."""
        async with self.browser() as browser:
            await login(browser, email, transport="cookie", **body)
        again = self.browser()
        again.cookies.update(browser.cookies)
        return again

    async def either(self, transport: str, email: str = EMAIL) -> httpx2.AsyncClient:
        return await (self.bearer(email) if transport == "bearer" else self.signed_in(email))


@asynccontextmanager
async def served(
    *, account: bool = True, clock: TurnableClock | None = None, **options: Any
) -> AsyncIterator[Served]:
    """A server in production, in memory, with one account (EMAIL, PASSWORD) unless told otherwise."""
    clock = clock or TurnableClock()

    async def no_wait(seconds: float) -> None:
        assert 0 <= seconds <= 0.25

    options.setdefault("database", "memory://")
    options.setdefault("secret", Secret(SECRET))
    options.setdefault("scheme", WeakHashing())
    options.setdefault("issuer", ISSUER)
    options.setdefault("sleep", no_wait)
    auth = Limen(clock=clock, **options)
    app = create_app(auth)
    async with running(app):
        if account:
            await auth.add_account(EMAIL, PASSWORD)
        yield Served(app, auth, clock)


async def login(client: httpx2.AsyncClient, email: str = EMAIL, **body: Any) -> dict[str, Any]:
    answer = await client.post("/auth/login", json=LOGIN | {"email": email, "transport": "bearer"} | body)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def cookies(answer: httpx2.Response) -> dict[str, Any]:
    """Set-Cookie lines by name, each with its attributes."""
    found: dict[str, Any] = {}
    for line in answer.headers.get_list("set-cookie"):
        jar: SimpleCookie = SimpleCookie(line)
        found.update(jar.items())
    return found


def code(answer: httpx2.Response | Raw) -> str:
    """The code of a problem document, after a look at its form."""
    assert answer.headers["content-type"] == "application/problem+json"
    body = json.loads(answer.content)
    assert body["status"] == answer.status_code
    assert isinstance(body["title"], str)
    return str(body["code"])


@dataclass
class Raw:
    """An answer, header by header."""

    status_code: int
    lines: list[tuple[bytes, bytes]]
    content: bytes
    read: int
    """Bytes of the body that were asked for before it was answered."""

    @property
    def alike(self) -> list[tuple[bytes, bytes]]:
        """The lines, but for the id of the request: that is chance and the time at which it came."""
        return [(k, b"" if k == b"x-request-id" else v) for k, v in self.lines]

    @property
    def headers(self) -> dict[str, str]:
        return {k.decode(): v.decode() for k, v in self.lines}

    def all(self, name: str) -> list[str]:
        return [v.decode() for k, v in self.lines if k == name.encode()]


async def ask(
    app: Any,
    method: str = "GET",
    path: str = "/auth/session",
    *,
    headers: Sequence[tuple[str | bytes, str | bytes]] = (),
    body: Iterable[bytes] = (),
    scheme: str = "https",
    peer: str | None = PEER,
    query: bytes = b"",
    raw_path: bytes | None = None,
    host: str | None = "limen.example",
) -> Raw:
    """One request, byte by byte: `body` is sent chunk by chunk, and no header is added but `host`."""
    lines = [(_bytes(k), _bytes(v)) for k, v in headers]
    if host is not None:
        lines.insert(0, (b"host", host.encode()))
    chunks = iter(body)
    raw = Raw(0, [], b"", 0)

    async def receive() -> dict[str, Any]:
        chunk = next(chunks, None)
        raw.read += len(chunk or b"")
        return {"type": "http.request", "body": chunk or b"", "more_body": chunk is not None}

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start":
            raw.status_code, raw.lines = message["status"], list(message["headers"])
        else:
            raw.content += message.get("body", b"")

    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": scheme,
        "path": path,
        "raw_path": path.encode() if raw_path is None else raw_path,
        "query_string": query,
        "root_path": "",
        "headers": lines,
        "client": (peer, 1234) if peer else None,
        "server": ("127.0.0.1", 8000),
        "state": {},
    }
    await app(scope, receive, send)
    return raw


def _bytes(text: str | bytes) -> bytes:
    return text if isinstance(text, bytes) else text.encode("latin-1")
