"""CORS: the origins of the configuration by exact name, and no other (Fetch standard §3.2)."""

from __future__ import annotations

from collections.abc import Iterable

from limen.server.wire import Answer, Call, Header, Message, Send
from limen.settings import Transport

_VARY: Header = (b"vary", b"Origin")
_PREFLIGHT: tuple[Header, ...] = (
    (b"access-control-allow-methods", b"GET, POST, PATCH, DELETE"),
    (b"access-control-allow-headers", b"authorization, content-type, limen-activity"),
    (b"access-control-max-age", b"600"),
)
_EXPOSED: Header = (b"access-control-expose-headers", b"retry-after, www-authenticate")


class CrossOrigin:
    """Says to browsers which pages of other origins may read the answers. None, if none is configured."""

    def __init__(self, origins: Iterable[str], transports: frozenset[Transport]) -> None:
        self._origins = {origin.encode() for origin in origins}
        # Only cookies are "credentials" here: a client with a bearer token puts it into a header itself.
        self._credentials = Transport.COOKIE in transports

    def preflight(self, call: Call) -> Answer | None:
        """The answer to a browser that asks first; None if it is none of the configured origins that asks."""
        asks = call.scope["method"] == "OPTIONS" and call.header(b"access-control-request-method")
        return Answer(204, b"", _PREFLIGHT) if asks and self._named(call) is not None else None

    def sending(self, call: Call, send: Send) -> Send:
        """`send`, adding what the answer says to other origins."""
        if not self._origins:
            return send
        added = [_VARY, *self._allowed(self._named(call))]

        async def adding(message: Message) -> None:
            if message["type"] == "http.response.start" and not _open(message["headers"]):
                message = {**message, "headers": [*message["headers"], *added]}
            await send(message)

        return adding

    def _named(self, call: Call) -> bytes | None:
        said = call.all(b"origin")
        return said[0] if len(said) == 1 and said[0] in self._origins else None

    def _allowed(self, origin: bytes | None) -> list[Header]:
        if origin is None:
            return []
        credentials: list[Header] = (
            [(b"access-control-allow-credentials", b"true")] if self._credentials else []
        )
        return [(b"access-control-allow-origin", origin), *credentials, _EXPOSED]


def _open(headers: Iterable[Header]) -> bool:
    """Whether the answer says by itself that every page may read it."""
    return any(name == b"access-control-allow-origin" for name, _ in headers)
