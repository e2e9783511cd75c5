"""Revocations: the events of the feed, and the filter that is a verifier's memory of them.

An event leaves the filter when the last credential that it could cover has expired, so memory is bounded by
revocation rate × token lifetime. A reader that missed events which have left since has missed nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256

from limen.clock import Instant, Mono, Seconds
from limen.compact import Crowd, Table
from limen.ids import AccountID, SessionID

EXACT = 1_000_000
"""How many young revocations a verifier remembers as they are."""


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

    Up to `exact` sessions and accounts are remembered as they are, in about 40 bytes each. What comes
    beyond that is remembered in 2 to 4 bytes, with doubt: `covering` says nothing of it, `doubts` that only
    the store can tell.
    """

    __slots__ = (
        "_accounts",
        "_claims",
        "_crowd",
        "_exact",
        "_keys",
        "_sessions",
        "changes",
        "floor",
        "forgotten",
        "fresh_at",
        "hearing",
        "issuer_ms",
        "leaving",
        "missed",
        "missing",
        "position",
        "reading",
        "renewing",
        "ring",
    )

    def __init__(self, *, exact: int = EXACT) -> None:
        self._sessions, self._accounts, self._claims = Table(), Table(), Table()
        self._crowd: Crowd | None = None
        self._exact = exact
        self._keys: dict[str, Instant] = {}
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
        self.leaving = Instant(0.0)
        """The same, of what is being forgotten just now: another thread must not look in between."""
        self.missed = 0
        """How often events were over before they came here."""
        self.missing: list[Callable[[], None]] = []
        """Who is told that events did not come here: what was verified before may be covered by one."""
        self.renewing: list[Callable[[], None]] = []
        """Who is told each time that the view was renewed."""
        self.hearing: list[Callable[[Revocation], None]] = []
        """Who is told of each event as it is learned, from wherever, in no order."""
        self.reading: list[Callable[[Page], None]] = []
        """Who is told of each page after it was taken in; pages overlap, and leave nothing out."""

    def is_fresh(self, *, mono: Mono, max_staleness: Seconds) -> bool:
        return mono - self.fresh_at <= max_staleness

    def follow(self, page: Page, *, sent: Mono) -> None:
        """Take in a page whose read was sent at `sent`."""
        for revocation in page.revocations:
            self.add(revocation)
        if page.forgotten:
            self.miss(page.forgotten)
        self.position = max(self.position, page.position)
        self.ring = page.ring
        self.renew(sent=sent)
        for told in self.reading:
            told(page)

    def renew(self, *, sent: Mono) -> None:
        """Believe the view anew: a read that was sent at `sent` was answered in full, and taken in."""
        self.fresh_at = max(self.fresh_at, sent)
        for told in self.renewing:
            told()

    def miss(self, forgotten: Instant) -> None:
        """Know that events of up to this `until` were over before they came here."""
        self.changes += 1
        self.missed += 1
        self._forget(forgotten)
        for told in self.missing:
            told()

    def add(self, revocation: Revocation) -> None:
        """Remember one event; twice is the same as once, in any order."""
        self.changes += 1
        upto_ms = int(revocation.upto * 1000)
        match revocation.kind:
            case Kind.SESSION:
                self._remember(self._sessions, revocation, 0)
            case Kind.ACCOUNT:
                self._remember(self._accounts, revocation, upto_ms)
            case Kind.CLAIMS:
                self._remember(self._claims, revocation, upto_ms)
            case Kind.KEY:
                until = self._keys.get(revocation.subject, revocation.until)
                self._keys[revocation.subject] = max(revocation.until, until)
            case Kind.ISSUER:
                self.issuer_ms = max(self.issuer_ms, upto_ms)
        for told in self.hearing:
            told(revocation)

    def covering(self, *, sid: SessionID, account: AccountID, sid_ms: int, kid: str | None) -> Kind | None:
        """Which kind of event ends this credential, None if none is known to. `claims` is asked apart."""
        if self._sessions.size and self._sessions.get(_key(sid)) is not None:
            return Kind.SESSION
        if self._accounts.size:
            cut = self._accounts.get(_key(account))
            if cut is not None and sid_ms <= cut[0]:
                return Kind.ACCOUNT
        if sid_ms <= self.issuer_ms:
            return Kind.ISSUER
        if kid is not None and kid in self._keys:
            return Kind.KEY
        return None

    def doubts(self, *, sid: SessionID, account: AccountID) -> bool:
        """Whether there may be an event of this session or account that was too many to be kept as it is.

        Then the store must be asked. Never False where there is one; rarely True where there is none.
        """
        crowd = self._crowd
        return crowd is not None and (_key(sid) in crowd or _key(account) in crowd)

    def has_forgotten(self, ends: Instant) -> bool:
        """Whether an event that covers what ends then may have been here and be gone: ask the store."""
        return ends <= self.leaving or ends <= self.forgotten  # in this order: what leaves is forgotten then

    def has_stale_claims(self, *, account: AccountID, issued_ms: int | None) -> bool:
        """Whether the account's claims changed at or after a token was issued; for None, whether at all."""
        if not self._claims.size:
            return False
        cut = self._claims.get(_key(account))
        return cut is not None and (issued_ms is None or issued_ms <= cut[0])

    def pruning(self, *, now: Instant) -> Iterator[int]:
        """Forget what covers nothing any more, in steps of milliseconds; each yields how many entries went.

        An issuer-wide cut stays.
        """
        self.leaving = now
        try:
            yield from self._pruning(now)
        finally:
            self.leaving = Instant(0.0)

    def _pruning(self, now: Instant) -> Iterator[int]:
        over = [kid for kid, until in self._keys.items() if until <= now]
        yield self._left(len(over), max((self._keys.pop(kid) for kid in over), default=0.0))
        if self._crowd is not None:
            yield self._left(*self._crowd.prune(now))
            self._crowd = self._crowd if len(self._crowd) else None
        for table in (self._sessions, self._accounts, self._claims):
            for gone, latest in table.pruning(now):
                yield self._left(gone, latest)

    def prune(self, *, now: Instant) -> int:
        """All of `pruning` at once; how many entries went."""
        return sum(self.pruning(now=now))

    def __len__(self) -> int:
        crowd = 0 if self._crowd is None else len(self._crowd)
        return self._tabled() + len(self._keys) + crowd

    def _left(self, gone: int, latest: float) -> int:
        if gone:
            self._forget(Instant(latest))
        return gone

    def _forget(self, until: Instant) -> None:
        self.floor = self.changes
        self.forgotten = max(self.forgotten, until)

    def _tabled(self) -> int:
        return self._sessions.size + self._accounts.size + self._claims.size

    def _remember(self, table: Table, revocation: Revocation, upto_ms: int) -> None:
        key = _key(revocation.subject)
        if self._tabled() < self._exact or table.get(key) is not None:
            table.put(key, upto_ms, revocation.until)
            return
        if self._crowd is None:
            self._crowd = Crowd()
        self._crowd.add(key, revocation.until)


def _key(subject: str) -> bytes:
    """16 bytes for an id: those of a UUID, or a digest of any other text."""
    if len(subject) == 36:
        try:
            key = bytes.fromhex(subject.replace("-", ""))
        except ValueError:
            key = b""
        if len(key) == 16:
            return key
    return sha256(subject.encode()).digest()[:16]


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
