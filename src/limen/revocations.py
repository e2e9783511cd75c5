"""Revocations: the events of the feed, and the filter that is a verifier's memory of them.

An event leaves the filter when the last credential that it could cover has expired, so memory is bounded by
revocation rate × token lifetime. A reader that missed events which have left since has missed nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from limen.clock import Instant, Mono, Seconds
from limen.ids import AccountID, SessionID

_K = TypeVar("_K", bound=str)


class Kind(StrEnum):
    """What an event covers. `subject` is the id of that thing."""

    SESSION = "session"
    """One session."""
    ACCOUNT = "account"
    """Every session of an account created at or before `upto`; the UUIDv7 `sid` tells."""
    KEY = "key"
    """Every token signed by this key."""
    ISSUER = "issuer"
    """Every session of the issuer created at or before `upto`."""
    CLAIMS = "claims"
    """Access tokens of an account issued at or before `upto` carry old claims: refresh them."""


@dataclass(frozen=True, slots=True)
class Revocation:
    """One event. `position` orders the feed and is given by the store at commit; it only grows."""

    kind: Kind
    subject: str
    upto: Instant
    until: Instant
    """After this moment nothing that it covers can still be alive."""
    at: Instant
    why: str
    position: int = 0


@dataclass(frozen=True, slots=True)
class Page:
    """What a store read from the feed: all events after a position that are young enough to matter.

    It reflects everything that was acknowledged before the read was sent. That makes it a barrier.
    """

    revocations: tuple[Revocation, ...]
    position: int
    ring: int
    """The version of the key ring; another number than the one known means: read the ring again."""
    forgotten: Instant = Instant(0.0)
    """The latest `until` of the events after that position that are left out because they were over, to the
    reader's clock or to the one that swept. 0 if there is none."""


class Filter:
    """A verifier's memory of the feed, and how fresh it is.

    `fresh_at` is the local monotonic time at which the last read that was answered in full had been *sent*.
    No two clocks are compared. When `now - fresh_at > max_staleness` nothing here may be trusted.

    Events leave when nothing that they cover is alive, and a wall clock says when that is. If it was wrong,
    or goes back, they were needed after all. So the filter knows the latest `until` that it has forgotten,
    and is not asked about what ends before that: while the clock is right, all of it has ended.
    """

    __slots__ = (
        "accounts",
        "changes",
        "claims",
        "floor",
        "forgotten",
        "fresh_at",
        "issuer_ms",
        "keys",
        "position",
        "ring",
        "sessions",
    )

    def __init__(self) -> None:
        self.sessions: dict[SessionID, Instant] = {}
        self.accounts: dict[AccountID, tuple[int, Instant]] = {}
        self.claims: dict[AccountID, tuple[int, Instant]] = {}
        self.keys: dict[str, Instant] = {}
        self.issuer_ms = -1
        self.position = 0
        self.ring = -1
        self.fresh_at = Mono(float("-inf"))
        self.changes = 0
        """Grows with every event: what was checked at this count need not be checked again."""
        self.floor = 0
        """What was last checked below this count was not checked against events that are gone."""
        self.forgotten = Instant(0.0)
        """The filter cannot tell about what ends at this moment or before."""

    def is_fresh(self, *, mono: Mono, max_staleness: Seconds) -> bool:
        return mono - self.fresh_at <= max_staleness

    def follow(self, page: Page, *, sent: Mono) -> None:
        """Take in a page whose read was sent at `sent`."""
        for revocation in page.revocations:
            self.add(revocation)
        if page.forgotten:
            self.changes += 1
            self._forget(page.forgotten)
        self.position = max(self.position, page.position)
        self.ring = page.ring
        self.fresh_at = max(self.fresh_at, sent)

    def add(self, revocation: Revocation) -> None:
        """Remember one event; twice is the same as once, in any order."""
        self.changes += 1
        upto_ms = int(revocation.upto * 1000)
        match revocation.kind:
            case Kind.SESSION:
                _raise(self.sessions, SessionID(revocation.subject), revocation.until)
            case Kind.ACCOUNT:
                _raise_cut(self.accounts, AccountID(revocation.subject), upto_ms, revocation.until)
            case Kind.CLAIMS:
                _raise_cut(self.claims, AccountID(revocation.subject), upto_ms, revocation.until)
            case Kind.KEY:
                _raise(self.keys, revocation.subject, revocation.until)
            case Kind.ISSUER:
                self.issuer_ms = max(self.issuer_ms, upto_ms)

    def covering(self, *, sid: SessionID, account: AccountID, sid_ms: int, kid: str | None) -> Kind | None:
        """Which kind of event ends this credential, None if none does. `claims` is asked separately."""
        if sid in self.sessions:
            return Kind.SESSION
        cut = self.accounts.get(account)
        if cut is not None and sid_ms <= cut[0]:
            return Kind.ACCOUNT
        if sid_ms <= self.issuer_ms:
            return Kind.ISSUER
        if kid is not None and kid in self.keys:
            return Kind.KEY
        return None

    def has_stale_claims(self, *, account: AccountID, issued_ms: int) -> bool:
        """Whether the account's claims changed at or after the moment the token was issued."""
        cut = self.claims.get(account)
        return cut is not None and issued_ms <= cut[0]

    def has_forgotten(self, ends: Instant) -> bool:
        """Whether an event that covers what ends then may have been here and be gone: ask the store."""
        return ends <= self.forgotten

    def prune(self, *, now: Instant) -> int:
        """Forget what covers nothing any more; how many entries went. An issuer-wide cut stays."""
        gone = [
            *_over(self.sessions, now),
            *_over(self.keys, now),
            *_cuts_over(self.accounts, now),
            *_cuts_over(self.claims, now),
        ]
        if gone:
            self._forget(max(gone))
        return len(gone)

    def _forget(self, until: Instant) -> None:
        self.floor = self.changes
        self.forgotten = max(self.forgotten, until)

    def __len__(self) -> int:
        return len(self.sessions) + len(self.accounts) + len(self.claims) + len(self.keys)


def cut(now: Instant, newest_ms: int | None) -> Instant:
    """The `upto` that covers every session with an id of `newest_ms` or earlier: `now`, or the middle of
    that millisecond where a clock went back. (Its start would not do: 1.001 * 1000 is below 1001.)"""
    if newest_ms is None or newest_ms <= int(now * 1000):
        return now
    return Instant((newest_ms + 0.5) / 1000)


def claims_cut(upto: Instant, last: Instant) -> Instant:
    """The `upto` of a change of claims after the one of `last`: it covers the tokens in between as well,
    whose `jti` is 2 ms later than `last` where the clock has not come that far."""
    return Instant(max(upto, last + 0.002))


def newest(revocations: Iterable[Revocation], *, default: int) -> int:
    """The highest position among the events, `default` if there is none."""
    return max((r.position for r in revocations), default=default)


def lasting(until: Instant, *, now: Instant, latest: Instant | None) -> Instant:
    """`until` of an event of `now`, moved with the latest rotation that it covers, where a clock went back:
    the tokens of that moment live as long after it as others after `now`."""
    return until if latest is None else Instant(until + max(latest - now, 0.0))


def _raise(untils: dict[_K, Instant], key: _K, until: Instant) -> None:
    untils[key] = max(until, untils.get(key, until))


def _raise_cut(cuts: dict[_K, tuple[int, Instant]], key: _K, upto_ms: int, until: Instant) -> None:
    known = cuts.get(key, (-1, until))
    cuts[key] = (max(known[0], upto_ms), max(known[1], until))


def _over(untils: dict[_K, Instant], now: Instant) -> list[Instant]:
    """Take out what is over; until when each was good."""
    return [untils.pop(key) for key in [key for key, until in untils.items() if now >= until]]


def _cuts_over(cuts: dict[_K, tuple[int, Instant]], now: Instant) -> list[Instant]:
    return [cuts.pop(key)[1] for key in [key for key, (_, until) in cuts.items() if now >= until]]
