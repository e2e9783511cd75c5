"""Whose word about the client counts: `X-Forwarded-For` and `X-Forwarded-Proto`, from trusted proxies alone.

No other header that names a client, a host or a URL is read (`Forwarded`, `X-Real-IP`, `X-Original-URL`,
`X-User`…), from nobody; but forward-auth asks a trusted proxy where a browser goes (server/forwarding.py).
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable
from dataclasses import dataclass

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

UNIX = "unix"
"""Names whoever connects by a Unix socket, who has no address."""
_HOPS_MAX = 32
_WITH_PORT = re.compile(r"(?:\[([0-9A-Fa-f:.]+)\]|([0-9.]+))(?::[0-9]{1,5})?\Z", re.ASCII)
_SCHEMES = {b"http": "http", b"https": "https", b"ws": "http", b"wss": "https"}


@dataclass(frozen=True, slots=True)
class Client:
    """Who sent a request and how. `address` is empty where nobody knows it; `scheme` is None where no trusted
    proxy told, and then the server's own counts."""

    address: str
    scheme: str | None = None


@dataclass(frozen=True, slots=True)
class Trusted:
    """The proxies that are believed."""

    networks: tuple[Network, ...] = ()
    unix: bool = False

    @classmethod
    def of(cls, texts: Iterable[str]) -> Trusted:
        """From `Settings.trusted_proxies`, which were checked there."""
        texts = tuple(texts)
        return cls(tuple(ipaddress.ip_network(text) for text in texts if text != UNIX), UNIX in texts)

    def __contains__(self, peer: Address | None) -> bool:
        if peer is None:
            return self.unix
        return any(peer in network for network in self.networks)


def is_trusted(peer: str | None, trusted: Trusted) -> bool:
    """Whether what this peer says about the request behind it is believed. None: it came by a Unix socket."""
    address = None if not peer else _address(peer.partition("%")[0])
    return (address is not None or not peer) and address in trusted


def client_of(headers: Iterable[tuple[bytes, bytes]], peer: str | None, trusted: Trusted) -> Client:
    """The client behind the proxies: the right-most address of `X-Forwarded-For` that is no trusted proxy.

    Everything left of that is what the client wrote itself. A hop that cannot be read ends the walk there:
    the client is then the last proxy that was understood, and never the garbage.
    """
    nearest = None if not peer else _address(peer.partition("%")[0])
    shown = str(nearest) if nearest is not None else (peer or "")[:64]
    if (nearest is None and peer) or nearest not in trusted:
        return Client(shown)
    hops, scheme = b"", None
    for name, value in headers:
        if name == b"x-forwarded-for":
            hops = b"%b,%b" % (hops, value) if hops else value
        elif name == b"x-forwarded-proto":
            scheme = value
    told = None if scheme is None else _SCHEMES.get(scheme.rpartition(b",")[2].strip(b" \t").lower())
    return Client(_behind(hops, shown, trusted), told)


def _behind(hops: bytes, nearest: str, trusted: Trusted) -> str:
    for hop in reversed(hops.rsplit(b",", _HOPS_MAX)[-_HOPS_MAX:]):
        address = _address(_bare(hop.strip(b" \t").decode("latin-1")))
        if address is None:
            break
        nearest = str(address)
        if address not in trusted:
            break
    return nearest


def _bare(hop: str) -> str:
    """An address without brackets and port, both of which some proxies write."""
    found = _WITH_PORT.match(hop)
    return hop if found is None else found[1] or found[2]


def _address(text: str) -> Address | None:
    """None for what is no address, or has a zone. An IPv4 one that is mapped into IPv6 is itself."""
    try:
        found = ipaddress.ip_address(text)
    except ValueError:
        return None
    if isinstance(found, ipaddress.IPv6Address):
        return None if found.scope_id else found.ipv4_mapped or found
    return found
