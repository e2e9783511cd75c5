"""Addresses: one server, the master that Sentinels name, or the Cluster's master of our slot.

An address may hold a password, so no sentence here quotes one.
"""

from __future__ import annotations

import re
import ssl
from dataclasses import dataclass, field
from enum import StrEnum
from urllib.parse import parse_qsl, unquote

from limen.clock import Seconds
from limen.errors import Misconfigured

FORMS = (
    "redis://user:password@host:6379/0, redis+unix:///path/to/socket, redis+sentinel://host1,host2/master "
    "and redis+cluster://host1,host2; rediss with TLS, valkey and valkeys for the same"
)
_NAMES = ("redis", "rediss", "valkey", "valkeys")
_SCHEMES = {name + kind for name in _NAMES for kind in ("", "+sentinel", "+cluster")}
_SOCKETS = {"redis+unix", "valkey+unix", "unix"}
_OPTIONS = {"replicas", "replicas_wait", "patience", "prefix", "db", "ca", "cert", "key"}
_OF_SENTINELS = {"sentinel_user", "sentinel_password"}
_PREFIX = re.compile(r"[A-Za-z0-9_.-]{1,64}\Z", re.ASCII)
_PORTS = {"sentinel": 26_379}


class Kind(StrEnum):
    """How the master is found."""

    SINGLE = "single"
    SENTINEL = "sentinel"
    CLUSTER = "cluster"


Node = tuple[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where Redis is, and how it is spoken to."""

    kind: Kind
    nodes: tuple[Node, ...]
    """One server, or several that know where the master is."""
    path: str | None = None
    """A Unix socket instead of a node."""
    master: str = ""
    """The name by which Sentinels know it."""
    db: int = 0
    user: str | None = field(default=None, repr=False)
    password: str | None = field(default=None, repr=False)
    sentinel_user: str | None = field(default=None, repr=False)
    sentinel_password: str | None = field(default=None, repr=False)
    tls: ssl.SSLContext | None = field(default=None, repr=False)
    prefix: str = "limen"
    """The hash tag of every key."""
    replicas: int = 0
    """How many must have a revocation before it is acknowledged."""
    replicas_wait: Seconds = 1.0
    patience: Seconds = 2.0
    """How long an answer may take."""

    @property
    def meta(self) -> bytes:
        return f"{{{self.prefix}}}:meta".encode()

    def base(self, epoch: int) -> bytes:
        """What every other key of an epoch begins with."""
        return f"{{{self.prefix}}}:{epoch}:".encode()


def parse(url: str) -> Address:
    """The address that `url` says; Misconfigured, without quoting it, where it is none."""
    scheme, _, rest = url.partition("://")
    if scheme not in _SCHEMES | _SOCKETS:
        raise Misconfigured(f"this is no address of Redis or Valkey; there are {FORMS}")
    rest, _, query = rest.partition("?")
    options = _options(query)
    place, _, path = rest.partition("/")
    credentials, _, hosts = place.rpartition("@")
    user, _, password = credentials.partition(":")
    kind = Kind(scheme.partition("+")[2]) if scheme.endswith(("sentinel", "cluster")) else Kind.SINGLE
    is_socket = scheme in _SOCKETS
    master, db = _path("" if is_socket else path, kind, options)
    return Address(
        kind=kind,
        nodes=() if is_socket else _nodes(hosts, kind),
        path=_socket(unquote("/" + path)) if is_socket else None,
        master=master,
        db=db,
        user=unquote(user) or None,
        password=unquote(password) or None,
        sentinel_user=options.get("sentinel_user"),
        sentinel_password=options.get("sentinel_password"),
        tls=_tls(options) if scheme.startswith(("rediss", "valkeys")) else None,
        prefix=_prefix(options.get("prefix", "limen")),
        replicas=int(_number("replicas", options, 0, 0, 100)),
        replicas_wait=_number("replicas_wait", options, 1.0, 0.01, 60),
        patience=_number("patience", options, 2.0, 0.05, 60),
    )


def _options(query: str) -> dict[str, str]:
    try:
        pairs = parse_qsl(query, keep_blank_values=True, strict_parsing=bool(query))
    except ValueError as error:
        raise Misconfigured("the options of the Redis address are not name=value&name=value") from error
    options = dict(pairs)
    unknown = sorted(options.keys() - _OPTIONS - _OF_SENTINELS)
    if unknown:
        known = ", ".join(sorted(_OPTIONS | _OF_SENTINELS))
        # With an @ behind it, it is the rest of a password that was not percent-encoded.
        named = "of that name" if "@" in query else repr(unknown[0])
        raise Misconfigured(f"Redis addresses have no option {named}; there are {known}")
    if len(options) < len(pairs):
        raise Misconfigured("the Redis address names an option twice")
    return options


def _nodes(hosts: str, kind: Kind) -> tuple[Node, ...]:
    nodes = tuple(_node(text, _PORTS.get(kind, 6_379)) for text in hosts.split(","))
    if kind is Kind.SINGLE and len(nodes) > 1:
        raise Misconfigured("several hosts need redis+sentinel:// or redis+cluster://")
    return nodes


def _node(text: str, port: int) -> Node:
    host, _, given = (
        text.rpartition(":") if re.search(r":\d*\Z", text) and text[-1] != "]" else (text, "", "")
    )
    host = unquote(host).strip("[]")
    if not host or (given and not (len(given) < 6 and 0 < int(given) < 65_536)):
        raise Misconfigured(
            f"the Redis address names no host and port where one is asked for; there are {FORMS}"
        )
    return host, int(given or port)


def _path(path: str, kind: Kind, options: dict[str, str]) -> tuple[str, int]:
    """The name of the master, where Sentinels are asked for one, and the number of the database."""
    parts = [unquote(part) for part in path.split("/") if part]
    master = parts.pop(0) if kind is Kind.SENTINEL and parts else ""
    if kind is Kind.SENTINEL and not master:
        raise Misconfigured("a Sentinel address names the master: redis+sentinel://host1,host2/mymaster")
    text = parts.pop(0) if parts else options.get("db", "0")
    if parts or not (text.isascii() and text.isdigit() and len(text) < 5):
        raise Misconfigured("a Redis address ends with the number of a database, if with anything")
    if kind is Kind.CLUSTER and int(text):
        raise Misconfigured("a Redis Cluster has database 0 alone")
    return master, int(text)


def _socket(path: str) -> str:
    if len(path) < 2 or "\0" in path:
        raise Misconfigured("a socket's address names its path: redis+unix:///run/redis/redis.sock")
    return path


def _prefix(text: str) -> str:
    if not _PREFIX.match(text):
        raise Misconfigured("prefix in the Redis address is 1 to 64 of A-Z a-z 0-9 _ . -")
    return text


def _number(name: str, options: dict[str, str], default: float, least: float, most: float) -> float:
    try:
        value = float(options.get(name, default))
    except ValueError:
        value = float("nan")
    if not least <= value <= most or (name == "replicas" and value != int(value)):
        raise Misconfigured(f"{name} in the Redis address is a number from {least:g} to {most:g}")
    return value


def _tls(options: dict[str, str]) -> ssl.SSLContext:
    """Certificates are checked, always; `ca` names another authority, `cert` and `key` who we are."""
    try:
        context = ssl.create_default_context(cafile=options.get("ca"))
        if "cert" in options:
            context.load_cert_chain(options["cert"], options.get("key"))
    except (OSError, ssl.SSLError) as error:
        raise Misconfigured("ca, cert or key in the Redis address is no file of that kind") from error
    return context
