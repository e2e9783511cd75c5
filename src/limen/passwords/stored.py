"""A stored hash that was read: what made it, what it costs, and whether a password is the one.

Reading has three answers: `None` is "not of my format", `UnusableHash` is "mine, but it cannot be verified",
and everything else is safe to hash with once its `check` has passed.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from limen.ids import Entropy


class UnusableHash(Exception):
    """A stored hash that cannot be verified: malformed, hostile, or of a kind that is not accepted.

    Its message says why and never repeats the hash. Whoever signs somebody in treats it as a mismatch and
    logs it; it is the operator's matter and not the client's.
    """


class Format(StrEnum):
    """How a stored hash is written. `Hasher(accept=…)` names those that are verified."""

    ARGON2 = "argon2"
    """argon2id, argon2i and argon2d as the reference writes them; also with Django's prefix `argon2`."""
    BCRYPT = "bcrypt"
    """`$2a$`, `$2b$`, `$2y$`: cut at 72 bytes by whoever made them. Also with Django's prefix `bcrypt`."""
    BCRYPT_SHA256 = "bcrypt-sha256"
    """bcrypt of a digest: passlib's layout, which is ours too (`v=2`), its older one, and Django's."""
    PBKDF2_DJANGO = "pbkdf2-django"
    PBKDF2_PASSLIB = "pbkdf2-passlib"
    PBKDF2_WERKZEUG = "pbkdf2-werkzeug"
    SCRYPT_BETTER_AUTH = "scrypt-better-auth"
    SCRYPT_DJANGO = "scrypt-django"
    SCRYPT_FIREBASE = "scrypt-firebase"
    """Our own layout, because Firebase keeps the parameters outside: see `from_firebase`."""
    SCRYPT_PASSLIB = "scrypt-passlib"
    SCRYPT_WERKZEUG = "scrypt-werkzeug"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The most that a stored hash may ask for. What asks for more is refused before anything is hashed.

    About a second and 256 MiB on a machine of today: above all that libraries make by themselves, below what
    would stop a server. Raise them for an import that needs it, and reckon with `threads × memory_kib`.
    """

    memory_kib: int = 262_144
    work_kib: int = 1_048_576
    """Memory times passes, for argon2 and scrypt."""
    passes: int = 100
    lanes: int = 16
    """argon2's and scrypt's p."""
    bcrypt_cost: int = 15
    pbkdf2_iterations: int = 5_000_000

    def argon2(self, memory_kib: int, passes: int, lanes: int) -> None:
        _at_most("memory", memory_kib, self.memory_kib)
        _at_most("passes", passes, self.passes)
        _at_most("lanes", lanes, self.lanes)
        _at_most("memory times passes", memory_kib * passes, self.work_kib)

    def bcrypt(self, cost: int) -> None:
        _at_most("bcrypt's cost", cost, self.bcrypt_cost)

    def pbkdf2(self, iterations: int) -> None:
        _at_most("PBKDF2's iterations", iterations, self.pbkdf2_iterations)

    def scrypt(self, n: int, r: int, p: int) -> None:
        memory_kib = n * r // 8
        _at_most("memory", memory_kib, self.memory_kib)
        _at_most("lanes", p, self.lanes)
        _at_most("memory times lanes", memory_kib * p, self.work_kib)


class Stored(Protocol):
    """One stored hash, read."""

    @property
    def format(self) -> Format: ...
    def check(self, limits: Limits) -> None:
        """UnusableHash if verifying it would cost more than the limits allow."""

    def matches(self, secret: bytes) -> bool:
        """Whether these bytes made it, compared in constant time. Slow on purpose."""

    def parameters(self) -> dict[str, int | str]:
        """What it was made with, salt and digest left out."""

    def weakness(self) -> str | None:
        """What OWASP would say against it, in one sentence; None if nothing."""


class Scheme(Protocol):
    """How new hashes are made."""

    @property
    def format(self) -> Format: ...
    def fits(self, limits: Limits) -> None:
        """UnusableHash if the limits would refuse what this makes."""

    def hash(self, secret: bytes, entropy: Entropy) -> str:
        """A new stored hash with a new salt. Slow on purpose."""

    def is_current(self, stored: Stored) -> bool:
        """Whether this would make the same again, salt and digest aside. A costlier one is not the same:
        the parameters are what the operator gave the machine room for."""


def decode_base64(text: str, *, padded: bool = False) -> bytes:
    """Standard base64 in its one right spelling; UnusableHash for any other, stray bits included."""
    try:
        raw = base64.b64decode(text if padded else text + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError):
        raise UnusableHash("its salt or digest is not base64") from None
    if (base64.b64encode(raw).decode() if padded else encode_base64(raw)) != text:
        raise UnusableHash("its salt or digest is not base64 in its one right spelling")
    return raw


def encode_base64(raw: bytes) -> str:
    """Standard base64 without padding."""
    return base64.b64encode(raw).decode().rstrip("=")


def sized(raw: bytes, what: str, least: int, most: int) -> bytes:
    """`raw` if it has that many bytes, else UnusableHash. A short digest would accept what it should not."""
    if not least <= len(raw) <= most:
        raise UnusableHash(f"its {what} has {len(raw)} bytes, where {least} to {most} are allowed")
    return raw


def _at_most(what: str, asked: int, most: int) -> None:
    if asked > most:
        raise UnusableHash(f"{what} of {asked} exceeds the limit of {most}: refused before hashing")
