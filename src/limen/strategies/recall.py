"""The hot path that all strategies share: a credential that was verified before.

Look its SHA-256 up, check expiry, check how fresh the view of the feed is and whether an event covers it.
Nothing here asks a store or verifies a signature. Whatever is in doubt is a miss, and the strategy decides.
"""

from __future__ import annotations

from hashlib import sha256

from limen.clock import Clock, Seconds
from limen.revocations import Filter
from limen.strategies.base import Identity, Verified


class _Seen:
    __slots__ = ("changes", "follows_feed", "good_until", "identity", "verified")

    def __init__(self, verified: Verified) -> None:
        self.verified = verified
        self.identity = verified.identity
        self.good_until = verified.good_until
        self.follows_feed = verified.follows_feed
        self.changes = verified.changes


class Recall:
    """A bounded memory of verified credentials, keyed by digest so that it holds no credential.

    Two generations of half the size each: when the young one is full it becomes the old one, and what was
    not asked for in the meantime is gone. That bounds the memory without a write on every hit.
    """

    __slots__ = ("_filter", "_half", "_max_staleness", "_monotonic", "_now", "_old", "_young")

    def __init__(self, filter_: Filter, clock: Clock, *, size: int, max_staleness: Seconds) -> None:
        self._filter = filter_
        self._now, self._monotonic = clock.now, clock.monotonic
        self._half = size // 2
        self._max_staleness = max_staleness
        self._young: dict[bytes, _Seen] = {}
        self._old: dict[bytes, _Seen] = {}

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
        seen = self._young.get(key)
        if seen is None:
            seen = self._old.get(key)
            if seen is None:
                return None
            self._keep(key, seen)
        if self._now() >= seen.good_until:
            return None
        if seen.follows_feed:
            known = self._filter
            if self._monotonic() - known.fresh_at > self._max_staleness:
                return None
            if known.changes != seen.changes:
                if seen.changes < known.floor or self._is_covered(seen.verified):
                    self._young.pop(key, None)
                    self._old.pop(key, None)
                    return None
                seen.changes = known.changes
        return seen.identity

    def remember(self, credential: str, verified: Verified) -> None:
        """Keep what a strategy has verified. A size of zero keeps nothing."""
        if self._half:
            self._keep(sha256(credential.encode()).digest(), _Seen(verified))

    def trust(self, max_staleness: Seconds) -> None:
        """From now on believe a view of at most this age."""
        self._max_staleness = max_staleness

    def forget(self) -> None:
        """Drop everything: the key ring changed."""
        self._young, self._old = {}, {}

    def __len__(self) -> int:
        return len(self._young.keys() | self._old.keys())

    def _keep(self, key: bytes, seen: _Seen) -> None:
        if len(self._young) >= self._half:
            self._old, self._young = self._young, {}
        self._young[key] = seen

    def _is_covered(self, verified: Verified) -> bool:
        """Or may be: then the strategy asks."""
        who, known = verified.identity, self._filter
        kind = known.covering(sid=who.session, account=who.account, sid_ms=verified.sid_ms, kid=None)
        if kind is not None or known.doubts(sid=who.session, account=who.account):
            return True
        return known.has_stale_claims(account=who.account, issued_ms=verified.issued_ms)
