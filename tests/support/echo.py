"""An application behind a gateway: a server that answers what it got, byte by byte, and a client as plain.

Neither uses a library for HTTP: names of headers come and go as they were written.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import re
import socket
import socketserver
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Self

_KEY = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
Headers = Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Heard:
    """A request as an application got it."""

    method: str
    target: str
    headers: tuple[tuple[str, str], ...]

    def folded(self, name: str) -> list[str]:
        """Every value of a header, by any name that CGI, WSGI or PHP make the same of."""
        return [value for key, value in self.headers if fold(key) == fold(name)]


def fold(name: str) -> str:
    return re.sub(r"[^A-Z0-9]", "_", name.upper())


@dataclass(frozen=True)
class Said:
    """An answer. `heard` is what the application got, if it was the application that answered."""

    status: int
    headers: dict[str, str]
    body: bytes = field(repr=False)
    heard: Heard | None


def _lines(file: Any) -> list[tuple[str, str]]:
    """Headers, or trailers."""
    found = []
    while (raw := file.readline().decode("latin-1").rstrip("\r\n")) != "":
        name, _, value = raw.partition(":")
        found.append((name, value.strip()))
    return found


class Echo:
    """The application; leave the `with` to end it. It takes trailers for headers (RFC 9110 §6.5.1)."""

    def __init__(self) -> None:
        self.heard: list[Heard] = []
        echo = self

        class Handler(socketserver.StreamRequestHandler):
            timeout = 20

            def handle(self) -> None:
                echo._answer(self)

        class Server(socketserver.ThreadingTCPServer):
            allow_reuse_address, daemon_threads, request_queue_size = True, True, 64

        self._server = Server(("127.0.0.1", 0), Handler)
        self.port: int = self._server.server_address[1]

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _answer(self, on: socketserver.StreamRequestHandler) -> None:
        line = on.rfile.readline().decode("latin-1").split()
        if len(line) != 3:
            return
        heard = Heard(line[0], line[1], tuple(_lines(on.rfile)))
        if "chunked" in heard.folded("transfer-encoding"):
            while size := int(on.rfile.readline() or b"0", 16):
                on.rfile.read(size + 2)
            heard = Heard(line[0], line[1], (*heard.headers, *_lines(on.rfile)))
        else:
            on.rfile.read(int((heard.folded("content-length") or ["0"])[0]))
        self.heard.append(heard)
        said = json.dumps([heard.method, heard.target, heard.headers]).encode()
        keys = heard.folded("sec-websocket-key")
        if keys and "websocket" in [one.lower() for one in heard.folded("upgrade")]:
            accept = base64.b64encode(hashlib.sha1(keys[0].encode() + _KEY).digest()).decode()
            on.wfile.write(
                b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                b"Sec-WebSocket-Accept: %b\r\n\r\n" % accept.encode()
            )
            on.wfile.write(b"\x81\x7f" + len(said).to_bytes(8, "big") + said)
            on.rfile.read(1)  # until the client leaves
            return
        bodiless = heard.method == "HEAD"
        on.wfile.write(
            b"HTTP/1.1 200 OK\r\nX-Echo: yes\r\nContent-Type: application/json\r\nConnection: close\r\n"
            b"Content-Length: %d\r\n\r\n%b" % (len(said), b"" if bodiless else said)
        )


def ask(
    port: int,
    method: str = "GET",
    target: str = "/",
    headers: Headers = (),
    *,
    host: str,
    host_last: bool = False,
    body: bytes = b"",
) -> Said:
    """One request, written as it stands. A WebSocket that is let in says what the application got.

    `host_last`: what a program does with a header may depend on the host, which it does not know before.
    """
    upgrades = any(name.lower() == "upgrade" for name, _ in headers)
    given = [f"{name}: {value}" for name, value in headers]
    named = [f"Host: {host}"]
    lines = [f"{method} {target} HTTP/1.1", *(given + named if host_last else named + given)]
    lines += [] if upgrades else ["Connection: close"]
    chunked = any(name.lower() == "transfer-encoding" for name, _ in headers)
    if not chunked and (body or method in ("POST", "PUT", "PATCH")):
        lines.append(f"Content-Length: {len(body)}")
    with socket.create_connection(("127.0.0.1", port), 20) as wire, wire.makefile("rb") as file:
        with contextlib.suppress(OSError):  # closed before it read all: perhaps it said why
            wire.sendall("\r\n".join([*lines, "", ""]).encode("latin-1") + body)
        try:
            return _read(file, upgrades=upgrades, bodiless=method == "HEAD")
        except ConnectionError:
            return Said(0, {}, b"", None)


def _read(file: Any, *, upgrades: bool, bodiless: bool) -> Said:
    first = file.readline().split()
    if len(first) < 2:
        return Said(0, {}, b"", None)
    status, headers = int(first[1]), {name.lower(): value for name, value in _lines(file)}
    if status == 101:
        assert file.read(2) == b"\x81\x7f"
        body = file.read(int.from_bytes(file.read(8), "big"))
    else:
        length = headers.get("content-length")  # some leave the connection open for a while all the same
        body = b"" if upgrades or bodiless else file.read() if length is None else file.read(int(length))
    heard = None
    if status == 101 or "x-echo" in headers:
        text = body[body.find(b"[") : body.rfind(b"]") + 1]
        if text:
            said = json.loads(text)
            heard = Heard(said[0], said[1], tuple((name, value) for name, value in said[2]))
    return Said(status, headers, body, heard)
