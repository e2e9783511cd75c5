"""scrypt (RFC 7914) as Better Auth, Django, passlib and Werkzeug write it. Read only."""

from __future__ import annotations

import hashlib
import hmac
import re
import unicodedata
from dataclasses import dataclass

from limen.passwords.stored import Format, Limits, UnusableHash, decode_base64

_ENOUGH = ((1 << 17, 1), (1 << 16, 2), (1 << 15, 3), (1 << 14, 5), (1 << 13, 10))
"""N and p at r = 8 by OWASP's Password Storage sheet."""
_COUNT = "([1-9][0-9]{0,9})"
_SALT = "([!-#%-~]{1,128})"
_BETTER_AUTH = re.compile("([0-9a-f]{32}):([0-9a-f]{128})")
_DJANGO = re.compile(rf"scrypt\${_COUNT}\${_SALT}\${_COUNT}\${_COUNT}\$([A-Za-z0-9+/]{{86}}==)")
_WERKZEUG = re.compile(rf"scrypt:{_COUNT}:{_COUNT}:{_COUNT}\${_SALT}\$([0-9a-f]{{128}})")
_PASSLIB = re.compile(
    rf"\$scrypt\$ln=([1-9][0-9]?),r={_COUNT},p={_COUNT}\$([A-Za-z0-9+/]{{1,128}})\$([A-Za-z0-9+/]{{43}})"
)


@dataclass(frozen=True, slots=True)
class ScryptHash:
    """A stored scrypt hash."""

    format: Format
    n: int
    r: int
    p: int
    salt: bytes
    digest: bytes

    def check(self, limits: Limits) -> None:
        limits.scrypt(self.n, self.r, self.p)

    def matches(self, secret: bytes) -> bool:
        if self.format is Format.SCRYPT_BETTER_AUTH:
            secret = unicodedata.normalize("NFKC", secret.decode()).encode()  # as its maker does
        return hmac.compare_digest(self._derive(secret), self.digest)

    def _derive(self, secret: bytes) -> bytes:
        return derive(secret, self.salt, n=self.n, r=self.r, p=self.p, size=len(self.digest))

    def parameters(self) -> dict[str, int | str]:
        return {"n": self.n, "r": self.r, "p": self.p}

    def weakness(self) -> str | None:
        return too_weak(self.n, self.r, self.p)


def derive(secret: bytes, salt: bytes, *, n: int, r: int, p: int, size: int) -> bytes:
    """scrypt itself. OpenSSL wants to be told how much memory it may take."""
    room = 128 * r * (n + p + 2) + (1 << 16)
    return hashlib.scrypt(secret, salt=salt, n=n, r=r, p=p, maxmem=room, dklen=size)


def too_weak(n: int, r: int, p: int) -> str | None:
    """What OWASP would say against these parameters, None if nothing."""
    if any(n >= enough and r >= 8 and p >= times for enough, times in _ENOUGH):
        return None
    return "its N, r and p are below what OWASP asks for"


def checked(n: int, r: int, p: int) -> tuple[int, int, int]:
    """Parameters that scrypt itself allows (RFC 7914 §2), else UnusableHash."""
    if n < 2 or n & (n - 1) or r * p >= 1 << 30:
        raise UnusableHash("scrypt needs a power of two as N, and r × p below 2^30")
    return n, r, p


def read(text: str) -> ScryptHash | None:
    """A scrypt hash; None for anything else, UnusableHash if it is broken."""
    if text.startswith("scrypt:"):
        n, r, p, salt, digest = _parts(_WERKZEUG, text)
        return _made(Format.SCRYPT_WERKZEUG, n, r, p, salt.encode(), bytes.fromhex(digest))
    if text.startswith("scrypt$"):
        n, salt, r, p, digest = _parts(_DJANGO, text)
        return _made(Format.SCRYPT_DJANGO, n, r, p, salt.encode(), decode_base64(digest, padded=True))
    if text.startswith("$scrypt$"):
        ln, r, p, salt, digest = _parts(_PASSLIB, text)
        n = str(1 << int(ln))
        return _made(Format.SCRYPT_PASSLIB, n, r, p, decode_base64(salt), decode_base64(digest))
    if (found := _BETTER_AUTH.fullmatch(text)) is not None:
        salt, digest = found.groups()  # the salt is its hexadecimal text and not the bytes behind it
        return _made(Format.SCRYPT_BETTER_AUTH, "16384", "16", "1", salt.encode(), bytes.fromhex(digest))
    return None


def _parts(form: re.Pattern[str], text: str) -> tuple[str, ...]:
    found = form.fullmatch(text)
    if found is None:
        raise UnusableHash("not a well-formed scrypt hash of a kind that is read here")
    return found.groups()


def _made(form: Format, n: str, r: str, p: str, salt: bytes, digest: bytes) -> ScryptHash:
    return ScryptHash(form, *checked(int(n), int(r), int(p)), salt, digest)
