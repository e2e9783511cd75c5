"""What an engine must do that keeps sessions, feed and throttles beside a store of accounts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from limen.clock import Instant, Seconds
from limen.ids import AccountID, SessionID
from limen.revocations import Page, Revocation
from limen.sessions import Digest, Session
from limen.stores.base import Cut, Gone, Marks, Opened, Rotated, Stale, Throttles


@dataclass(frozen=True, slots=True)
class Ahead:
    """The account was cut, up to this moment, after it had been looked at: look again. Nothing was opened."""

    upto: Instant


@dataclass(frozen=True, slots=True)
class Gap:
    """Events before this one are not applied: begin again after `applied`."""

    applied: int


class Beside(Throttles, Protocol):
    """Sessions, feed and throttles in an engine of their own, beside a store that has accounts and keys.

    `Sessions` and `Feed` say what a method does; here is what differs. Events of the accounts' store come in
    by `apply`, in their order there, each exactly once, with all that follows from it.
    """

    names_ended: bool
    """As in `Store`."""

    async def session(self, sid: SessionID) -> Session | None: ...
    async def sessions_of(self, account: AccountID, *, now: Instant) -> list[Session]: ...
    async def rotate(
        self, sid: SessionID, spent: Digest, fresh: Digest, *, now: Instant, idle: Seconds
    ) -> Rotated | Stale | Gone: ...
    async def touch(self, sid: SessionID, *, now: Instant, idle: Seconds) -> bool: ...
    async def revoke_session(
        self, sid: SessionID, *, account: AccountID | None, now: Instant, until: Instant, why: str
    ) -> Revocation | None: ...
    async def revoke_others(
        self, account: AccountID, *, keep: SessionID, now: Instant, until: Instant, why: str
    ) -> list[Revocation]: ...
    async def revoke(self, revocation: Revocation, *, now: Instant) -> Revocation: ...

    async def open_session(
        self, session: Session, *, cutoff: Instant, limit: int | None, until: Instant, now: Instant
    ) -> Opened | Cut | Ahead:
        """Keep a new session of an account that was found with this `cutoff`."""
        ...

    async def apply(
        self, event: Revocation, *, after: int, scopes: Sequence[str], now: Instant
    ) -> Revocation | Gap:
        """Carry out an event whose `position` is the accounts' store's; the answer has our own, and says how
        far the cut went. `after` is the event before it. For `claims`, `scopes` are what the account has."""
        ...

    async def applied(self, *, now: Instant) -> int:
        """The last event that was applied."""
        ...

    async def read_feed(self, after: int, *, now: Instant) -> Page:
        """As `Feed.read_feed`; its `ring` says nothing."""
        ...

    async def wait(self, after: int, *, every: Seconds, at_most: Seconds) -> None: ...

    @property
    def epoch(self) -> int:
        """Another than before: what was applied must be asked anew."""
        ...

    async def begin_anew(self, why: str, *, now: Instant) -> None:
        """End all sessions: nobody can say any more which of them should live."""
        ...

    async def start(self, marks: Marks, *, fresh: bool) -> None:
        """Open and check. `fresh`: there is no account yet, so that an empty engine has lost nothing."""
        ...

    async def ready(self, *, now: Instant) -> None:
        """Raise Unavailable where a step would."""
        ...

    async def close(self) -> None: ...
    async def ping(self) -> None: ...
    async def sweep(self, *, now: Instant, limit: int) -> int: ...
