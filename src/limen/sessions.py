"""Sessions: the server's record of one sign-in, the credential that names it, and the rules of both.

The session credential is `base64url(version ‖ sid ‖ generation ‖ secret ‖ tag)`: 48 bytes, 64 characters.
The tag is an HMAC under a key that only the server has, so garbage is refused before any store is asked,
and a credential of an older generation is proof that we once issued it. The store keeps SHA-256(secret).

Refresh rotates. The successor's secret is HMAC(server key, presented secret ‖ generation), so any number of
callers that present the same credential compute the same successor: the store's compare-and-swap picks no
winner among them, and nothing has to be kept in clear text to answer a retry.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import struct
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NewType

from limen import ids
from limen.clock import Instant, Seconds
from limen.errors import Misconfigured
from limen.ids import AccountID, Entropy, SessionID
from limen.secret import Secret

Digest = NewType("Digest", bytes)
"""SHA-256 of a credential's secret: what a store may see."""

GRACE_MAX: Seconds = 300
LEEWAY_MAX: Seconds = 60
_VERSION = 1
_BODY = struct.Struct(">B16sI16s")
_TAG_BYTES = 11  # 37 + 11 = 48 bytes: base64url without padding and without stray bits
_SHAPE = re.compile(r"[A-Za-z0-9_-]{64}\Z", re.ASCII)
_LAST_GENERATION = 2**32 - 1


class StrategyName(StrEnum):
    """How a sign-in becomes credentials and how a request is authenticated."""

    SESSION = "session"
    JWT = "jwt"
    HYBRID = "hybrid"


@dataclass(frozen=True, slots=True)
class Session:
    """One sign-in. Alive while `now < ends`; `ends` moves with use, `expires` never does."""

    id: SessionID
    account: AccountID
    strategy: StrategyName
    digest: Digest
    """Of the head: the one credential that is current."""
    generation: int
    """The head's; counts rotations from 0."""
    rotated: Instant
    """When the head became the head."""
    created: Instant
    authenticated: Instant
    amr: tuple[str, ...]
    scopes: tuple[str, ...]
    touched: Instant
    """The last recorded activity."""
    ends: Instant
    """Idle end: `touched` + idle lifetime, never after `expires`."""
    expires: Instant
    """Absolute end, fixed at sign-in (RFC 9700 §4.14, ASVS 7.3.2)."""
    user_agent: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lifetimes:
    """How long things live, in seconds; checked when made."""

    idle: Seconds = 7 * 86_400
    absolute: Seconds = 30 * 86_400
    access: Seconds = 15 * 60
    refresh_grace: Seconds = 10
    touch_every: Seconds = 60

    def __post_init__(self) -> None:
        if not 0 < self.idle <= self.absolute:
            raise Misconfigured("idle_lifetime must be above 0 and at most absolute_lifetime")
        if not 0 < self.access <= 86_400:
            raise Misconfigured("access_lifetime must be above 0 and at most a day; 5 to 15 minutes is usual")
        if not 0 <= self.refresh_grace <= GRACE_MAX:
            raise Misconfigured(f"refresh_grace must lie between 0 and {GRACE_MAX} seconds")
        if not 0 < self.touch_every <= 60:
            raise Misconfigured("touch_every must be above 0 and at most 60 seconds")

    @property
    def touch_after(self) -> Seconds:
        """Activity is recorded when the last record is this old: a tenth of the idle lifetime, at most
        `touch_every`. A session may therefore end that much before its idle time is over, never after it."""
        return min(self.touch_every, self.idle / 10)

    @property
    def memory(self) -> Seconds:
        """How long a revocation must be remembered: whatever it covers is dead after that.

        The longest that a verifier may trust what it verified (an access token's life, or the time until
        a session's activity is recorded) and twice the largest leeway; and the grace, for a token may be
        issued so much later than the rotation that stores know of (`revocations.lasting`).
        """
        return max(self.access, self.touch_every) + 2 * LEEWAY_MAX + self.refresh_grace


@dataclass(frozen=True, slots=True)
class Presented:
    """A session credential that we issued, taken apart. Whether it is still good, only the store knows."""

    sid: SessionID
    generation: int
    secret: bytes = field(repr=False)
    sealed: int = 0
    """Which of the deployment's secrets it was found to be sealed under; the first is the current one."""

    @property
    def digest(self) -> Digest:
        return Digest(hashlib.sha256(self.secret).digest())


class Sealer:
    """Makes session credentials and takes them apart again, under keys derived from the secret."""

    __slots__ = ("_successor_keys", "_tag_keys")

    def __init__(self, secret: Secret) -> None:
        self._tag_keys = secret.derive_all("session credential tag")
        self._successor_keys = secret.derive_all("session credential successor")

    def mint(self, sid: SessionID, entropy: Entropy) -> Presented:
        """The first credential of a session: 128 random bits."""
        return Presented(sid, 0, entropy(16))

    def successor(self, presented: Presented) -> Presented:
        """The one credential that may follow `presented`; the same for all who ask.

        It is made under the secret of what was presented, so that processes which have different current
        ones, in the middle of a replacement, make the same.
        """
        generation = min(presented.generation + 1, _LAST_GENERATION)
        body = presented.secret + generation.to_bytes(4, "big")
        secret = hmac.digest(self._successor_keys[presented.sealed], body, "sha256")[:16]
        return Presented(presented.sid, generation, secret)

    def seal(self, presented: Presented) -> str:
        """The text that travels: 64 characters of the base64url alphabet."""
        sid = ids.to_bytes(presented.sid)
        body = _BODY.pack(_VERSION, sid, presented.generation, presented.secret)
        return urlsafe_b64encode(body + _tag(self._tag_keys[0], body)).decode()

    def open(self, text: str) -> Presented | None:
        """What `text` names if we sealed it, else None. Asks no store; takes no longer for near misses."""
        if not _SHAPE.match(text):
            return None
        raw = urlsafe_b64decode(text)
        body, tag = raw[: _BODY.size], raw[_BODY.size :]
        fits = [hmac.compare_digest(tag, _tag(key, body)) for key in self._tag_keys]
        if not any(fits):
            return None
        version, sid, generation, secret = _BODY.unpack(body)
        if version != _VERSION:
            return None
        return Presented(SessionID(ids.from_bytes(sid)), generation, secret, fits.index(True))


def _tag(key: bytes, body: bytes) -> bytes:
    return hmac.digest(key, body, "sha256")[:_TAG_BYTES]


@dataclass(frozen=True, slots=True)
class SameSuccessor:
    """The caller is a second tab or a retry: answer the successor that is the head already."""


@dataclass(frozen=True, slots=True)
class Replay:
    """Somebody holds a credential that was spent: the session must end (RFC 9700 §4.14.2)."""


@dataclass(frozen=True, slots=True)
class Unproven:
    """Nothing shows that we issued it as a part of this lineage: deny, and change nothing."""


def judge_replay(
    head: Session, presented: Presented, successor: Digest, *, now: Instant, grace: Seconds
) -> SameSuccessor | Replay | Unproven:
    """What it means that `presented`, whose tag was right, is not the head of its session.

    The lineage counter decides alone, so a replay is found after any number of rotations and after a
    restart. A rotation that seems to lie in the future (another machine's clock, or ours jumped back) counts
    as just made: an honest retry must not end a session because two clocks differ.
    """
    if presented.generation >= head.generation:
        return Unproven()
    is_predecessor = presented.generation == head.generation - 1
    follows = hmac.compare_digest(head.digest, successor)
    if is_predecessor and follows and max(now - head.rotated, 0.0) < grace:
        return SameSuccessor()
    if is_predecessor and not follows:
        return Unproven()
    return Replay()


def is_head(session: Session, presented: Presented) -> bool:
    """Whether `presented` is the session's current credential; constant time in the secret."""
    same = hmac.compare_digest(session.digest, presented.digest)
    return same and session.generation == presented.generation and session.id == presented.sid
