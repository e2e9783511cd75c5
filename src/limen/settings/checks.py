"""What values must be like, alone and beside each other. The parts check their own numbers when made."""

from __future__ import annotations

import difflib
import ipaddress
import re
from collections.abc import Iterable, Iterator
from urllib.parse import urlsplit

from limen.settings import colours, mail_server
from limen.settings.record import (
    ADMIN_SCOPE,
    EmailVerification,
    Registration,
    Settings,
    Transport,
    is_loopback_http,
)

Faults = Iterator[tuple[str, str]]
"""Setting, and a sentence that says what to do."""

_STRATEGIES = ("session", "jwt", "hybrid")
_ALGORITHMS = ("ES256", "ES384", "EdDSA", "RS256", "PS256", "HS256")
_SCHEMES = ("argon2id", "bcrypt")
_LEVELS = ("debug", "info", "warning", "error")
FORWARDED = ("user", "email", "groups", "name", "scopes")
_USUAL_PORT = {"http": 80, "https": 443}
_HOST = r"(?:\[[0-9a-f:.]{2,45}\]|[a-z0-9](?:[a-z0-9._-]{0,251}[a-z0-9])?)"
_HOST_PORT = re.compile(rf"{_HOST}(?::([1-9][0-9]{{0,4}}))?\Z", re.ASCII)
_PREFIX = re.compile(r"(?:/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)+\Z", re.ASCII)
_SCOPE = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]{1,256}\Z", re.ASCII)  # RFC 6749 §3.3
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
    "drain_delay": (0, 60),
    "audit_keep": (0, 10 * 365 * 86_400),
}


def faults(settings: Settings) -> Faults:
    """Every value that does not fit."""
    yield from _names(settings)
    yield from _numbers(settings)
    yield from _addresses(settings)
    yield from _identifiers(settings)
    yield from _forwarding(settings)
    yield from _brand(settings)
    yield from _mail(settings)


def _names(s: Settings) -> Faults:
    yield from _one_of("strategy", (s.strategy,), _STRATEGIES)
    yield from _one_of("accept", s.accept, _STRATEGIES)
    yield from _one_of("algorithm", (s.algorithm,), _ALGORITHMS)
    yield from _one_of("transports", s.transports, tuple(Transport))
    yield from _one_of("email_verification", (s.email_verification,), tuple(EmailVerification))
    yield from _one_of("registration", (s.registration,), tuple(Registration))
    yield from _one_of("password_scheme", (s.password_scheme,), _SCHEMES)
    yield from _one_of("log_level", (s.log_level,), _LEVELS)
    yield from _one_of("traces", (s.traces,), ("off", "otlp"))
    yield from _one_of("log_format", (s.log_format,), ("text", "json"))
    if not s.transports:
        yield "transports", "it is empty: name cookie, bearer, or both"
    if s.algorithm == "HS256" and s.status_list:
        yield "status_list", "others cannot verify it under HS256, which has no public half: take ES256"
    if s.algorithm == "HS256" and s.audience not in ("", s.issuer):
        yield (
            "algorithm",
            "HS256 has no public half, so nobody but the issuer can verify its tokens: take ES256, or leave "
            "audience empty",
        )


def _numbers(s: Settings) -> Faults:
    for name, (low, high) in _BOUNDS.items():
        value = getattr(s, name)
        if not low <= value <= high:
            yield name, f"{value:g} is out of bounds: choose from {low:g} to {high:g}"
    if s.status_list and not 10 <= s.status_list <= 3_600:
        yield "status_list", f"{s.status_list:g} is out of bounds: choose from 10 to 3600, or 0 for none"
    if s.canary and not 10 <= s.canary <= 86_400:
        yield "canary", f"{s.canary:g} is out of bounds: choose from 10 to 86400, or 0 for none"
    if s.idle_lifetime > s.absolute_lifetime:
        yield "idle_lifetime", "it is longer than absolute_lifetime: make it at most as long"
    if s.key_rotation <= s.jwks_max_age + s.access_lifetime + s.leeway:
        yield (
            "key_rotation",
            "a key must be published for longer: make this more than jwks_max_age, access_lifetime and "
            "leeway together",
        )


def _addresses(s: Settings) -> Faults:
    if not s.database:
        yield "database", "it is empty: name one, such as sqlite:///limen.db"
    yield from _origin("issuer", s.issuer, "https://app.example")
    for origin in s.origins:
        yield from _origin("origins", origin, "https://other.example")
    for host in s.hosts:
        if not _is_host(host):
            yield "hosts", f"{host!r} is no host: write app.example or app.example:8443, in lower case"
    if s.metrics_address and not _is_address(s.metrics_address):
        yield "metrics_address", f"{s.metrics_address!r} is no address and port: write 127.0.0.1:9464"
    for network in s.trusted_proxies:
        yield from _network("trusted_proxies", network)


def _identifiers(s: Settings) -> Faults:
    if not _PREFIX.match(s.prefix) or s.prefix.startswith("/.well-known"):
        yield "prefix", f"{s.prefix!r} is no path such as /auth: begin with a / and end without one"
    if s.pages and (not _PREFIX.match(s.pages) or s.pages.startswith("/.well-known")):
        yield (
            "pages",
            f"{s.pages!r} is no path such as /people: begin with a / and end without one, or leave it empty",
        )
    if s.pages == s.prefix:
        yield "pages", f"{s.pages} is where the API lies: give the pages a path of their own"
    if s.audience and not _WORD.match(s.audience):
        yield "audience", "it has a blank, a character outside ASCII, or more than 256: write a URL or a name"
    for scope in s.default_scopes:
        if not _SCOPE.match(scope):
            yield "default_scopes", f"{scope!r} has a character that scopes cannot have: write notes:read"
    if ADMIN_SCOPE in s.default_scopes:
        yield "default_scopes", f"{ADMIN_SCOPE} makes an administrator: give it to one account at a time"
    for name, client in (("client_id", s.client_id), *(("clients", client) for client in s.clients)):
        if not _CLIENT.match(client):
            yield name, f"{client!r} is no client id: letters, digits, `.`, `_` and `-`, at most 64"
    if len(set(s.clients)) < len(s.clients):
        yield "clients", "it names one twice: keep each once"


def _forwarding(s: Settings) -> Faults:
    yield from _one_of("forward_headers", s.forward_headers, FORWARDED)
    page = s.sign_in_page
    if page and not _PREFIX.match(page) and not _is_page(page):
        yield (
            "sign_in_page",
            f"{page!r} is neither a path such as /sign-in nor an address such as https://app.example/sign-in",
        )
    if not s.forward_audience:
        return
    if not _WORD.match(s.forward_audience):
        yield "forward_audience", "it has a blank or a character outside ASCII: write a URL or a name"
    if s.forward_audience in (s.issuer, s.audience):
        yield "forward_audience", "it is that of access tokens: name the applications behind the proxy"
    if s.algorithm == "HS256":
        yield "forward_audience", "nobody else can verify HS256: take ES256, or leave this empty"


def _is_page(url: str) -> bool:
    """A whole address without query and fragment: more is written behind it."""
    parts = urlsplit(url) if _WORD.match(url) and not set(url) & set("?#\\\"'<>") else urlsplit("")
    return (
        _is_host(parts.netloc)
        and parts.path.startswith("/")
        and (parts.scheme == "https" or is_loopback_http(url))
    )


def _mail(s: Settings) -> Faults:
    if mail_server.is_console(s.mail) and not s.development:
        yield "mail", "console: writes links that set passwords into the log: name a mail server"
    if s.mail and not mail_server.is_console(s.mail):
        try:
            mail_server.parse(s.mail)
        except ValueError as error:
            yield "mail", str(error)
        if not s.mail_from:
            yield "mail_from", "letters are from somebody: write App <no-reply@app.example>"
    if s.mail_from:
        try:
            mail_server.sender(s.mail_from)
        except ValueError as error:
            yield "mail_from", str(error)
    if s.email_verification == EmailVerification.REQUIRED and not s.mail:
        yield "email_verification", "no address can be proven without mail: set mail, or make this optional"


def _brand(s: Settings) -> Faults:
    if not 0 < len(s.brand_name) <= 60 or not s.brand_name.isprintable():
        yield "brand_name", "it is empty, has more than 60 characters, or one that cannot be printed"
    if not colours.is_colour(s.brand_color):
        yield "brand_color", f"{s.brand_color!r} is no colour: write #0b665b, in lower case"
    elif colours.contrast(s.brand_color, colours.PAPER_LIGHT) < colours.CONTRAST_MIN:
        near = colours.readable(s.brand_color, on=colours.PAPER_LIGHT)
        yield "brand_color", f"{s.brand_color} is too light to be read on paper: {near} can be"


def _one_of(name: str, values: Iterable[str], known: tuple[str, ...]) -> Faults:
    folded = {one.casefold(): str(one) for one in known}
    for value in values:
        if value not in known:
            near = difflib.get_close_matches(value.casefold(), folded, n=1)
            hint = f"did you mean {folded[near[0]]}?" if near else f"choose from {', '.join(folded.values())}"
            yield name, f"there is no {value!r}; {hint}"


def _origin(name: str, url: str, example: str) -> Faults:
    """An origin as browsers write it (RFC 6454 §6.2), since it is compared byte for byte."""
    scheme, _, rest = url.partition("://")
    if url in ("*", "null"):
        yield name, f"{url!r} would let every page in: name each origin, such as {example}"
    elif scheme not in _USUAL_PORT or not _is_host(rest):
        yield (
            name,
            f"{url!r} is no origin: write scheme, host, and port if it is not the usual one, in lower-case "
            f"ASCII and without a / at the end, such as {example}",
        )
    elif urlsplit(url).port == _USUAL_PORT[scheme]:
        yield name, f"browsers leave the port out of {url}: leave it out too"
    elif scheme == "http" and not is_loopback_http(url):
        yield (
            name,
            f"over {url} whoever sits on the way reads the credentials: write https, and let a proxy end "
            "TLS; http is for this very machine alone",
        )


def _is_host(text: str) -> bool:
    found = _HOST_PORT.match(text)
    if found is None or int(found[1] or 1) > 65_535:
        return False
    if text.startswith("["):
        return _is_canonical_ipv6(text[1 : text.index("]")])
    return ".." not in text


def _is_address(text: str) -> bool:
    host, _, port = text.rpartition(":")
    try:
        ipaddress.ip_address(host.removeprefix("[").removesuffix("]") if host.startswith("[") else host)
    except ValueError:
        return False
    return port.isascii() and port.isdigit() and len(port) <= 5 and 0 < int(port) < 65_536


def _is_canonical_ipv6(text: str) -> bool:
    try:
        return str(ipaddress.IPv6Address(text)) == text
    except ValueError:
        return False


def _network(name: str, text: str) -> Faults:
    if text == "unix":
        return
    try:
        network = ipaddress.ip_network(text)
    except ValueError as error:
        yield name, f"{error}: write 10.0.0.0/8 for a network, 10.1.2.3 for one proxy, or unix"
        return
    if network.prefixlen == 0:
        yield name, f"{text} would believe everybody: name the networks of your proxies"
