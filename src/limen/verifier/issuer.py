"""The issuer as it is reached over HTTP: one host, no redirects, answers of bounded size in bounded time.

Whatever is not exactly the answer that was asked for is Unavailable; the reason says what it was.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import ssl
from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import msgspec

from limen.clock import Seconds
from limen.errors import Misconfigured, Unavailable
from limen.feed_page import Cursor, FeedPage, decode
from limen.settings import is_loopback_http

try:
    import httpx2
except ModuleNotFoundError as missing:
    raise ModuleNotFoundError(
        "a Verifier needs an HTTP client: pip install 'limen[verifier]'", name="httpx2"
    ) from missing

_KEYS_MOST = 256 * 1024
_PAGE_MOST = 4 * 1024 * 1024
_SAID_MOST = 64 * 1024
_LINE_MOST = 4 * 1024 * 1024
_SILENCE: Seconds = 12.0
"""A stream says something every five seconds, or it is not one any more."""
_log = logging.getLogger("limen.verifier")


class Introspected(msgspec.Struct, frozen=True):
    """What we read of RFC 7662 §2.2."""

    active: bool
    sub: str = ""
    sid: str = ""
    scope: str = ""


_introspected = msgspec.json.Decoder(Introspected).decode


def check_address(url: str, what: str) -> str:
    """The address without a slash at its end; Misconfigured unless it is https, or http on this machine."""
    if not url.startswith("https://") and not is_loopback_http(url):
        raise Misconfigured(
            f"{what} is {url!r}: write https, for whoever sits on the way could change what is revoked; http "
            "is for this very machine alone"
        )
    return url.rstrip("/")


class Issuer:
    """Asks the issuer. The addresses are made of the configuration, never of an answer."""

    def __init__(
        self,
        name: str,
        at: str,
        *,
        prefix: str,
        client: tuple[str, str] | None,
        patience: Seconds,
        tls: ssl.SSLContext | None,
        transport: httpx2.AsyncBaseTransport | None,
    ) -> None:
        self.name, self._patience = name, patience
        self._keys_at = f"{at}/.well-known/jwks.json"
        self._feed_at = f"{at}{prefix}/feed"
        self._introspect_at = f"{at}{prefix}/oauth/introspect"
        self._auth = None if client is None else httpx2.BasicAuth(*client)
        self._tls, self._transport = tls, transport
        self._http: httpx2.AsyncClient | None = None

    async def close(self) -> None:
        """Let go of the connections; the next question opens new ones."""
        http, self._http = self._http, None
        if http is not None:
            await http.aclose()

    async def keys(self) -> tuple[bytes, str]:
        """The published key set as it is, and its `Cache-Control`."""
        headers, body = await self._ask(
            "GET", self._keys_at, most=_KEYS_MOST, headers={"cache-control": "no-cache"}, auth=None
        )
        return body, headers.get("cache-control", "")

    async def page(self, after: Cursor | None, *, etag: str, patience: Seconds | None = None) -> FeedPage:
        """What is after a cursor by now, from this very issuer and for this very question."""
        nonce = secrets.token_urlsafe(12)
        asked = {"nonce": nonce, "etag": etag} | ({} if after is None else {"after": str(after)})
        _, body = await self._ask(
            "GET", self._feed_at + "/page", most=_PAGE_MOST, params=asked, patience=patience
        )
        try:
            page = decode(body)
        except (ValueError, RecursionError) as error:
            raise _unusable("page_malformed") from error
        if page.nonce != nonce:
            raise _unusable("nonce_foreign")
        if page.issuer != self.name:
            _log.critical("the feed of another issuer came: %r", page.issuer[:200])
            raise _unusable("issuer_foreign")
        return page

    async def introspect(self, token: str) -> Introspected:
        """What the issuer says of a token at this moment."""
        _, body = await self._ask("POST", self._introspect_at, most=_SAID_MOST, data={"token": token})
        try:
            return _introspected(body)
        except ValueError as error:
            raise _unusable("introspection_malformed") from error

    async def stream(self, after: Cursor) -> AsyncGenerator[tuple[str, bytes], None]:
        """The events (name, data) that are streamed after a cursor, until the stream ends or is silent."""
        timeout = httpx2.Timeout(self._patience, read=_SILENCE)
        headers = {"last-event-id": str(after), "accept": "text/event-stream"}
        how: dict[str, Any] = {"headers": headers, "timeout": timeout, "auth": self._auth}
        async with self._answered("GET", self._feed_at, **how) as answer:
            if not answer.headers.get("content-type", "").startswith("text/event-stream"):
                raise _unusable("no_stream")
            lines = _Lines()
            async for chunk in answer.aiter_raw():
                for event in lines.events(chunk):
                    yield event

    def _client(self) -> httpx2.AsyncClient:
        if self._http is None:
            self._http = httpx2.AsyncClient(
                headers={"accept-encoding": "identity", "user-agent": "limen-verifier"},
                follow_redirects=False,  # a key or a revocation from elsewhere is none
                trust_env=False,
                timeout=self._patience,
                limits=httpx2.Limits(max_connections=40, max_keepalive_connections=40),
                verify=self._tls or ssl.create_default_context(),
                transport=self._transport,
            )
        return self._http

    async def _ask(
        self, method: str, url: str, *, most: int, patience: Seconds | None = None, **how: Any
    ) -> tuple[httpx2.Headers, bytes]:
        """Headers and whole body of a 200."""
        how = {"auth": self._auth, "timeout": patience or self._patience} | how
        body = bytearray()
        try:
            async with (
                asyncio.timeout(patience or self._patience),
                self._answered(method, url, **how) as answer,
            ):
                async for chunk in answer.aiter_raw():
                    body += chunk
                    if len(body) > most:
                        raise _unusable("answer_too_large")
                return answer.headers, bytes(body)
        except TimeoutError as error:
            raise _unusable("timeout") from error

    @asynccontextmanager
    async def _answered(self, method: str, url: str, **how: Any) -> AsyncGenerator[httpx2.Response, None]:
        try:
            async with self._client().stream(method, url, **how) as answer:
                if answer.status_code != 200:
                    raise _refused(answer.status_code)
                if answer.headers.get("content-encoding", "identity") != "identity":
                    raise _unusable("content_encoded")
                yield answer
        except (httpx2.HTTPError, httpx2.StreamError, OSError) as error:
            raise _unusable(f"http_{type(error).__name__}") from error


class _Lines:
    """Server-sent events out of bytes, as the HTML standard reads them (§9.2.6), as far as ours use them."""

    def __init__(self) -> None:
        self._rest, self._name, self._data = b"", "", b""

    def events(self, chunk: bytes) -> Iterator[tuple[str, bytes]]:
        *lines, self._rest = (self._rest + chunk).split(b"\n")
        if len(self._rest) > _LINE_MOST:
            raise _unusable("line_too_long")
        for line in lines:
            if not line:
                if self._data:
                    yield self._name, self._data
                self._name, self._data = "", b""
            elif line.startswith(b"event: "):
                self._name = line[7:].decode("latin-1")
            elif line.startswith(b"data: "):
                self._data = line[6:]


def _refused(status: int) -> Unavailable | Misconfigured:
    if status == 401:
        return Misconfigured(
            "the issuer does not know this client, or not with this secret: name it in the issuer's "
            "`clients`, and take the secret that `limen key client` prints",
            reason="client_refused",
        )
    return _unusable(f"status_{status}")


def _unusable(reason: str) -> Unavailable:
    return Unavailable("the issuer cannot be asked just now", reason=f"issuer_{reason}")
