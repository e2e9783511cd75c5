"""Which credential a request carries, and whether a page of ours made a browser send it.

Everything here reads the raw headers of an ASGI scope: pairs of bytes, names in lower case. Nothing reads the
URL, so a credential there is no credential.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import NamedTuple, Self
from urllib.parse import urlsplit

from limen import cookies
from limen.errors import Denied, Rejected
from limen.settings import Settings, Transport

Headers = Iterable[tuple[bytes, bytes]]

COOKIES_MAX = 16_384
"""Bytes of all `Cookie` headers of a request. Servers stop between 8 and 64 KiB."""
_BEARER, _COOKIE = Transport.BEARER, Transport.COOKIE
_OURS = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_."
"""Of what our credentials are made: base64url and the dots of a token."""
_B64TOKEN = b"~+/="
"""What a bearer token may hold besides (RFC 6750 §2.1); such a one is somebody else's."""
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_OWN_SITE = frozenset({b"same-origin", b"none"})
_FROM_ELSEWHERE = (
    "this was sent from another site: pages may send from the issuer's origin, and from those in `origins`"
)
_FROM_NOWHERE = (
    "cookies are for pages, which say where they come from (Origin): a program asks for the transport bearer"
)


@dataclass(frozen=True, slots=True)
class CookieNames:
    """What our cookies are called. The `__Host-` ones no other host, path or clear-text answer can set.

    `__Host-Http-`, which no script could set either, is the next step, once all browsers know it (S11).
    """

    sid: str = "__Host-sid"
    token: str = "__Host-token"  # noqa: S105 - the name of a cookie
    refresh: str = "__Secure-refresh"
    """Not `__Host-`: it is sent to the refresh route alone, and that prefix asks for the path /."""
    device: str = "__Host-device"
    refreshes: str = "__Host-refreshes"
    """The id of the session that `refresh` belongs to. A neighbouring host can plant a `refresh` of its own
    account, since that name is no `__Host-`; it cannot plant this."""
    half: str = "__Host-half"
    """A sign-in that is not finished. It identifies nobody."""
    starts: tuple[bytes, bytes] = field(init=False, repr=False, compare=False)
    """How the pairs of the two that identify a request begin."""
    clears: tuple[bytes, bytes] = field(init=False, repr=False, compare=False)
    """The `Set-Cookie` values that take both away."""

    def __post_init__(self) -> None:
        both, secure = (self.sid, self.token), self.sid.startswith("__")
        clears = tuple(cookies.clear_cookie(name, path="/", secure=secure) for name in both)
        object.__setattr__(self, "starts", tuple(f"{name}=".encode() for name in both))
        object.__setattr__(self, "clears", clears)

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Without prefixes in development: browsers refuse these over http, WebKit on loopback too.

        There every port of the machine gets the same cookies, so a plain `token` could be anybody's.
        """
        if settings.development:
            names = ("sid", "token", "refresh", "device", "refreshes", "half")
            return cls(*(f"limen-{name}" for name in names))
        return cls()


class Found(NamedTuple):
    """The one credential of a request and how it travelled."""

    credential: str
    transport: Transport

    def __repr__(self) -> str:
        return f"Found({self.transport})"


def glance(
    headers: Headers, names: CookieNames, transports: Collection[Transport]
) -> tuple[bytes, Transport] | None:
    """What may be the one credential of a plain request, looked at as little as can be.

    Good for one thing: to ask whether these very bytes were verified before. Whatever is out of the ordinary
    is None here, and `find_credential` has the say.
    """
    authorization = cookie = None
    for name, value in headers:
        if name == b"authorization":
            if authorization is not None:
                return None
            authorization = value
        elif name == b"cookie":
            if cookie is not None:
                return None
            cookie = value
    if cookie is None:
        if authorization is None or authorization[:7] != b"Bearer " or _BEARER not in transports:
            return None
        return authorization[7:], _BEARER
    return None if authorization is not None else _glanced(cookie, names, transports)


def _glanced(
    cookie: bytes, names: CookieNames, transports: Collection[Transport]
) -> tuple[bytes, Transport] | None:
    if _COOKIE not in transports or len(cookie) > COOKIES_MAX:
        return None
    sid, token = names.starts
    try:
        found, other = cookies.value_of(cookie, sid), cookies.value_of(cookie, token)
    except cookies.Twice:
        return None
    if found and other:
        return None
    return (found or other or b""), _COOKIE


def find_credential(headers: Headers, names: CookieNames, transports: Collection[Transport]) -> Found | None:
    """The one credential among the headers; None if there is none. Transports not named are not looked at.

    Rejected(400) for two of anything, whichever would work: who put the second one there is unknown. After
    two cookies the answer clears both, for the browser would send them again for ever. Denied for one that
    cannot be of our making. Other schemes of `Authorization` than Bearer are not ours to judge.
    """
    authorization = cookie = None
    for name, value in headers:
        if name == b"authorization":
            if authorization is not None:
                raise _ambiguous("two_authorizations")
            authorization = value
        elif name == b"cookie":
            cookie = value if cookie is None else _joined(cookie, value)
    bearer = None if authorization is None or _BEARER not in transports else _bearer(authorization)
    kept = None if cookie is None or _COOKIE not in transports else _kept(cookie, names)
    if kept is None:
        return None if bearer is None else Found(bearer, _BEARER)
    if bearer is not None:
        raise _ambiguous("cookie_and_bearer")
    return Found(kept, _COOKIE)


def find_cookie(headers: Headers, name: str) -> str | None:
    """The value of one cookie; None if it is not there, is empty, or holds what none of ours does.

    Rejected(400) where two have the name.
    """
    cookie = None
    for key, value in headers:
        if key == b"cookie":
            cookie = value if cookie is None else _joined(cookie, value)
    if cookie is None:
        return None
    try:
        found = cookies.value_of(_sized(cookie), f"{name}=".encode())
    except cookies.Twice:
        raise _ambiguous("two_cookies") from None
    return None if not found or found.translate(None, _OURS) else found.decode("ascii")


def check_forgery(method: str, headers: Headers, origins: Collection[str]) -> None:
    """Denied(403) unless a page of an origin of ours made this request, or the method changes nothing.

    For every request whose credential the browser adds by itself, and for every answer that sets cookies: a
    sign-in that another site forges would put its account under this browser's hands. Fetch Metadata is asked
    first, then `Origin`, exactly; a request that says neither is refused. `WEBSOCKET` stands for a handshake,
    which is a GET that no same-origin policy keeps in: its `Origin` alone counts.
    """
    if method in _SAFE:
        return
    site = origin = None
    for name, value in headers:
        if name == b"sec-fetch-site":
            site = value if site is None else b"twice"
        elif name == b"origin":
            origin = value if origin is None else b"twice"
    # Browsers write `Origin: null` into the forms of a page whose referrer policy is no-referrer, as ours is.
    # No script can write Sec-Fetch-Site, so where it says same-origin nothing else is asked.
    if site in _OWN_SITE and method != "WEBSOCKET":
        return
    if origin is None or origin.decode("latin-1") not in origins:
        foreign = origin is not None or site is not None
        raise Denied(
            _FROM_ELSEWHERE if foreign else _FROM_NOWHERE,
            code="cross_site",
            reason="origin_missing" if origin is None else "origin_foreign",
            forbidden=True,
        )


def is_activity(headers: Headers) -> bool:
    """Whether a person is behind this; `Limen-Activity: none` marks what a page does by itself."""
    return all(name != b"limen-activity" or value != b"none" for name, value in headers)


def origins_of(settings: Settings) -> frozenset[str]:
    """The origins whose pages may send cookies: the issuer's and those of `origins`; in development every
    loopback name of the issuer's port, since a person types any of them."""
    parts = urlsplit(settings.issuer)
    found = {f"{parts.scheme}://{parts.netloc}", *settings.origins}
    if settings.development:
        port = "" if parts.port is None else f":{parts.port}"
        found |= {f"http://{host}{port}" for host in ("localhost", "127.0.0.1", "[::1]")}
    return frozenset(found)


def _bearer(authorization: bytes) -> str | None:
    """The token of `Bearer token`; None for another scheme. The scheme has no case (RFC 9110 §11.1)."""
    scheme = authorization[:7]
    if scheme != b"Bearer " and scheme.lower() != b"bearer ":
        if authorization[:6].lower() == b"bearer" and not authorization[6:7].isalnum():
            raise _malformed()
        return None
    token = authorization[7:]
    strange = token.translate(None, _OURS)
    if not token or strange.translate(None, _B64TOKEN):
        raise _malformed()
    if strange:
        raise _foreign()
    return token.decode("ascii")


def _kept(cookie: bytes, names: CookieNames) -> str | None:
    """The one credential in cookies; None if there is none. An empty one is none (S03)."""
    sid, token = names.starts
    try:
        found = cookies.value_of(_sized(cookie), sid)
        other = cookies.value_of(cookie, token)
    except cookies.Twice:
        raise _ambiguous("two_cookies", names.clears) from None
    if found and other:
        raise _ambiguous("two_kinds_of_cookie", names.clears)
    credential = found or other
    if not credential:
        return None
    if credential.translate(None, _OURS):
        raise _foreign()
    return credential.decode("ascii")


def _joined(cookie: bytes, more: bytes) -> bytes:
    """Two `Cookie` headers as one, which is how HTTP/2 may split them (RFC 9113 §8.2.3)."""
    return b"%b; %b" % (_sized(cookie), more)


def _sized(cookie: bytes) -> bytes:
    if len(cookie) > COOKIES_MAX:
        raise Rejected("the cookies are larger than is read here", code="cookies_too_large", status=431)
    return cookie


def _ambiguous(reason: str, clears: tuple[bytes, ...] = ()) -> Rejected:
    return Rejected(
        "more than one credential came at once", code="credential_ambiguous", reason=reason, clears=clears
    )


def _malformed() -> Rejected:
    return Rejected("Authorization is not `Bearer`, one space and one token", code="credential_malformed")


def _foreign() -> Denied:
    return Denied("this is no credential of ours", code="credential_invalid", reason="credential_alphabet")
