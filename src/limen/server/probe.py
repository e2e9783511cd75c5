"""What `limen doctor --url` cannot see by itself: what a proxy lets through of what clients say.

Whoever sends `Limen-Probe` is told two bits. Whether the address that the request is said to come from is one
of those that are kept for examples (RFC 5737, RFC 3849): no client has such a one, so it was written by the
client and believed. And whether a `Remote-User` came along. No address and no name of ours is told, and
nothing that whoever asks could not learn by guessing slowly (docs/decisions/0025).
"""

from __future__ import annotations

import ipaddress

from limen.server.wire import Answer, Call, Header

NAME = b"limen-probe"
_EXAMPLES = (ipaddress.ip_network("203.0.113.0/24"), ipaddress.ip_network("2001:db8::/32"))


def told(call: Call, answer: Answer) -> tuple[Header, ...]:
    """The header that answers the probe; none to whoever does not ask, and none where a cache may keep it."""
    if call.header(NAME) is None or (b"cache-control", b"no-store") not in answer.headers:
        return ()
    source = "believed" if _is_example(call.source) else "refused"
    user = "passed" if call.header(b"remote-user") is not None else "cleared"
    return ((NAME, f"source={source}, remote-user={user}".encode()),)


def _is_example(source: str) -> bool:
    try:
        address = ipaddress.ip_address(source)
    except ValueError:
        return False
    return any(address in network for network in _EXAMPLES)
