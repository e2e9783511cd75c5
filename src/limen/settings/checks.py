"""What values must be like, alone and beside each other. The parts check their own numbers when made."""

from __future__ import annotations

import difflib
import ipaddress
import re
from collections.abc import Iterable
from urllib.parse import urlsplit

from limen.errors import Misconfigured
from limen.settings.record import Registration, Settings, Transport, is_loopback_http

_STRATEGIES = ("session", "jwt", "hybrid")
_ALGORITHMS = ("ES256", "ES384", "EdDSA", "RS256", "PS256", "HS256")
_SCHEMES = ("argon2id", "bcrypt")
_HOST = r"(?:\[[0-9a-f:.]{2,45}\]|[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?)"
_HOST_PORT = re.compile(rf"{_HOST}(?::([1-9][0-9]{{0,4}}))?\Z", re.ASCII)
_PREFIX = re.compile(r"(?:/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)+\Z", re.ASCII)
_SCOPE = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]+\Z", re.ASCII)  # RFC 6749 §3.3
_CLIENT = re.compile(r"[A-Za-z0-9._-]{1,64}\Z", re.ASCII)
_WORD = re.compile(r"[\x21-\x7e]{1,256}\Z", re.ASCII)

_BOUNDS: dict[str, tuple[float, float]] = {
    "access_lifetime": (1, 86_400),
    "idle_lifetime": (1, 400 * 86_400),
    "absolute_lifetime": (1, 400 * 86_400),
    "refresh_grace": (0, 300),
    "max_staleness": (0.1, 300),
    "leeway": (0, 60),
    "cache_size": (0, 10_000_000),
    "session_limit": (0, 10_000),
    "password_min_length": (8, 64),
    "argon2_memory_kib": (8, 4 * 1024 * 1024),
    "argon2_time_cost": (1, 100),
    "argon2_parallelism": (1, 64),
    "bcrypt_cost": (12, 20),
    "hash_threads": (0, 256),
    "hash_queue": (0, 10_000),
    "jwks_max_age": (0, 86_400),
    "key_rotation": (3_600, 10 * 365 * 86_400),
}


def check(settings: Settings) -> None:
    """Misconfigured for the first value that does not fit, with what to write instead."""
    _names(settings)
    _numbers(settings)
    _addresses(settings)
    _identifiers(settings)


def _names(s: Settings) -> None:
    _one_of("strategy", (s.strategy,), _STRATEGIES)
    _one_of("accept", s.accept, _STRATEGIES)
    _one_of("algorithm", (s.algorithm,), _ALGORITHMS)
    _one_of("transports", s.transports, tuple(Transport))
    _one_of("registration", (s.registration,), tuple(Registration))
    _one_of("password_scheme", (s.password_scheme,), _SCHEMES)
    if not s.transports:
        raise Misconfigured("transports is empty: name cookie, bearer, or both")
    if s.algorithm == "HS256" and s.audience not in ("", s.issuer):
        raise Misconfigured(
            "HS256 has no public half, so nobody but the issuer can verify its tokens: leave audience empty, "
            "or take ES256"
        )


def _numbers(s: Settings) -> None:
    for name, (low, high) in _BOUNDS.items():
        if not low <= getattr(s, name) <= high:
            raise Misconfigured(f"{name} is {getattr(s, name):g} and must be from {low:g} to {high:g}")
    if s.idle_lifetime > s.absolute_lifetime:
        raise Misconfigured("idle_lifetime is longer than absolute_lifetime: make it at most as long")
    if s.key_rotation <= s.jwks_max_age + s.access_lifetime + s.leeway:
        raise Misconfigured(
            "key_rotation is shorter than a key must be published: make it longer than jwks_max_age, "
            "access_lifetime and leeway together"
        )


def _addresses(s: Settings) -> None:
    if not s.database:
        raise Misconfigured("database is empty: name one, such as sqlite:///limen.db")
    _origin("issuer", s.issuer, "https://app.example")
    for origin in s.origins:
        _origin("origins", origin, "https://other.example")
    for host in s.hosts:
        if not _is_host(host):
            raise Misconfigured(f"hosts: {host!r} is no host; write app.example or app.example:8443")
    for network in s.trusted_proxies:
        _network(network)


def _identifiers(s: Settings) -> None:
    if not _PREFIX.match(s.prefix) or s.prefix.startswith("/.well-known"):
        raise Misconfigured(
            f"prefix is {s.prefix!r} and must be a path such as /auth, without a / at its end"
        )
    if s.audience and not _WORD.match(s.audience):
        raise Misconfigured("audience has a blank or a character outside ASCII: write a URL or a name")
    for scope in s.default_scopes:
        if not _SCOPE.match(scope):
            raise Misconfigured(f"default_scopes: {scope!r} has a character that scopes cannot have")
    for client in (s.client_id, *s.clients):
        if not _CLIENT.match(client):
            raise Misconfigured(f"{client!r} is no client id: letters, digits, `.`, `_` and `-`, at most 64")
    if len(set(s.clients)) < len(s.clients):
        raise Misconfigured("clients names one twice: keep each once")


def _one_of(name: str, values: Iterable[str], known: tuple[str, ...]) -> None:
    for value in values:
        if value not in known:
            near = difflib.get_close_matches(value.casefold(), known, n=1) or [
                one for one in known if one.casefold() == value.casefold()
            ]
            hint = f"did you mean {near[0]}?" if near else f"it is one of {', '.join(known)}"
            raise Misconfigured(f"{name}: there is no {value!r}; {hint}")


def _origin(name: str, url: str, example: str) -> None:
    """An origin as browsers write it (RFC 6454 §6.2), since it is compared byte for byte."""
    if url in ("*", "null"):
        raise Misconfigured(f"{name}: {url!r} would let every page in; name each origin, such as {example}")
    scheme, separator, rest = url.partition("://")
    if scheme not in ("http", "https") or not separator or not _is_host(rest):
        raise Misconfigured(
            f"{name}: {url!r} is no origin; write scheme, host, and port if it is not the usual one, in "
            f"lower case and without a / at the end, such as {example}"
        )
    if urlsplit(url).port == {"http": 80, "https": 443}[scheme]:
        raise Misconfigured(f"{name}: browsers leave the port out of {url}, so leave it out too")
    if scheme == "http" and not is_loopback_http(url):
        raise Misconfigured(
            f"{name}: {url} is plain http, and whoever sits on the way reads the credentials; write https, "
            "and let a proxy end TLS. http is for this very machine alone"
        )


def _is_host(text: str) -> bool:
    found = _HOST_PORT.match(text)
    if found is None or int(found[1] or 1) > 65_535:
        return False
    if text.startswith("["):
        return _is_canonical_ipv6(text[1 : text.index("]")])
    return ".." not in text


def _is_canonical_ipv6(text: str) -> bool:
    try:
        return str(ipaddress.IPv6Address(text)) == text
    except ValueError:
        return False


def _network(text: str) -> None:
    if text == "unix":
        return
    try:
        network = ipaddress.ip_network(text)
    except ValueError as error:
        raise Misconfigured(
            f"trusted_proxies: {text!r} is no network; write 10.0.0.0/8, or 10.1.2.3 for one proxy ({error})"
        ) from error
    if network.prefixlen == 0:
        raise Misconfigured(
            f"trusted_proxies: {text} would believe everybody; name the networks of your proxies"
        )
