"""What a strategy promises and what it hands out.

A strategy turns a sign-in into credentials and a credential into an identity. `Limen` holds those that the
configuration accepts and picks by what the credential proves; there is no `if strategy ==` elsewhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NoReturn, Protocol

from limen.accounts import Account
from limen.clock import Instant, Mono, Seconds
from limen.errors import Denied, Misconfigured
from limen.ids import AccountID, SessionID
from limen.jose.jwt import Claims
from limen.sessions import Presented, StrategyName

Proof = Claims | Presented
"""What a credential proves by itself, before any state is asked: verified claims, or a sealed session id."""


@dataclass(frozen=True, slots=True)
class Guarantees:
    """What a strategy costs and how long a revoked credential may live: printed, tested, never flattered."""

    store_reads: int
    """Per request, under a fresh feed, for a credential that was seen before."""
    store_reads_unseen: int
    """Per request, under a fresh feed, for a credential seen for the first time."""
    store_reads_stale: int
    """Per request while the view of the feed is older than `max_staleness`; renewing it is tried before."""
    revocation_lag: Seconds
    """At most this long after a revocation was acknowledged is a covered credential still accepted."""
    refreshes: bool


@dataclass(frozen=True, slots=True)
class Identity:
    """The verified answer to "who is asking". Only a strategy's `authenticate` makes one."""

    account: AccountID
    session: SessionID
    strategy: StrategyName
    authenticated: Instant
    """When a person last proved who they are (`auth_time`)."""
    amr: tuple[str, ...]
    """How (RFC 8176), such as `("pwd",)`."""
    scopes: frozenset[str]
    expires: Instant
    """When this credential ends if nothing is done: a token's `exp`, a session's idle end."""

    @classmethod
    def __get_pydantic_core_schema__(cls, *_: object) -> NoReturn:
        """Misconfigured: where `Depends(…)` was forgotten FastAPI would read from the body who is asking."""
        raise Misconfigured(
            "an Identity is never read from a request: write Annotated[Identity, Depends(auth.required)], "
            "and of an answer name the members that it has"
        )


class Replayed(Denied):
    """A spent refresh credential came again, too late to be a second tab: its session was ended."""

    def __init__(self, account: AccountID) -> None:
        super().__init__(
            "this session cannot be refreshed: sign in again", code="refresh_denied", reason="replay"
        )
        self.account = account


@dataclass(frozen=True, slots=True)
class Verified:
    """An identity and what must be asked about it again at each request. The unit of the cache."""

    identity: Identity
    good_until: Instant
    """After this, verify from scratch: token expired, or session activity due to be recorded."""
    follows_feed: bool
    """False for the `jwt` strategy, which promises nothing earlier than expiry."""
    sid_ms: int = 0
    """The millisecond of the session id: account-wide cuts compare with it."""
    issued_ms: int | None = None
    """The millisecond of a token's `jti`, with which `claims` events compare. None: a session's row was
    read, and any `claims` event since then asks for another look."""
    changes: int = -1
    """The filter's count of changes from before the state behind this was read."""


@dataclass(frozen=True, slots=True)
class SignIn:
    """A sign-in whose factors are all proven; what is known about where it came from."""

    amr: tuple[str, ...]
    scopes: tuple[str, ...]
    user_agent: str = ""
    source: str = ""
    authenticated: Instant | None = None
    """When a person last proved who they are, where that was not now: a session that goes on in another."""


@dataclass(frozen=True, slots=True)
class Grant:
    """What a sign-in or a refresh hands out, before a transport writes it."""

    account: AccountID
    session: SessionID
    strategy: StrategyName
    credential: str = field(repr=False)
    """What requests present: a session credential or an access token."""
    expires: Instant
    scopes: tuple[str, ...]
    refresh: str | None = field(default=None, repr=False)
    refresh_expires: Instant | None = None


@dataclass(frozen=True, slots=True)
class Revoked:
    """The answer to a revocation: from `effective` on nobody accepts it, anywhere."""

    effective: Instant


class Strategy(Protocol):
    """One way to sign people in."""

    name: StrategyName
    guarantees: Guarantees

    async def issue(self, account: Account, sign_in: SignIn, *, now: Instant) -> Grant:
        """Credentials for a sign-in; Denied(`sign_in_failed`) if the account went away meanwhile."""
        ...

    async def admit(self, proof: Proof, *, now: Instant, mono: Mono, activity: bool) -> Verified:
        """The identity behind a credential whose signature or tag is right. Denied where its session is not
        (any more) good, Unavailable where nobody can tell.

        `activity=False` is a request that no person made (polling): it proves identity, and keeps nothing
        awake.
        """
        ...

    def admit_now(self, proof: Proof, *, now: Instant, mono: Mono) -> Verified | None:
        """The same from memory alone, on any thread; None where only `admit` can tell."""
        ...

    def effective(self, identity: Identity, *, now: Instant) -> Revoked:
        """When a revocation acknowledged at `now` takes effect everywhere."""
        ...


def accepted(strategies: Mapping[StrategyName, Strategy], name: StrategyName) -> Strategy:
    """The strategy of this name; Denied where the configuration does not accept it."""
    found = strategies.get(name)
    if found is None:
        raise Denied(
            "this credential is not accepted here", code="credential_invalid", reason="strategy_not_accepted"
        )
    return found


class Refreshes(Strategy, Protocol):
    """A strategy whose credentials are renewed."""

    async def refresh(self, presented: Presented, *, now: Instant) -> Grant:
        """New credentials for a session credential, which is spent by it. Denied(`refresh_denied`)."""
        ...

    async def foresee(self, presented: Presented, *, now: Instant) -> None:
        """Return where `refresh` would answer, and deny as it would; spend and end nothing."""
        ...
