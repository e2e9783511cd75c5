"""What is known where an explanation is made."""

from __future__ import annotations

from dataclasses import dataclass, field

from limen.accounts import Account
from limen.clock import Instant, Seconds
from limen.explanation.record import Ruling
from limen.jose.jwt import TokenPolicy
from limen.keys import StoredKey
from limen.revocations import Revocation
from limen.sessions import Presented, Session


@dataclass(frozen=True, slots=True)
class View:
    """This process's view of the feed. `settles`: it was the whole answer, and no row had to be read."""

    fresh: bool
    age: Seconds
    max_staleness: Seconds
    position: int
    settles: bool


@dataclass(frozen=True, slots=True)
class Prospect:
    """What a refresh would come to, and the account that it would ask about."""

    ruling: Ruling
    account: Account | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """State is here only for what the credential has proven: whoever merely writes an id learns nothing of
    it. Keys are public, and stand here for any token."""

    now: Instant
    policy: TokenPolicy
    accepted: tuple[str, ...]
    """The strategies whose credentials are taken."""
    loaded: frozenset[str]
    """The ids of the keys that this process checks with."""
    keys: tuple[StoredKey, ...] = field(default=(), repr=False)
    events: tuple[Revocation, ...] = ()
    """Those of the feed that cover the credential, and those of its key."""
    row: Session | None = field(default=None, repr=False)
    presented: Presented | None = None
    prospect: Prospect | None = None
    view: View
    away: str = ""
    """Why some of this could not be had: the store's reason."""
