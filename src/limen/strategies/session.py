"""Sessions: the server keeps state, the request carries an opaque credential."""

from __future__ import annotations

import logging

from limen import ids
from limen.accounts import Account
from limen.clock import Instant, Mono, Seconds
from limen.errors import Denied, Unavailable
from limen.sessions import Presented, Session, StrategyName, is_head
from limen.strategies.base import Grant, Guarantees, Identity, Proof, Revoked, SignIn, Verified
from limen.strategies.opening import Opener, is_known_to_have_ended, living

_log = logging.getLogger("limen.strategies")


class SessionStrategy:
    """One store read for each request, none for a credential seen before under a fresh feed.

    Without the cache a revoked session is refused by the very next read. With it, the lag is the feed's,
    at most `max_staleness`.
    """

    name = StrategyName.SESSION

    def __init__(self, opener: Opener, *, cached: bool, max_staleness: Seconds) -> None:
        self._opener = opener
        self._lag = max_staleness if cached else 0.0
        self.guarantees = Guarantees(
            store_reads=0 if cached else 1,
            store_reads_unseen=1,
            store_reads_stale=1,
            revocation_lag=self._lag,
            refreshes=False,
        )

    async def issue(self, account: Account, sign_in: SignIn, *, now: Instant) -> Grant:
        session, first = await self._opener.open(account, sign_in, self.name, now=now)
        return Grant(
            account=session.account,
            session=session.id,
            strategy=self.name,
            credential=self._opener.sealer.seal(first),
            expires=session.ends,
            scopes=session.scopes,
        )

    async def admit(self, proof: Proof, *, now: Instant, mono: Mono, activity: bool) -> Verified:
        if not isinstance(proof, Presented):
            raise Denied("this credential is not valid", code="credential_invalid", reason="not_a_session")
        changes = self._opener.filter.changes  # before the read: what is revoked meanwhile is found by recall
        row = await self._opener.store.session(proof.sid)
        session = living(row, proof.sid, None, self.name, now=now, alarm=_log.critical)
        if not is_head(session, proof):
            raise Denied("this credential is not valid", code="credential_invalid", reason="secret_mismatch")
        if is_known_to_have_ended(session, self._opener.filter):
            raise Denied("this session has ended", code="credential_revoked", reason="row_came_back")
        touched, ends = session.touched, session.ends
        if activity and now - touched >= self._opener.lifetimes.touch_after:
            touched, ends = await self._touch(session, now)
        return Verified(
            identity=_identity(session, ends),
            good_until=Instant(min(ends, touched + self._opener.lifetimes.touch_after)),
            follows_feed=True,
            sid_ms=ids.created_ms(session.id),
            changes=changes,
        )

    def admit_now(self, proof: Proof, *, now: Instant, mono: Mono) -> Verified | None:
        return None  # a session that is not remembered is a row of the store

    def effective(self, identity: Identity, *, now: Instant) -> Revoked:
        return Revoked(Instant(now + self._lag))

    async def _touch(self, session: Session, now: Instant) -> tuple[Instant, Instant]:
        """Record activity. Where that cannot be written the session is not extended, and lives on."""
        idle = self._opener.lifetimes.idle
        try:
            alive = await self._opener.store.touch(session.id, now=now, idle=idle)
        except Unavailable as error:
            _log.warning("activity was not recorded: %s", error.reason)
            return session.touched, session.ends
        if not alive:
            raise Denied("this session has ended", code="credential_revoked", reason="session_gone")
        return now, Instant(min(now + idle, session.expires))


def _identity(session: Session, ends: Instant) -> Identity:
    return Identity(
        account=session.account,
        session=session.id,
        strategy=session.strategy,
        authenticated=session.authenticated,
        amr=session.amr,
        scopes=frozenset(session.scopes),
        expires=ends,
    )
