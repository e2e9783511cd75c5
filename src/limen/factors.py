"""A half-finished sign-in: some factors are proven, others still asked for. It opens nothing.

What was proven travels with whoever proved it, sealed, and the server keeps no row of it. The seal has a key
of its own, so a half is no credential anywhere, and it holds neither the password nor its hash.
"""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64encode
from dataclasses import dataclass

import msgspec

from limen.clock import Instant, Seconds
from limen.errors import Denied
from limen.ids import AccountID, SessionID
from limen.jose import b64
from limen.secret import Secret

HALF_LIFETIME: Seconds = 600
"""From the first factor on; another factor proven does not lengthen it."""
HALF_MAX = 4_096
_TAG_BYTES = 16


@dataclass(frozen=True, slots=True)
class Half:
    """What one person has proven so far, and what for."""

    account: AccountID
    cutoff: Instant
    """The account's, when the first factor was proven. A new password, and an end of all its sessions, move
    it, and so make every half worthless."""
    begun: Instant
    amr: tuple[str, ...]
    """The factors that are proven, in order (RFC 8176)."""
    scopes: tuple[str, ...]
    replaces: SessionID | None = None
    """The session that ends when this is finished: its owner stepped up."""


class Unfinished(Denied):
    """So far so good, and not signed in: one of `factors` is asked for, with `half`, before `ends`."""

    def __init__(self, half: str, factors: tuple[str, ...], ends: Instant) -> None:
        super().__init__("one more proof is needed", code="factor_needed")
        self.half = half
        self.factors = factors
        self.ends = ends


class HalfSealer:
    """Makes the text of a half, `base64url(half ‖ tag)`, and takes it apart again, under a key of its own."""

    __slots__ = ("_key",)

    def __init__(self, secret: Secret) -> None:
        self._key = secret.derive("half-finished sign-in")

    def seal(self, half: Half) -> str:
        body = msgspec.json.encode(half)
        return urlsafe_b64encode(body + self._tag(body)).rstrip(b"=").decode()

    def open(self, text: str, *, now: Instant) -> Half | None:
        """The half if we sealed it and its time is not over."""
        if len(text) > HALF_MAX:
            return None
        try:
            raw = b64.decode(text)
        except ValueError:
            return None
        body, tag = raw[:-_TAG_BYTES], raw[-_TAG_BYTES:]
        if not hmac.compare_digest(tag, self._tag(body)):
            return None
        half = msgspec.json.decode(body, type=Half)
        return half if now < half.begun + HALF_LIFETIME else None

    def _tag(self, body: bytes) -> bytes:
        return hmac.digest(self._key, body, "sha256")[:_TAG_BYTES]
