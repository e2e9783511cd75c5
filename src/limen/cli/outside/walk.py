"""The walk around a deployment: every question in its order, within a minute and some thirty requests."""

from __future__ import annotations

import asyncio
import re
import socket
import threading
from dataclasses import dataclass, field, replace
from urllib.parse import urlsplit

from limen.cli.outside.encryption import believing, encryption, unbelieving
from limen.cli.outside.wire import PATIENCE, Place, ask
from limen.clock import Seconds, SystemClock
from limen.doctor.outside.questions import Question, in_clear, questions, with_credential
from limen.doctor.outside.seen import Encryption, Heard, Outside, Reply, Silence
from limen.errors import Rejected
from limen.settings import is_loopback_http

ALL: Seconds = 60.0
"""For the whole walk."""
_PREFIX = re.compile(r"(?:/[A-Za-z0-9._~-]+)+\Z", re.ASCII)
_CREDENTIAL = re.compile(r"[A-Za-z0-9._-]{1,8192}\Z", re.ASCII)
_SILENCES = 3
"""After so many in a row nobody is asked further."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is to be looked at, and how."""

    url: str
    prefix: str = "/auth"
    ca: str | None = None
    http_port: int | None = None
    behind: str = ""
    public_probes: bool = False
    credential: str | None = field(default=None, repr=False)
    patience: Seconds = PATIENCE
    """For each question."""


def look(wanted: Wanted) -> Outside:
    """What is seen. Rejected where the address is none that could be looked at."""
    origin, place = _placed(wanted)
    found = _addresses(place.host, wanted.patience)
    if isinstance(found, Silence):
        return Outside(url=origin, now=SystemClock().now(), heard={"plain": found})
    return asyncio.run(_looked(wanted, origin, replace(place, addresses=found)))


def _addresses(host: str, patience: Seconds) -> tuple[str, ...] | Silence:
    """Where this name leads. Asked in a thread that nobody waits for: a resolver may hang for minutes."""
    found: list[tuple[str, ...] | Silence] = [Silence(f"its name was not found within {patience:g} s")]

    def resolve() -> None:
        try:
            told = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
            found.append(tuple(dict.fromkeys(str(one[4][0]) for one in told)))
        except (OSError, UnicodeError) as error:
            found.append(Silence(getattr(error, "strerror", None) or "its name cannot be found"))

    thread = threading.Thread(target=resolve, daemon=True)
    thread.start()
    thread.join(patience)
    return found[-1]


def _placed(wanted: Wanted) -> tuple[str, Place]:
    """The origin, and where it is."""
    try:
        parts = urlsplit(wanted.url)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise _no_address(wanted.url) from error
    plain = parts.path in ("", "/") and not (parts.query or parts.fragment or "@" in parts.netloc)
    if parts.scheme not in ("https", "http") or not host or not plain or not parts.netloc.isascii():
        raise _no_address(wanted.url)
    if any(c <= " " or c == "\x7f" for c in parts.netloc):
        raise _no_address(wanted.url)
    _check(wanted)
    usual = 443 if parts.scheme == "https" else 80
    name = f"[{host}]" if ":" in host else host  # `hostname` is in lower case
    authority = name if port in (None, usual) else f"{name}:{port}"  # as browsers write an origin
    tls = believing(wanted.ca) if parts.scheme == "https" else None
    return f"{parts.scheme}://{authority}", Place(host, port or usual, authority, tls)


def _check(wanted: Wanted) -> None:
    """Nothing that is written into a request may end a line of it."""
    if not _PREFIX.match(wanted.prefix):
        raise Rejected("the prefix is no path such as /auth", code="input_unreadable", status=422)
    if wanted.credential is not None and not _CREDENTIAL.match(wanted.credential):
        raise Rejected("this is no credential of Limen's", code="input_unreadable", status=422)


def _no_address(url: str) -> Rejected:
    said = url if "@" not in url else "this"
    return Rejected(
        f"{said} is no address of a server: write https://auth.example", code="input_unreadable", status=422
    )


async def _looked(wanted: Wanted, origin: str, place: Place) -> Outside:
    heard: dict[str, Heard] = {}
    encrypted: Encryption | None = None
    try:
        async with asyncio.timeout(ALL):
            encrypted = await encryption(place, patience=wanted.patience) if place.tls is not None else None
            if encrypted is not None and encrypted.untrusted:
                place = replace(place, tls=unbelieving())
            await _walked(wanted, origin, place, heard)
            if wanted.credential is not None and _private(origin, encrypted):
                question = with_credential(wanted.prefix, wanted.credential)
                heard["signed_in"] = await ask(place, question, patience=wanted.patience)
    except TimeoutError:
        heard.setdefault("plain", Silence(f"no answer within {ALL:g} s"))
        heard["end"] = Silence(f"the walk was ended after {ALL:g} s")
    return Outside(
        url=origin,
        now=SystemClock().now(),
        heard=heard,
        encryption=encrypted,
        behind=wanted.behind,
        public_probes=wanted.public_probes,
    )


def _private(origin: str, encrypted: Encryption | None) -> bool:
    """Whether a credential may go there: over TLS that is believed, or within this machine."""
    if encrypted is None:
        return is_loopback_http(origin)
    return not encrypted.untrusted


async def _walked(wanted: Wanted, origin: str, place: Place, heard: dict[str, Heard]) -> None:
    silent = 0
    for question in _all(wanted, origin, place):
        at = _clear(wanted, place) if question.clear else place
        found = heard[question.name] = await ask(at, question, patience=wanted.patience)
        if question.name == "plain" and not isinstance(found, Reply):
            return
        silent = 0 if isinstance(found, Reply) or question.clear else silent + 1
        if silent == _SILENCES:
            return
        tag = found.header("etag") if question.name == "keys" and isinstance(found, Reply) else None
        if tag and tag.isascii() and tag.isprintable():
            again = replace(question, headers=(("If-None-Match", tag),))
            heard["keys_again"] = await ask(place, again, patience=wanted.patience)


def _all(wanted: Wanted, origin: str, place: Place) -> list[Question]:
    usual = place.port == 443 or wanted.http_port is not None
    clear = in_clear(wanted.prefix) if place.tls is not None and usual else ()
    return [*questions(origin, wanted.prefix), *clear]


def _clear(wanted: Wanted, place: Place) -> Place:
    """The same host where it answers plain http."""
    port = wanted.http_port or 80
    name = f"[{place.host}]" if ":" in place.host else place.host
    return Place(place.host, port, name if port == 80 else f"{name}:{port}", None, place.addresses)
