"""What a request and an answer weigh on the wire, as HTTP/1.1 writes them (RFC 9112), without what they hide.

The lines with the date, 37 bytes, and with the id of the request, 52, which every answer gets outside of
the lanes, are not among them.
"""

from __future__ import annotations

from collections.abc import Iterable
from http import HTTPStatus

from limen.server.playground.records import Cookie, Travelled
from limen.server.wire import Header, Scope

_COLON_AND_END = 4
"""Of each header line: a colon, a blank, CR, LF."""
_SHOWN = 4


def request(scope: Scope, body: int, ours: Iterable[str]) -> Travelled:
    """A request with so much of its body read; what was sent and not read is what it says itself. Of cookies
    that are not ours not even the beginning is told."""
    path = scope.get("raw_path") or scope["path"].encode()
    query = scope.get("query_string", b"")
    line = len(f"{scope['method']}  HTTP/1.1\r\n") + len(path) + (len(query) + 1 if query else 0)
    headers = list(scope["headers"])
    cookies = [
        _sent(pair, frozenset(ours))
        for name, value in headers
        if name == b"cookie"
        for pair in value.split(b"; ")
    ]
    said = next((value for name, value in headers if name == b"content-length"), b"")
    return _whole(line, headers, cookies, int(said) if said.isdigit() and len(said) < 10 else body)


def answer(status: int, headers: Iterable[Header], body: int) -> Travelled:
    """An answer."""
    lines = list(headers)
    line = len(f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\n")
    return _whole(line, lines, [_set(value) for name, value in lines if name == b"set-cookie"], body)


def masked(value: str) -> str:
    """The first four characters of a long text, nothing of a short one."""
    return f"{value[:_SHOWN]}…" if len(value) >= 4 * _SHOWN else "…"


def _whole(line: int, headers: list[Header], cookies: list[Cookie], body: int) -> Travelled:
    sized = [(name.decode("latin-1"), len(name) + len(value) + _COLON_AND_END) for name, value in headers]
    head = line + sum(size for _, size in sized) + 2
    return Travelled(head + body, line, sized, cookies, body)


def _sent(pair: bytes, ours: frozenset[str]) -> Cookie:
    name, _, value = pair.decode("latin-1").partition("=")
    return Cookie(name, len(pair), masked(value) if name in ours else "")


def _set(line: bytes) -> Cookie:
    pair, _, said = line.decode("latin-1").partition("; ")
    name, _, value = pair.partition("=")
    return Cookie(name, len(line), masked(value) if value else "", said)
