"""uvicorn around `create_app`: in this process, or in several on one socket, each with a Limen of its own."""

from __future__ import annotations

import errno
import os
import signal
import socket
import sys
from contextlib import suppress
from typing import Any

import uvicorn
from uvicorn.supervisors import Multiprocess

from limen.auth import Limen
from limen.cli import logs
from limen.cli.answer import Exit
from limen.cli.protocol import BoundedProtocol
from limen.errors import Misconfigured, Unavailable
from limen.server import create_app

CONNECTIONS = 1_000
"""Per process, kept ones included; who comes then is answered 503."""
BACKLOG = 2_048
DRAIN_SECONDS = 8
"""Container runtimes kill ten seconds after SIGTERM."""


def app() -> Any:
    """What each process serves, made of the environment that `limen serve` has put its flags into."""
    return create_app(Limen.from_env())


def listen(host: str, port: int) -> socket.socket:
    """A socket that takes connections already; Unavailable or Misconfigured where there can be none."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (socket.gaierror, UnicodeError) as error:
        raise Misconfigured(f"{host} is no address of this machine: name one with --host") from error
    family, kind, protocol, _, address = found[0]
    bound = socket.socket(family, kind, protocol)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(address)
        bound.listen(BACKLOG)
    except OSError as error:
        bound.close()
        raise _no_socket(error, host, port) from error
    bound.set_inheritable(True)
    return bound


def leave_on_signals() -> None:
    """Being told to stop is no failure, before the server runs and when uvicorn, having drained, raises the
    signal anew."""
    for stop in (signal.SIGTERM, signal.SIGINT):
        signal.signal(stop, _leave)


def serve(bound: socket.socket, *, workers: int, level: str, access_log: bool) -> Exit:
    """Answer until a signal says stop, then finish what is being answered."""
    config = uvicorn.Config(
        "limen.cli.serving:app",
        factory=True,
        workers=workers,
        loop="uvloop",
        http=BoundedProtocol,
        ws="none",
        interface="asgi3",
        lifespan="on",
        log_config=logs.configuration(level, access=access_log),
        access_log=access_log,
        proxy_headers=False,  # `trusted_proxies` decides whom we believe
        server_header=False,
        limit_concurrency=CONNECTIONS,
        backlog=BACKLOG,
        timeout_keep_alive=5,
        timeout_graceful_shutdown=DRAIN_SECONDS,
    )
    if workers > 1:
        Multiprocess(config, sockets=[bound]).run()
        return Exit.OK
    server = uvicorn.Server(config)
    server.run(sockets=[bound])
    return Exit.OK if server.started else Exit.UNAVAILABLE


def _leave(*_: object) -> None:
    """End here: an exception could come up where Python drops it, in a finaliser, and the stop with it."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(Exception):
            stream.flush()
    os._exit(Exit.OK)


def _no_socket(error: OSError, host: str, port: int) -> Misconfigured | Unavailable:
    if error.errno == errno.EADDRINUSE:
        return Unavailable(
            f"port {port} is taken: end what listens there, or choose another with --port", code="port_taken"
        )
    if error.errno == errno.EACCES:
        return Misconfigured(f"this user may not listen on port {port}: choose one above 1023 with --port")
    return Misconfigured(f"{host} port {port} cannot be listened on: {error.strerror}")
