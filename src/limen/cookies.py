"""Cookies, strictly: what a browser sends, and what we set.

A pair begins at the start of a `Cookie` header or after a semicolon and exactly one space, as RFC 6265 §4.2.1
has browsers send it, and its name is compared byte for byte. Nothing is trimmed, unquoted or decoded: each of
these has made another name or value out of what a neighbouring host had planted. Frameworks strip U+00A0,
read `$Version`, split at commas, and turn `\145` in quotes into `e`.
"""

from __future__ import annotations

import re

from limen.errors import Misconfigured

SET_COOKIE_MAX = 4_096
"""Bytes of a cookie that every browser keeps (RFC 6265 §6.1)."""
AGE_MAX = 400 * 86_400
"""Seconds after which a browser forgets whatever was asked for (RFC 6265bis §5.5)."""
_NAME = re.compile(r"[A-Za-z0-9_-]+\Z", re.ASCII)
_VALUE = re.compile(r"[A-Za-z0-9_.~-]*\Z", re.ASCII)
_PATH = re.compile(r"/[A-Za-z0-9_.~/-]*\Z", re.ASCII)


class Twice(ValueError):
    """Two cookies of one name: which of them is ours, nobody can tell."""


def value_of(header: bytes, start: bytes) -> bytes | None:
    """The value of the pair of a `Cookie` header that begins with `start` (a name and `=`); Twice if two do.

    Nothing is allocated but what is found, however many other pairs there are.
    """
    found = None
    at = header.find(start)
    while at >= 0:
        after = at + len(start)
        if at == 0 or header[at - 2 : at] == b"; ":
            if found is not None:
                raise Twice
            end = header.find(b";", after)
            found = header[after:] if end < 0 else header[after:end]
        at = header.find(start, after)
    return found


def set_cookie(name: str, value: str, *, max_age: int, path: str, secure: bool) -> bytes:
    """The value of a `Set-Cookie` header: HttpOnly, SameSite=Lax, never a Domain.

    Misconfigured for what a browser would refuse or keep in another way than it says: a prefix without what
    the prefix promises, more than 4,096 bytes, a character that ends the value or the header.
    """
    _check(name, value, path, secure)
    age = min(max(max_age, 0), AGE_MAX)
    text = f"{name}={value}; Path={path}; Max-Age={age}; HttpOnly; SameSite=Lax"
    written = (text + "; Secure" if secure else text).encode()
    if len(written) > SET_COOKIE_MAX:
        raise Misconfigured(
            f"the cookie {name} has {len(written):,} bytes, and browsers keep {SET_COOKIE_MAX:,}; "
            "hand out fewer scopes, or use the strategy session, whose cookie never grows",
            code="cookie_too_large",
        )
    return written


def clear_cookie(name: str, *, path: str, secure: bool) -> bytes:
    """The value of a `Set-Cookie` header that takes a cookie away; path and prefix as when it was set."""
    return set_cookie(name, "", max_age=0, path=path, secure=secure)


def _check(name: str, value: str, path: str, secure: bool) -> None:
    if not _NAME.match(name) or not _VALUE.match(value) or not _PATH.match(path):
        raise Misconfigured(f"the cookie {name!r} has a character that a cookie of ours cannot have")
    if name.startswith("__") and not secure:
        raise Misconfigured(f"browsers drop {name} without Secure")
    if name.startswith("__Host-") and path != "/":
        raise Misconfigured(f"browsers drop {name} with another path than /")
