"""Sockets to listen on, and one sentence where there can be none."""

from __future__ import annotations

import errno
import ipaddress
import socket

from limen.errors import LimenError, Misconfigured, Unavailable

BACKLOG = 2_048


def listen(host: str, port: int, *, named: str = "--port") -> socket.socket:
    """A socket that takes connections already; Unavailable or Misconfigured where there can be none, saying
    by what it was `named`."""
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
        raise _no_socket(error, host, port, named) from error
    bound.set_inheritable(True)
    return bound


def first_free(host: str, ports: range) -> socket.socket:
    """A socket that listens on the first of these ports that can be had, else the error of the last."""
    error: LimenError = Unavailable("no port", code="port_taken")
    for port in ports:
        try:
            return listen(host, port)
        except LimenError as found:
            error = found
    raise error


def split_address(address: str) -> tuple[str, int]:
    """Host and port of `metrics_address`, which the settings have checked."""
    host, _, port = address.rpartition(":")
    return host.removeprefix("[").removesuffix("]"), int(port)


def _no_socket(error: OSError, host: str, port: int, named: str) -> Misconfigured | Unavailable:
    if error.errno == errno.EADDRINUSE:
        return Unavailable(
            f"port {port} is taken: end what listens there, or choose another with {named}", code="port_taken"
        )
    if error.errno == errno.EACCES:
        return Misconfigured(f"this user may not listen on port {port}: choose one above 1023 with {named}")
    return Misconfigured(f"{host} port {port} cannot be listened on: {error.strerror}")


def address_of(bound: socket.socket, host: str) -> str:
    """Where a socket is reached that was bound to this host."""
    return f"http://{f'[{host}]' if ':' in host else host}:{bound.getsockname()[1]}"


def is_loopback(host: str) -> bool:
    """Whether this is the machine that we are on, and no other reaches it."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
