"""Opening a session, and reading one back: what the strategies with server state share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from limen import ids
from limen.accounts import Account
from limen.clock import Instant, Seconds
from limen.errors import Denied
from limen.ids import AccountID, Entropy, SessionID
from limen.revocations import Filter
from limen.sessions import Lifetimes, Presented, Sealer, Session, StrategyName
from limen.stores.base import Cut, NoAccount, Opened, Sessions
from limen.strategies.base import SignIn

_USER_AGENT_MAX = 256
_AHEAD_MAX: Seconds = 86_400
"""A session opened while a clock was ahead by more would outlive the absolute lifetime by as much."""


@dataclass(frozen=True, slots=True)
class Opener:
    """Everything that it takes to open a session."""

    store: Sessions
    filter: Filter
    sealer: Sealer
    lifetimes: Lifetimes
    limit: int | None
    entropy: Entropy
    chance: Entropy
    """What ids are made of."""

    async def open(
        self, account: Account, sign_in: SignIn, strategy: StrategyName, *, now: Instant
    ) -> tuple[Session, Presented]:
        """A new session and its first credential. Denied if the account was disabled or removed meanwhile.

        Where an account-wide cut lies in this very millisecond, or in the future because a clock went
        back, the id is made later than the cut: a new sign-in is never dead on arrival.
        """
        later_than = account.cutoff
        while True:
            sid = SessionID(ids.uuid7(Instant(max(now, later_than + 0.002)), self.chance))
            first = self.sealer.mint(sid, self.entropy)
            session = _session(account, sign_in, strategy, first, self.lifetimes, now)
            until = Instant(now + self.lifetimes.memory)
            match await self.store.open_session(session, limit=self.limit, until=until, now=now):
                case Opened(ended):
                    for revocation in ended:
                        self.filter.add(revocation)
                    return session, first
                case Cut(upto):
                    later_than = upto
                case NoAccount():
                    raise Denied("sign-in failed", code="sign_in_failed", reason="account_gone")


def _session(
    account: Account,
    sign_in: SignIn,
    strategy: StrategyName,
    first: Presented,
    lifetimes: Lifetimes,
    now: Instant,
) -> Session:
    return Session(
        id=first.sid,
        account=account.id,
        strategy=strategy,
        digest=first.digest,
        generation=first.generation,
        rotated=now,
        created=now,
        authenticated=now if sign_in.authenticated is None else sign_in.authenticated,
        amr=sign_in.amr,
        scopes=sign_in.scopes,
        touched=now,
        ends=Instant(now + lifetimes.idle),
        expires=Instant(now + lifetimes.absolute),
        user_agent=sign_in.user_agent[:_USER_AGENT_MAX],
        source=sign_in.source,
    )


def is_known_to_have_ended(session: Session, known: Filter) -> bool:
    """Whether an event is known that ends this session, whose row is there: a failover that lost the end has
    brought it back. Whoever has heard of the end goes on refusing it."""
    made = ids.created_ms(session.id)
    return known.covering(sid=session.id, account=session.account, sid_ms=made, kid=None) is not None


def living(
    session: Session | None,
    sid: SessionID,
    account: AccountID | None,
    strategy: StrategyName,
    *,
    now: Instant,
    alarm: Callable[[str], None],
) -> Session:
    """The session if it is the one that was asked for, of this strategy, and alive; else Denied.

    A store that answers with another's row (a mixed-up pipeline, a proxy's bug) is found out here.
    """
    if session is None:
        raise Denied("this session has ended", code="credential_revoked", reason="session_gone")
    if session.id != sid or (account is not None and session.account != account):
        alarm("the store answered with the row of another session")
        raise Denied("this credential is not valid", code="credential_invalid", reason="row_mixed_up")
    if session.strategy is not strategy:
        raise Denied("this credential is not valid", code="credential_invalid", reason="strategy_mismatch")
    if session.created - now > _AHEAD_MAX:
        raise Denied("this session has expired", code="credential_expired", reason="created_in_future")
    if now >= session.expires:
        raise Denied("this session has expired", code="credential_expired", reason="absolute_lifetime")
    if now >= session.ends:
        raise Denied("this session has expired", code="credential_expired", reason="idle_lifetime")
    return session
