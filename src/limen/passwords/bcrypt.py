"""bcrypt, which reads 72 bytes and no more: new hashes are made of a digest, old ones read as they were made.

`$2x$` is refused: it marks hashes by a version that mangled bytes over 127, and the bcrypt library that we
stand on computes it as if it had not. A `$2a$` hash means here what `$2b$` means.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from dataclasses import dataclass
from enum import Enum
from typing import assert_never

import bcrypt

from limen.errors import Misconfigured
from limen.ids import Entropy
from limen.passwords.stored import Format, Limits, Stored, UnusableHash

MIN_COST = 12
READ_BYTES = 72
_TO_BCRYPT = bytes.maketrans(
    b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/",
    b"./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789",
)
_TEXT = "[./A-Za-z0-9]"
_CRYPT = re.compile(rf"\$2([abxy])\$([0-9]{{2}})\$({_TEXT}{{22}})({_TEXT}{{31}})")
_KEYED = re.compile(
    rf"\$bcrypt-sha256\$v=2,t=2b,r=([1-9][0-9]?)\$({_TEXT}{{22}})\$({_TEXT}{{31}})",
)
_UNKEYED = re.compile(rf"\$bcrypt-sha256\$2[ab],([1-9][0-9]?)\$({_TEXT}{{22}})\$({_TEXT}{{31}})")


class Input(Enum):
    """What was given to bcrypt."""

    PASSWORD = "the first 72 bytes of the password"  # noqa: S105 - a description
    HMAC = "HMAC-SHA-256 under the salt, in base64"
    SHA256_BASE64 = "SHA-256 in base64"
    SHA256_HEX = "SHA-256 in hexadecimal"


@dataclass(frozen=True, slots=True)
class BcryptHash:
    """A stored bcrypt hash. Salt and digest are in bcrypt's own base64."""

    input: Input
    cost: int
    salt: str
    digest: str

    @property
    def format(self) -> Format:
        return Format.BCRYPT if self.input is Input.PASSWORD else Format.BCRYPT_SHA256

    def check(self, limits: Limits) -> None:
        limits.bcrypt(self.cost)

    def matches(self, secret: bytes) -> bool:
        return hmac.compare_digest(self.derive(secret), self.digest)

    def derive(self, secret: bytes) -> str:
        """The digest for these bytes."""
        setting = f"$2b${self.cost:02}${self.salt}"
        return bcrypt.hashpw(self._prepare(secret), setting.encode())[-31:].decode()

    def _prepare(self, secret: bytes) -> bytes:
        match self.input:
            case Input.PASSWORD:
                return secret[:READ_BYTES]
            case Input.HMAC:
                return base64.b64encode(hmac.digest(self.salt.encode(), secret, "sha256"))
            case Input.SHA256_BASE64:
                return base64.b64encode(hashlib.sha256(secret).digest())
            case Input.SHA256_HEX:
                return hashlib.sha256(secret).hexdigest().encode()
        assert_never(self.input)

    def parameters(self) -> dict[str, int | str]:
        return {"cost": self.cost, "input": self.input.value}

    def weakness(self) -> str | None:
        if self.input is Input.PASSWORD:
            return "what follows the first 72 bytes of the password counts for nothing"
        if self.input is not Input.HMAC:
            return "its digest has no key: a leaked SHA-256 of the password can be tried against it"
        return None if self.cost >= MIN_COST else f"its cost is below {MIN_COST}"


def read(text: str) -> BcryptHash | None:
    """A bcrypt hash, plain or of a digest; None for anything else, UnusableHash if it is broken."""
    if text.startswith("$bcrypt-sha256$"):
        return _passlib(text)
    if text.startswith("bcrypt_sha256$"):
        return _crypt(text.removeprefix("bcrypt_sha256$"), Input.SHA256_HEX)
    text = text.removeprefix("bcrypt$")  # Django's name for it
    return _crypt(text, Input.PASSWORD) if text.startswith("$2") else None


def _crypt(text: str, given: Input) -> BcryptHash:
    found = _CRYPT.fullmatch(text)
    if found is None:
        raise UnusableHash("not a well-formed bcrypt hash")
    minor, cost, salt, digest = found.groups()
    if minor == "x":
        raise UnusableHash("$2x$ hashes cannot be verified: their maker mangled bytes over 127")
    return _made(given, int(cost), salt, digest)


def _passlib(text: str) -> BcryptHash:
    for form, given in ((_KEYED, Input.HMAC), (_UNKEYED, Input.SHA256_BASE64)):
        if (found := form.fullmatch(text)) is not None:
            cost, salt, digest = found.groups()
            return _made(given, int(cost), salt, digest)
    raise UnusableHash("not a well-formed bcrypt-sha256 hash")


def _made(given: Input, cost: int, salt: str, digest: str) -> BcryptHash:
    if not 4 <= cost <= 31:
        raise UnusableHash("bcrypt's cost goes from 4 to 31")
    return BcryptHash(given, cost, salt, digest)


@dataclass(frozen=True, slots=True, kw_only=True)
class BcryptParameters:
    """bcrypt of an HMAC with any cost that bcrypt itself allows. Use `Bcrypt`, which asks for enough."""

    cost: int

    @property
    def format(self) -> Format:
        return Format.BCRYPT_SHA256

    def fits(self, limits: Limits) -> None:
        limits.bcrypt(self.cost)

    def hash(self, secret: bytes, entropy: Entropy) -> str:
        salt = base64.b64encode(entropy(16))[:22].translate(_TO_BCRYPT).decode()
        digest = BcryptHash(Input.HMAC, self.cost, salt, "").derive(secret)
        return f"$bcrypt-sha256$v=2,t=2b,r={self.cost}${salt}${digest}"

    def is_current(self, stored: Stored) -> bool:
        return isinstance(stored, BcryptHash) and stored.input is Input.HMAC and stored.cost == self.cost


@dataclass(frozen=True, slots=True, kw_only=True)
class Bcrypt(BcryptParameters):
    """bcrypt of an HMAC, checked when made: Misconfigured below a cost of 12."""

    cost: int = MIN_COST

    def __post_init__(self) -> None:
        if not MIN_COST <= self.cost <= 31:
            raise Misconfigured(f"bcrypt_cost must be from {MIN_COST} to 31")
