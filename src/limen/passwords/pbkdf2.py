"""PBKDF2 (RFC 8018) as Django, passlib and Werkzeug write it. Read only; new hashes are never PBKDF2."""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import dataclass

from limen.passwords.stored import Format, Limits, UnusableHash, decode_base64

_SIZES = {"sha1": 20, "sha256": 32, "sha512": 64}
_ENOUGH = {"sha1": 1_300_000, "sha256": 600_000, "sha512": 210_000}
"""Iterations by OWASP's Password Storage sheet."""
_COUNT = "([1-9][0-9]{0,9})"
_SALT = "([!-#%-~]{1,128})"
_DJANGO = re.compile(rf"pbkdf2_(sha1|sha256)\${_COUNT}\${_SALT}\$([A-Za-z0-9+/=]+)")
_WERKZEUG = re.compile(rf"pbkdf2:(sha1|sha256|sha512):{_COUNT}\${_SALT}\$([0-9a-f]+)")
_PASSLIB = re.compile(rf"\$pbkdf2(-sha256|-sha512|)\${_COUNT}\$([A-Za-z0-9./]{{1,128}})\$([A-Za-z0-9./]+)")


@dataclass(frozen=True, slots=True)
class PBKDF2Hash:
    """A stored PBKDF2 hash. The digest is just as long as one of its hash function."""

    format: Format
    function: str
    iterations: int
    salt: bytes
    digest: bytes

    def check(self, limits: Limits) -> None:
        limits.pbkdf2(self.iterations)

    def matches(self, secret: bytes) -> bool:
        made = hashlib.pbkdf2_hmac(self.function, secret, self.salt, self.iterations)
        return hmac.compare_digest(made, self.digest)

    def parameters(self) -> dict[str, int | str]:
        return {"function": self.function, "iterations": self.iterations}

    def weakness(self) -> str | None:
        enough = _ENOUGH[self.function]
        return None if self.iterations >= enough else f"its iterations are below {enough:,}"


def read(text: str) -> PBKDF2Hash | None:
    """A PBKDF2 hash; None for anything else, UnusableHash if it is broken."""
    if text.startswith("pbkdf2_"):
        return _made(Format.PBKDF2_DJANGO, _DJANGO.fullmatch(text))
    if text.startswith("pbkdf2:"):
        return _made(Format.PBKDF2_WERKZEUG, _WERKZEUG.fullmatch(text))
    if text.startswith("$pbkdf2"):
        return _made(Format.PBKDF2_PASSLIB, _PASSLIB.fullmatch(text))
    return None


def _made(form: Format, found: re.Match[str] | None) -> PBKDF2Hash:
    if found is None:
        raise UnusableHash("not a well-formed PBKDF2 hash of a kind that is read here")
    function, count, salt, digest = found.groups()
    function = function.lstrip("-") or "sha1"
    if form is Format.PBKDF2_PASSLIB:
        raw_salt, raw = (decode_base64(part.replace(".", "+")) for part in (salt, digest))
    else:
        raw_salt = salt.encode()
        raw = _hex(digest) if form is Format.PBKDF2_WERKZEUG else decode_base64(digest, padded=True)
    if len(raw) != _SIZES[function]:
        raise UnusableHash(f"its digest is not as long as one of {function}")
    return PBKDF2Hash(form, function, int(count), raw_salt, raw)


def _hex(digest: str) -> bytes:
    if len(digest) % 2:
        raise UnusableHash("its digest is not hexadecimal")
    return bytes.fromhex(digest)
