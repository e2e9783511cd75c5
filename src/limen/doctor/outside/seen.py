"""What was asked of a deployment from outside, and what came back."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from limen.clock import Instant, Seconds
from limen.settings import is_loopback_http

_CODE = re.compile(r"[a-z0-9_]{1,64}\Z", re.ASCII)
STRANGER = "https://limen-doctor.invalid"
"""An origin that nobody has (RFC 2606)."""
REQUEST = "limen-doctor-asks"
"""The id of a request that nobody but the doctor gives one."""
EXAMPLE = "203.0.113.77"
"""An address that nobody has (RFC 5737)."""


@dataclass(frozen=True)
class Reply:
    """One answer, as it came off the wire: names of headers in lower case, one entry for each line."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes = field(default=b"", repr=False)
    asked: Instant = Instant(0.0)
    took: Seconds = 0.0

    def header(self, name: str) -> str | None:
        """The first of this name."""
        return next((value for key, value in self.headers if key == name), None)

    def all(self, name: str) -> list[str]:
        return [value for key, value in self.headers if key == name]

    @cached_property
    def json(self) -> dict[str, Any]:
        """The object in the body; empty if there is none."""
        try:
            found = json.loads(self.body)
        except (ValueError, RecursionError):
            return {}
        return found if isinstance(found, dict) else {}

    @property
    def code(self) -> str:
        """What Limen calls the error; empty where this is no problem document of Limen's."""
        named = self.json.get("code")
        ours = str(self.json.get("type", "")).startswith("urn:limen:problem:")
        return named if ours and isinstance(named, str) and _CODE.match(named) else ""


@dataclass(frozen=True, slots=True)
class Silence:
    """No answer, and why."""

    why: str


Heard = Reply | Silence


@dataclass(frozen=True, slots=True)
class Certificate:
    """What a server showed, believed or not."""

    ends: Instant
    subject: str
    issuer: str


@dataclass(frozen=True, slots=True)
class Encryption:
    """How the connection was encrypted."""

    version: str
    untrusted: str = ""
    """Why it is not believed; empty if it is."""
    certificate: Certificate | None = None
    old: str = ""
    """A version out of date that the server agrees to; empty: none was found."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outside:
    """Everything that the findings are made from."""

    url: str
    now: Instant
    heard: Mapping[str, Heard]
    """Name of the question → what came back. What was not asked is not there."""
    encryption: Encryption | None = None
    behind: str = ""
    """The program in front, if somebody said so or it says so itself."""
    public_probes: bool = False
    """Whether readiness may be seen by everybody."""

    def reply(self, name: str) -> Reply | None:
        """The answer to a question; None if it was not asked or not answered."""
        found = self.heard.get(name)
        return found if isinstance(found, Reply) else None

    @property
    def local(self) -> bool:
        """Whether this is development: there cookies are bare, and everything is shown."""
        return is_loopback_http(self.url)

    def allows(self, transport: str) -> bool:
        """Whether credentials may travel so, `cookies` or `bearers`, as far as it was told."""
        told = self.reply(transport)
        return told is None or told.code != "transport_refused"

    @property
    def program(self) -> str:
        """nginx, caddy, …, or empty where it cannot be told."""
        plain = self.reply("plain")
        says = [] if plain is None else [plain.header("server") or "", plain.header("via") or ""]
        told = (self.behind or " ".join(says)).lower()
        known = ("nginx", "caddy", "traefik", "haproxy", "apache", "envoy", "cloudflare")
        return next((name for name in known if name in told), "nginx" if "openresty" in told else "")
