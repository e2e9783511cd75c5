"""This machine alone: which addresses are, and what a socket of it is called."""

from __future__ import annotations

import ipaddress
import socket


def is_loopback(host: str) -> bool:
    """Whether this is the machine that we are on, and no other reaches it."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def address_of(bound: socket.socket, host: str) -> str:
    """Where a socket is reached that was bound to this host."""
    return f"http://{f'[{host}]' if ':' in host else host}:{bound.getsockname()[1]}"
