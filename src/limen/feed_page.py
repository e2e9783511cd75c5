"""The feed as it goes over HTTP: what an issuer writes and a verifier reads.

A cursor names a place in the feed by its epoch (which database), its position, and, where it is known, a tag
of the event there: of a database that was emptied or restored the positions come again, and the events not.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from hashlib import sha256
from typing import Self

import msgspec

from limen.clock import Instant
from limen.revocations import Kind, Revocation

PAGE_EVENTS = 5_000
"""Events of one page, so that no answer has more than about 700 kB."""
_CURSOR = re.compile(r"([0-9a-f]{16})\.([0-9]{1,18})\.([0-9a-f]{8})?\Z", re.ASCII)
NONCE = re.compile(r"[A-Za-z0-9_-]{1,64}\Z", re.ASCII)


class Event(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One revocation: position, kind, subject, `upto`, `until`. Why and when is not told."""

    position: int
    kind: Kind
    subject: str
    upto: float
    until: float

    @classmethod
    def of(cls, revocation: Revocation) -> Self:
        r = revocation
        return cls(r.position, r.kind, r.subject, r.upto, r.until)

    def revocation(self) -> Revocation:
        upto, until = Instant(self.upto), Instant(self.until)
        return Revocation(self.kind, self.subject, upto, until, upto, "feed", self.position)

    @property
    def tag(self) -> str:
        return sha256(f"{self.kind} {self.subject} {self.upto}".encode()).hexdigest()[:8]


@dataclass(frozen=True, slots=True)
class Cursor:
    """A place in the feed: after the event at `position`."""

    epoch: str
    position: int
    tag: str = ""

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """None for what no cursor looks like."""
        found = _CURSOR.match(text)
        return None if found is None else cls(found[1], int(found[2]), found[3] or "")

    def __str__(self) -> str:
        return f"{self.epoch}.{self.position}.{self.tag}"


class FeedPage(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """All events after `after` up to `position`, read from the store after the request had come.

    Where `more` is not set, nothing that was acknowledged before the request is missing: it is a barrier.
    """

    issuer: str
    epoch: str
    nonce: str = ""
    """As it came: an answer that somebody kept is not taken for a new one."""
    after: int
    """Where the page begins. 0 where another place was asked for: that one is not known here, begin anew."""
    position: int
    tag: str = ""
    more: bool = False
    ring: int
    etag: str
    max_staleness: float
    """What the issuer promises of every verifier, in seconds."""
    revocations: list[Event]
    forgotten: float = 0.0
    """The latest `until` of events that belong here and are left out because they were over, by our clock."""
    keys: dict[str, list[dict[str, str]]] | None = None
    """The public keys (RFC 7517 §5), where the `etag` that was sent is not theirs."""

    @property
    def cursor(self) -> Cursor:
        return Cursor(self.epoch, self.position, self.tag)


def epoch_of(founder: str) -> str:
    """Which database a feed belongs to, by the id of its ring's first key, which never leaves it."""
    return sha256(founder.encode()).hexdigest()[:16]


encode = msgspec.json.Encoder().encode
decode = msgspec.json.Decoder(FeedPage).decode
decode_event = msgspec.json.Decoder(Event).decode
