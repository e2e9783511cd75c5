"""Which `Host` values are ours.

Nothing here reads a host to build a link. A foreign one is refused all the same: a rebound name, a cache
to be poisoned, or a proxy that nobody has set up.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from limen.errors import Rejected
from limen.settings import Settings, is_loopback_http

_HOST = re.compile(
    r"(\[[0-9a-f:.]{2,45}\]|[a-z0-9](?:[a-z0-9._-]{0,251}[a-z0-9])?)(?::([0-9]{1,5}))?\Z", re.ASCII
)


@dataclass(frozen=True, slots=True)
class Hosts:
    """The issuer's host and those of `hosts`; one without a port is ours on every port."""

    ours: frozenset[tuple[str, int | None]]
    loopback: bool
    """In development every name of this machine is ours too."""

    @classmethod
    def of(cls, settings: Settings) -> Hosts:
        texts = (urlsplit(settings.issuer).netloc, *settings.hosts)
        return cls(frozenset(map(_split, texts)), settings.development)

    def check(self, said: list[bytes]) -> None:
        """Rejected(400) unless the request names exactly one host, and that is ours (RFC 9112 §3.2)."""
        if len(said) != 1:
            raise _unknown("count")
        name, port = _split(said[0].decode("latin-1"))
        if (name, port) in self.ours or (name, None) in self.ours:
            return
        if not (self.loopback and is_loopback_http(f"http://{name}")):
            raise _unknown("foreign")


def _split(text: str) -> tuple[str, int | None]:
    found = _HOST.match(text.lower())
    if found is None:
        raise _unknown("malformed")
    name, port = found.groups()
    if port is not None and not 0 < int(port) < 65_536:
        raise _unknown("port")
    return name, None if port is None else int(port)


def _unknown(reason: str) -> Rejected:
    return Rejected("this host is not served here; name it in `hosts`", code="host_unknown", reason=reason)
