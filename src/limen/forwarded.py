"""What a proxy tells an application about a caller: header values, and a token that says the same.

Header values are UTF-8, percent-encoded (RFC 3986 §2.1) wherever a character is not printable ASCII or is the
percent sign itself: they hold no line end, no byte that two programs read in two ways, and a plain address or
name stays as it is. Whoever reads one decodes it once.

The token is none of ours to accept. Its `typ` is its own, and so must its audience be, so it opens nothing
here; it proves to an application, by our published keys, that we said this and when.
"""

from __future__ import annotations

import string
from collections.abc import Iterable
from urllib.parse import quote

import msgspec

from limen.clock import Instant, Seconds
from limen.jose import jws
from limen.jose.jwk import SigningKey

FORWARDED = "limen-forwarded+jwt"
"""The `typ` of the token. RFC 8725 §3.11: no verifier of another kind of token takes it for one."""
LIFETIME: Seconds = 60
"""From the question to the application. It is made anew for each request."""
_PRINTABLE = string.digits + string.ascii_letters + string.punctuation
_TEXT = _PRINTABLE.replace("%", "") + " "
_MEMBER = _PRINTABLE.replace("%", "").replace(",", "")


class Forwarded(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Who is asking, as an application hears it."""

    iss: str
    """Who says so: the setting `issuer`."""
    sub: str
    """The id of the account."""
    aud: str
    """Whom it is for: the setting `forward_audience`."""
    exp: int
    """When it ends: a minute later, and never after the credential that it stands for."""
    iat: int
    """When the gateway asked."""
    sid: str
    """The session."""
    auth_time: int
    """When a person last proved who they are."""
    amr: tuple[str, ...]
    """How (RFC 8176)."""
    strategy: str
    """`session`, `jwt` or `hybrid`."""
    scope: str = ""
    """What the credential allows, with blanks between; nothing is written where it allows nothing."""
    email: str = ""
    """The address of the account, where `forward_headers` has it."""
    name: str = ""
    """What its owner is called, where `forward_headers` has it."""


def token(said: Forwarded, key: SigningKey) -> str:
    """`said`, signed."""
    return jws.sign(msgspec.json.encode(said), key, typ=FORWARDED)


def end(*, now: Instant, ends: Instant) -> int:
    """The `exp` of a token made now: never later than the credential ends that it stands for."""
    return int(min(now + LIFETIME, ends))


def text(value: str) -> bytes:
    """A value as a header holds it."""
    return quote(value.strip(" "), safe=_TEXT).encode("ascii")


def members(values: Iterable[str]) -> bytes:
    """Values with commas between, sorted. A comma within one is encoded, so that no value looks like two."""
    return ",".join(quote(value, safe=_MEMBER) for value in sorted(values)).encode("ascii")
