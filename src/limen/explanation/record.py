"""What an explanation says."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from limen.clock import Instant, Seconds


class Outcome(StrEnum):
    """What became of a step."""

    PASSED = "passed"
    FAILED = "failed"
    UNREACHED = "not reached"
    UNASKED = "not asked"
    """The answer did not depend on it, by the strategy's own promise."""


@dataclass(frozen=True, slots=True)
class Ruling:
    """What the check came to; code and reason as the error has them, empty where it accepted."""

    accepted: bool
    code: str = ""
    reason: str = ""
    unavailable: bool = False
    """Nobody could tell, which is a no as well."""


@dataclass(frozen=True, slots=True)
class Check:
    """One step: the value of the policy and that of the credential, side by side."""

    step: str
    asks: str
    outcome: Outcome
    wants: str
    has: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """The ruling of one check, its reason as a sentence, and its steps in their order."""

    ruling: Ruling
    because: str
    checks: tuple[Check, ...]

    @property
    def failed(self) -> str:
        """The step at which it ended; empty if it went through."""
        return next((one.step for one in self.checks if one.outcome is Outcome.FAILED), "")


@dataclass(frozen=True, slots=True)
class Event:
    """An event of the feed that covers the credential, or ended its key."""

    position: int
    kind: str
    at: Instant
    why: str
    """The word that the feed has for it."""
    said: str
    """The same as a sentence."""


@dataclass(frozen=True, slots=True)
class KeyFact:
    """A key that the token names. `state` is one of the ring's, `compromised`, or `unknown`."""

    kid: str
    state: str
    algorithm: str = ""
    since: Instant | None = None


@dataclass(frozen=True, slots=True)
class SessionFact:
    """The row behind a proven credential."""

    id: str
    strategy: str
    created: Instant
    touched: Instant
    ends: Instant
    expires: Instant
    generation: int


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why. `request` is what a request would have got; `refresh` what a refresh would, of what refreshes."""

    kind: str
    at: Instant
    request: Verdict
    refresh: Verdict | None
    notes: tuple[str, ...]
    key: KeyFact | None
    session: SessionFact | None
    events: tuple[Event, ...]
    view_fresh: bool
    view_age: Seconds | None
    """Of the view of the feed; None before it was ever read."""
    view_position: int
