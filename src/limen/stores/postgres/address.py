"""Addresses: `postgresql://user@host/database?…`, what libpq's options say, and the few that are ours.

An address may hold a password, so no sentence here quotes one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from limen.errors import Misconfigured

CONNECTIONS = 10
_MOST_CONNECTIONS = 200
_IDENTIFIER = re.compile(r"[a-z_][a-z0-9_]{0,62}\Z", re.ASCII)
_OURS = ("connections", "schema", "pooler", "direct")
_PRIMARY = ("primary", "read-write")
_DRIVERS = frozenset(
    {
        "host",
        "port",
        "user",
        "password",
        "dbname",
        "database",
        "passfile",
        "service",
        "servicefile",
        "application_name",
        "sslmode",
        "sslcert",
        "sslkey",
        "sslrootcert",
        "sslcrl",
        "sslpassword",
        "sslnegotiation",
        "ssl_min_protocol_version",
        "ssl_max_protocol_version",
        "target_session_attrs",
        "krbsrvname",
        "gsslib",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where the database is, and how it is reached."""

    dsn: str = field(repr=False)
    """What the driver is given."""
    connections: int = CONNECTIONS
    """The most that this process holds, besides the one that listens."""
    schema: str | None = None
    """Where our tables are; None is wherever the role's search_path leads."""
    pooler: bool | None = None
    """Whether a pooler stands between that gives each transaction another session; None is found out."""
    direct: tuple[str, int] | None = None
    """Host and port of the server behind the pooler, to listen there."""


def parse(url: str) -> Address:
    """The address that `url` says; Misconfigured, without quoting it, where it is none."""
    try:
        parts = urlsplit(url)
        options = parse_qsl(parts.query, keep_blank_values=True, strict_parsing=bool(parts.query))
    except ValueError as error:
        raise Misconfigured(f"the PostgreSQL address is no URL; {_FORM}") from error
    if parts.fragment or len(dict(options)) < len(options):
        raise Misconfigured(f"the PostgreSQL address has a fragment or names an option twice; {_FORM}")
    given = dict(options)
    _check_names(given, shown="@" not in parts.query)
    rest = {name: value for name, value in given.items() if name not in _OURS}
    return Address(
        dsn=urlunsplit(("postgresql", parts.netloc, parts.path, urlencode(rest), "")),
        connections=_connections(given.get("connections")),
        schema=_schema(given.get("schema")),
        pooler=_pooler(given.get("pooler")),
        direct=_direct(given.get("direct")),
    )


_FORM = "it reads postgresql://user:password@host:5432/database, special characters percent-encoded"


def _check_names(given: dict[str, str], *, shown: bool) -> None:
    """`shown`: no name is the rest of a password with a ? in it, behind which there is an @."""
    unknown = sorted(given.keys() - _DRIVERS - set(_OURS))
    if unknown:
        named = repr(unknown[0]) if shown else "of that name"
        raise Misconfigured(
            f"a PostgreSQL address has no option {named}; besides libpq's there are {', '.join(_OURS)}"
        )
    if given.get("target_session_attrs", "primary") not in _PRIMARY:
        raise Misconfigured(
            "target_session_attrs must be primary: a standby may not have seen a revocation yet"
        )


def _connections(text: str | None) -> int:
    if text is None:
        return CONNECTIONS
    if not text.isascii() or not text.isdigit() or len(text) > 9 or not 1 <= int(text) <= _MOST_CONNECTIONS:
        raise Misconfigured(
            f"connections in the PostgreSQL address is a number from 1 to {_MOST_CONNECTIONS}"
        )
    return int(text)


def _schema(text: str | None) -> str | None:
    if text is not None and not _IDENTIFIER.match(text):
        raise Misconfigured("schema in the PostgreSQL address is a name of a-z, 0-9 and _, at most 63 long")
    return text


def _pooler(text: str | None) -> bool | None:
    if text not in (None, "yes", "no"):
        raise Misconfigured("pooler in the PostgreSQL address is yes or no; without it, it is found out")
    return None if text is None else text == "yes"


def _direct(text: str | None) -> tuple[str, int] | None:
    if text is None:
        return None
    host, _, port = text.rpartition(":")
    if not host or not port.isascii() or not port.isdigit() or len(port) > 5:
        raise Misconfigured("direct in the PostgreSQL address is host:port of the server behind the pooler")
    return host, int(port)
