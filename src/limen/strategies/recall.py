"""The hot path that all strategies share: a credential that was verified before.

Look its SHA-256 up, check expiry and how fresh the view of the feed is. Nothing here asks a store or verifies
a signature. Whatever is in doubt is a miss, and the strategy decides.

What is remembered was checked against every event that the filter has heard of: each new event takes out what
it may cover as it comes, so that no check has to look for events. And one clock is read: the end of what
follows the feed is kept in the monotonic time by which the view ages. Where the wall clock is set, that is
found when the view is next renewed, and everything is verified anew: within `max_staleness`, or the view is
not believed.
"""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256

from limen.clock import Clock, Seconds
from limen.revocations import Filter, Kind, Revocation
from limen.sessions import StrategyName
from limen.strategies.base import Identity, Verified

_SET: Seconds = 0.25
"""Wall and monotonic time that part by more are brought together anew; until then an end may be so late."""
_ROUNDING: Seconds = 1e-6
"""What doubles leave of a difference of two instants; an end is never late for it."""
_AIMED = frozenset({Kind.SESSION, Kind.ACCOUNT, Kind.CLAIMS})


class _Seen:
    __slots__ = ("ends", "follows_feed", "identity", "tally")

    def __init__(self, verified: Verified, ends: float, tally: list[int]) -> None:
        self.identity = verified.identity
        self.follows_feed = verified.follows_feed
        self.ends = ends
        """By the monotonic clock if it follows the feed, else by the wall clock."""
        self.tally = tally
        """Its strategy's, in a list of one: that is added to in the time of an addition."""


class _Generation:
    """Credentials by digest, and which of them an event of a session or an account would concern."""

    __slots__ = ("about", "seen")

    def __init__(self) -> None:
        self.seen: dict[bytes, _Seen] = {}
        self.about: dict[str, bytes | list[bytes]] = {}
        """Most have one credential, and no list is made for it."""

    def keep(self, key: bytes, seen: _Seen) -> None:
        if seen.follows_feed and key not in self.seen:
            self._note(seen.identity.session, key)
            self._note(seen.identity.account, key)
        self.seen[key] = seen

    def drop(self, subject: str) -> None:
        keys = self.about.pop(subject, None)
        if keys is None:
            return
        for key in [keys] if isinstance(keys, bytes) else keys:
            self.seen.pop(key, None)

    def _note(self, subject: str, key: bytes) -> None:
        others = self.about.setdefault(subject, key)
        if isinstance(others, list):
            others.append(key)
        elif others is not key:
            self.about[subject] = [others, key]


class Recall:
    """A bounded memory of verified credentials, keyed by digest so that it holds no credential.

    Two generations of half the size each: when the young one is full it becomes the old one, and what was
    not asked for in the meantime is gone. That bounds the memory without a write on every hit.
    """

    __slots__ = (
        "_believed",
        "_filter",
        "_half",
        "_max_staleness",
        "_monotonic",
        "_now",
        "_old",
        "_parted",
        "_seen",
        "_young",
        "tallies",
    )

    def __init__(self, filter_: Filter, clock: Clock, *, size: int, max_staleness: Seconds) -> None:
        self._filter = filter_
        self._now, self._monotonic = clock.now, clock.monotonic
        self._half = size // 2
        self._max_staleness = max_staleness
        self._parted = self._parting()
        self._believed = filter_.fresh_at + max_staleness
        """Until then by the monotonic clock."""
        self.tallies: Mapping[StrategyName, list[int]] = {name: [0] for name in StrategyName}
        """How many checks were answered here, by strategy."""
        self.forget()
        filter_.hearing.append(self._hear)
        filter_.missing.append(self.forget)
        filter_.renewing.append(self._renew)

    def recall(self, credential: str) -> Identity | None:
        """The identity if this very credential is known and still good; None says nothing at all."""
        try:
            raw = credential.encode()
        except UnicodeEncodeError:
            return None
        return self.recall_raw(raw)

    def recall_raw(self, credential: bytes) -> Identity | None:
        """The same for the bytes of a header."""
        key = sha256(credential).digest()
        seen = self._seen.get(key) or self._older(key)
        if seen is None:
            return None
        if seen.follows_feed:
            mono = self._monotonic()
            if mono >= seen.ends or mono > self._believed:
                return None
        elif self._now() >= seen.ends:
            return None
        seen.tally[0] += 1
        return seen.identity

    def remember(self, credential: str, verified: Verified) -> None:
        """Keep what a strategy has verified. A size of zero keeps nothing.

        What came while it was verified may cover it: `verified.changes` is from before.
        """
        known = self._filter
        if not self._half or (
            verified.follows_feed
            and verified.changes != known.changes
            and (verified.changes < known.floor or self._is_covered(verified))
        ):
            return
        ends: float = verified.good_until
        if verified.follows_feed:
            ends -= self._parted + _ROUNDING
        tally = self.tallies[verified.identity.strategy]
        self._keep(sha256(credential.encode()).digest(), _Seen(verified, ends, tally))

    def trust(self, max_staleness: Seconds) -> None:
        """From now on believe a view of at most this age."""
        self._max_staleness = max_staleness
        self._believed = self._filter.fresh_at + max_staleness

    def forget(self) -> None:
        """Drop everything: the key ring changed."""
        self._young, self._old = _Generation(), _Generation()
        self._seen = self._young.seen

    def __len__(self) -> int:
        return len(self._young.seen.keys() | self._old.seen.keys())

    def _older(self, key: bytes) -> _Seen | None:
        """What the young generation does not know, but the old one; it is young again."""
        seen = self._old.seen.get(key)
        if seen is not None:
            self._keep(key, seen)
        return seen

    def _keep(self, key: bytes, seen: _Seen) -> None:
        if len(self._young.seen) >= self._half:
            self._old, self._young = self._young, _Generation()
            self._seen = self._young.seen
        self._young.keep(key, seen)

    def _hear(self, event: Revocation) -> None:
        """Take out what a new event concerns, covered or not: the strategy will say."""
        if event.kind in _AIMED:
            self._young.drop(event.subject)
            self._old.drop(event.subject)
        elif event.kind is Kind.ISSUER:
            self.forget()

    def _renew(self) -> None:
        self._believed = self._filter.fresh_at + self._max_staleness
        parted = self._parting()
        if abs(parted - self._parted) > _SET:
            self._parted = parted
            self.forget()

    def _parting(self) -> float:
        return self._now() - self._monotonic()

    def _is_covered(self, verified: Verified) -> bool:
        """Or may be: then the strategy asks."""
        who, known = verified.identity, self._filter
        kind = known.covering(sid=who.session, account=who.account, sid_ms=verified.sid_ms, kid=None)
        if kind is not None or known.doubts(sid=who.session, account=who.account):
            return True
        return known.has_stale_claims(account=who.account, issued_ms=verified.issued_ms)
