"""Where mail goes: `smtps://user:password@host:465`, `smtp://host:587`, `console:` or
`console:folder`. And who it is from.

TLS is never optional but on this very machine: a link that sets a password must not be read on its way.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

CONSOLE = "console:"
FORM = "write smtps://user:password@mail.example, smtp://mail.example:587, or console:"
_PORTS = {"smtp": 587, "smtps": 465}
_HOST = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,251}[A-Za-z0-9])?\Z|\[[0-9A-Fa-f:.]{2,45}\]\Z", re.ASCII)
_FROM = re.compile(
    r"(?:(?P<name>[^<>\"@,;:\\\r\n]{0,60}) )?"
    r"(?P<open><)?(?P<address>[^<>\s,;:\"\\]+@[^<>\s,;:\"\\@]+)(?(open)>)\Z"
)


@dataclass(frozen=True, slots=True)
class MailServer:
    """A server that takes our letters."""

    host: str
    port: int
    tls: bool
    """From the first byte; else STARTTLS, which is required unless `local`."""
    local: bool
    """On this very machine."""
    user: str | None = None
    password: str | None = field(default=None, repr=False)


def is_console(text: str) -> bool:
    """Whether letters are written to the console."""
    return text.startswith(CONSOLE)


@dataclass(frozen=True, slots=True)
class Sender:
    """Who letters are from."""

    name: str
    address: str


def parse(url: str) -> MailServer:
    """The server that `url` names; ValueError says what is wrong, and quotes no password."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise ValueError(f"it is no address of a mail server: {FORM}") from error
    host = parts.hostname or ""
    bare = f"[{host}]" if ":" in host else host
    if parts.scheme not in _PORTS or not _HOST.match(bare):
        raise ValueError(f"it is no address of a mail server: {FORM}")
    if parts.path not in ("", "/") or parts.query or parts.fragment:
        raise ValueError(f"after the host nothing follows; percent-encode special characters: {FORM}")
    if (parts.username is None) != (parts.password is None):
        raise ValueError(f"a user needs a password, and a password a user: {FORM}")
    user = None if parts.username is None else unquote(parts.username)
    password = None if parts.password is None else unquote(parts.password)
    return MailServer(
        host, port or _PORTS[parts.scheme], parts.scheme == "smtps", is_local(host), user, password
    )


def sender(text: str) -> Sender:
    """The sender that `Name <address>` or an address alone names; ValueError otherwise."""
    found = _FROM.match(text)
    if found is None or not text.isprintable() or not found["address"].isascii():
        raise ValueError("it is no sender: write no-reply@app.example, or App <no-reply@app.example>")
    return Sender((found["name"] or "").strip(), found["address"])


def is_local(host: str) -> bool:
    """Whether this is the machine that we are on."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
