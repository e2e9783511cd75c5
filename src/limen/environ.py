"""A WSGI environment (PEP 3333) as the scope that requirements read, its headers pairs of bytes again; and an
answer of such pairs as WSGI has it.

What a server has made of the request is taken as it is, so what is in doubt stays in doubt. Headers that came
twice stand joined by commas here. Two credentials in one value match none of ours, and two of `Authorization`
are told apart again, for the first could hide the second.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, MutableMapping
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

Environ = MutableMapping[str, Any]
Scope = MutableMapping[str, Any]

Whole = tuple[int, list[tuple[bytes, bytes]], bytes]
"""Status, headers and body of an answer."""
SCOPE = "limen.scope"
"""Where an environment keeps the scope that was made of it: who was found to be asking is found once."""
_SECOND = re.compile(rb",[ \t]*(?=bearer\b)", re.IGNORECASE)
_UNMARKED = {"CONTENT_TYPE": b"content-type", "CONTENT_LENGTH": b"content-length"}


def scope_of(environ: Environ) -> Scope:
    """The scope of this request, made when it is first asked for.

    A handshake is a `websocket`: its origin counts, whatever its method is.
    """
    scope = environ.get(SCOPE)
    if scope is None:
        scope = environ[SCOPE] = _made(environ)
    found: Scope = scope
    return found


def headers_of(environ: Environ) -> list[tuple[bytes, bytes]]:
    """Names in lower case, as ASGI has them."""
    found = []
    for key, value in environ.items():
        name = _UNMARKED.get(key) or (
            key[5:].replace("_", "-").lower().encode() if key[:5] == "HTTP_" else None
        )
        if name is None or not isinstance(value, str) or (not value and key in _UNMARKED):
            continue
        raw = value.encode("latin-1", "replace")
        if name == b"authorization":
            found += [(name, each) for each in _SECOND.split(raw)]
        else:
            found.append((name, raw))
    return found


def path_of(environ: Environ) -> str:
    """The path below the place where the application is mounted."""
    return _text(environ.get("PATH_INFO", ""))


def is_handshake(environ: Environ) -> bool:
    """Whether this asks for a WebSocket (RFC 6455 §4.1)."""
    return str(environ.get("HTTP_UPGRADE", "")).strip().lower() == "websocket"


def respond(
    environ: Environ,
    start_response: Callable[..., Any],
    status: int,
    headers: Iterable[tuple[bytes, bytes]],
    body: bytes,
) -> list[bytes]:
    """Answer with this; for HEAD with the headers alone."""
    told = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in headers]
    start_response(f"{status} {HTTPStatus(status).phrase}", told)
    return [b"" if environ["REQUEST_METHOD"] == "HEAD" else body]


def _made(environ: Environ) -> Scope:
    root = _text(environ.get("SCRIPT_NAME", ""))
    path = root + path_of(environ)
    peer = environ.get("REMOTE_ADDR") or None
    return {
        "type": "websocket" if is_handshake(environ) else "http",
        "asgi": {"version": "3.0"},
        "http_version": environ.get("SERVER_PROTOCOL", "HTTP/1.1").rpartition("/")[2],
        "method": environ["REQUEST_METHOD"],
        "scheme": environ["wsgi.url_scheme"],
        "path": path,
        "raw_path": quote(path).encode(),
        "root_path": root,
        "query_string": environ.get("QUERY_STRING", "").encode("latin-1", "replace"),
        "headers": headers_of(environ),
        "client": None if peer is None else (peer, 0),
        "server": (environ.get("SERVER_NAME", ""), None),
    }


def _text(text: str) -> str:
    """PEP 3333 has servers decode bytes as Latin-1; a path is UTF-8."""
    return text.encode("latin-1", "replace").decode("utf-8", "replace")
