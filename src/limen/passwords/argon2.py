"""argon2 (RFC 9106): argon2id is what new passwords get; its siblings and version 16 are read."""

from __future__ import annotations

import hmac
import re
from dataclasses import dataclass

from argon2.exceptions import HashingError
from argon2.low_level import Type, hash_secret_raw

from limen.errors import Misconfigured, Unavailable
from limen.ids import Entropy
from limen.passwords.stored import Format, Limits, Stored, UnusableHash, decode_base64, encode_base64, sized

MINIMA = {1: 47_104, 2: 19_456, 3: 12_288}
"""Passes → the least memory in KiB (OWASP ASVS 5.0, appendix C). More passes than three: as three."""

_SALT, _TAG = 16, 32
_TYPES = {"id": Type.ID, "i": Type.I, "d": Type.D}
_WHOLE = "(0|[1-9][0-9]{0,9})"
_PHC = re.compile(
    rf"\$argon2(id|i|d)(?:\$v=(16|19))?\$m={_WHOLE},t={_WHOLE},p={_WHOLE}\$([A-Za-z0-9+/]+)\$([A-Za-z0-9+/]+)"
)


@dataclass(frozen=True, slots=True)
class Argon2Hash:
    """A stored argon2 hash."""

    variant: str
    version: int
    memory_kib: int
    time_cost: int
    parallelism: int
    salt: bytes
    tag: bytes

    @property
    def format(self) -> Format:
        return Format.ARGON2

    def check(self, limits: Limits) -> None:
        limits.argon2(self.memory_kib, self.time_cost, self.parallelism)

    def matches(self, secret: bytes) -> bool:
        return hmac.compare_digest(self.derive(secret), self.tag)

    def derive(self, secret: bytes) -> bytes:
        """The tag for these bytes. Unavailable if the machine has no memory for it."""
        try:
            return hash_secret_raw(
                secret,
                self.salt,
                self.time_cost,
                self.memory_kib,
                self.parallelism,
                len(self.tag),
                _TYPES[self.variant],
                self.version,
            )
        except HashingError as error:
            raise Unavailable("a password cannot be hashed just now", reason=f"argon2: {error}") from error

    def parameters(self) -> dict[str, int | str]:
        return {
            "variant": f"argon2{self.variant}",
            "version": self.version,
            "memory_kib": self.memory_kib,
            "time_cost": self.time_cost,
            "parallelism": self.parallelism,
        }

    def weakness(self) -> str | None:
        if self.variant != "id":
            return f"argon2{self.variant} resists either side channels or graphics cards, not both"
        if self.version != 19:
            return "version 16 of argon2 has a known weakness"
        return too_weak(self.memory_kib, self.time_cost)


def read(text: str) -> Argon2Hash | None:
    """An argon2 hash as the reference spells it; None for anything else, UnusableHash if it is broken."""
    text = text.removeprefix("argon2")  # Django's name for it, before the reference's own
    if not text.startswith("$argon2"):
        return None
    found = _PHC.fullmatch(text)
    if found is None:
        raise UnusableHash("not a well-formed argon2 hash")
    variant, version, memory, passes, lanes, salt, tag = found.groups()
    if int(passes) < 1 or int(lanes) < 1 or int(memory) < 8 * int(lanes):
        raise UnusableHash("argon2 needs one pass, one lane, and 8 KiB for each lane")
    return Argon2Hash(
        variant,
        int(version or 16),
        int(memory),
        int(passes),
        int(lanes),
        sized(decode_base64(salt), "salt", 8, 64),
        sized(decode_base64(tag), "tag", 16, 128),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Argon2Parameters:
    """argon2id with any parameters that argon2 itself allows. Use `Argon2id`, which asks for enough."""

    memory_kib: int
    time_cost: int
    parallelism: int

    @property
    def format(self) -> Format:
        return Format.ARGON2

    def fits(self, limits: Limits) -> None:
        limits.argon2(self.memory_kib, self.time_cost, self.parallelism)

    def hash(self, secret: bytes, entropy: Entropy) -> str:
        made = self._of(entropy(_SALT), bytes(_TAG))
        tag = made.derive(secret)
        costs = f"m={self.memory_kib},t={self.time_cost},p={self.parallelism}"
        return f"$argon2id$v=19${costs}${encode_base64(made.salt)}${encode_base64(tag)}"

    def is_current(self, stored: Stored) -> bool:
        if not isinstance(stored, Argon2Hash) or stored != self._of(stored.salt, stored.tag):
            return False
        return len(stored.salt) >= _SALT and len(stored.tag) == _TAG

    def _of(self, salt: bytes, tag: bytes) -> Argon2Hash:
        return Argon2Hash("id", 19, self.memory_kib, self.time_cost, self.parallelism, salt, tag)


@dataclass(frozen=True, slots=True, kw_only=True)
class Argon2id(Argon2Parameters):
    """argon2id, checked when made: Misconfigured below what OWASP asks for."""

    memory_kib: int = 19_456
    time_cost: int = 2
    parallelism: int = 1

    def __post_init__(self) -> None:
        if self.parallelism < 1:
            raise Misconfigured("argon2_parallelism must be at least 1")
        if (why := too_weak(self.memory_kib, self.time_cost)) is not None:
            raise Misconfigured(f"{why}; for tests there is limen.insecure.WeakHashing")
        if self.memory_kib < 8 * self.parallelism:
            raise Misconfigured("argon2_memory_kib must be at least 8 for each of argon2_parallelism")


def too_weak(memory_kib: int, time_cost: int) -> str | None:
    """What is missing for OWASP, None if nothing."""
    if time_cost < 1:
        return "argon2_time_cost must be at least 1"
    least = MINIMA[min(time_cost, max(MINIMA))]
    if memory_kib < least:
        return f"argon2 with {time_cost} passes needs at least {least} KiB of memory (argon2_memory_kib)"
    return None
