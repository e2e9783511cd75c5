"""The hybrid: JWT on every request, a session behind it, and the feed between them."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from typing import assert_never

from limen.accounts import Account
from limen.clock import Instant, Mono, Seconds
from limen.errors import Denied
from limen.ids import SessionID
from limen.jose.jwt import Status
from limen.sessions import (
    Presented,
    Replay,
    SameSuccessor,
    Session,
    StrategyName,
    Unproven,
    is_head,
    judge_replay,
)
from limen.stores.base import Accounts, Gone, Rotated, Stale
from limen.strategies.base import (
    Grant,
    Guarantees,
    Identity,
    Proof,
    Replayed,
    Revoked,
    SignIn,
    Verified,
)
from limen.strategies.covered import followed, is_settled, refuse_covered
from limen.strategies.jwt import token_claims
from limen.strategies.opening import Opener, is_known_to_have_ended, living
from limen.strategies.tokens import AccessTokens

_log = logging.getLogger("limen.strategies")


class HybridStrategy:
    """Access tokens checked against the filter: no store read while the view of the feed is fresh, one
    while it is not. Refresh rotates the session credential, and a replay ends the session.
    """

    name = StrategyName.HYBRID

    def __init__(
        self,
        opener: Opener,
        tokens: AccessTokens,
        accounts: Accounts,
        *,
        max_staleness: Seconds,
        leeway: Seconds,
        status: Callable[[SessionID], Status] | None = None,
    ) -> None:
        self._opener, self._tokens, self._accounts = opener, tokens, accounts
        self._max_staleness, self._leeway, self._status = max_staleness, leeway, status
        self.guarantees = Guarantees(
            store_reads=0,
            store_reads_unseen=0,
            store_reads_stale=1,
            revocation_lag=max_staleness,
            refreshes=True,
        )

    async def issue(self, account: Account, sign_in: SignIn, *, now: Instant) -> Grant:
        session, first = await self._opener.open(account, sign_in, self.name, now=now)
        return self._grant(session, first, later_than=account.claims_changed, now=now)

    async def admit(self, proof: Proof, *, now: Instant, mono: Mono, activity: bool) -> Verified:
        verified, settled = self._by_the_view(proof, mono)
        if settled:
            return verified
        identity = verified.identity
        row = await self._opener.store.session(identity.session)
        session = living(row, identity.session, identity.account, self.name, now=now, alarm=_log.critical)
        narrowed = identity.scopes & frozenset(session.scopes)
        return replace(verified, identity=replace(identity, scopes=narrowed), good_until=now)

    def admit_now(self, proof: Proof, *, now: Instant, mono: Mono) -> Verified | None:
        verified, settled = self._by_the_view(proof, mono)
        return verified if settled else None

    async def refresh(self, presented: Presented, *, now: Instant) -> Grant:
        """The successor's grant. Two callers with one credential get the same successor.

        The account is read before the rotation: a change of its claims that comes in between covers the
        token that is issued here.
        """
        successor = self._opener.sealer.successor(presented)
        session = await self._live(presented, now)
        if is_known_to_have_ended(session, self._opener.filter):
            await self._end(session, now, "row_came_back")
            raise _denied("row_came_back")
        account = await self._owner(session)
        outcome = await self._opener.store.rotate(
            presented.sid, presented.digest, successor.digest, now=now, idle=self._opener.lifetimes.idle
        )
        match outcome:
            case Rotated(session):
                pass
            case Stale(session):
                await self._settle_stale(session, presented, successor, now)
            case Gone():
                raise _denied("session_gone")
            case _:
                assert_never(outcome)
        return self._grant(session, successor, later_than=account.claims_changed, now=now)

    async def foresee(self, presented: Presented, *, now: Instant) -> None:
        session = await self._live(presented, now)
        if is_known_to_have_ended(session, self._opener.filter):
            raise _denied("row_came_back")
        await self._owner(session)
        if is_head(session, presented):
            return
        verdict = self._judged(session, presented, self._opener.sealer.successor(presented), now)
        if not isinstance(verdict, SameSuccessor):
            raise _denied("replay" if isinstance(verdict, Replay) else "unproven")

    def effective(self, identity: Identity, *, now: Instant) -> Revoked:
        return Revoked(Instant(now + self._max_staleness))

    def _by_the_view(self, proof: Proof, mono: Mono) -> tuple[Verified, bool]:
        """What the token says, and whether our view of the feed is the whole answer; Denied if covered.

        How fresh the view is is asked first: on another thread than the loop's it may be renewed meanwhile,
        and what was looked up in the old one must not count as fresh.
        """
        known = self._opener.filter
        fresh = known.is_fresh(mono=mono, max_staleness=self._max_staleness)
        verified = followed(token_claims(proof), self.name, known, leeway=self._leeway)
        refuse_covered(verified, known)
        return verified, fresh and is_settled(verified, known)

    async def _live(self, presented: Presented, now: Instant) -> Session:
        row = await self._opener.store.session(presented.sid)
        try:
            return living(row, presented.sid, None, self.name, now=now, alarm=_log.critical)
        except Denied as denied:
            raise _denied(denied.reason) from denied

    async def _owner(self, session: Session) -> Account:
        """The account, which may sign in; else Denied."""
        account = await self._accounts.account(session.account)
        if account is None or account.disabled is not None:
            raise _denied("account_gone")
        return account

    def _judged(
        self, session: Session, presented: Presented, successor: Presented, now: Instant
    ) -> SameSuccessor | Replay | Unproven:
        grace = self._opener.lifetimes.refresh_grace
        return judge_replay(session, presented, successor.digest, now=now, grace=grace)

    async def _settle_stale(
        self, session: Session, presented: Presented, successor: Presented, now: Instant
    ) -> None:
        """Return where the head is the successor and young; else end what must end, and deny."""
        verdict = self._judged(session, presented, successor, now)
        match verdict:
            case SameSuccessor():
                return
            case Replay():
                # Committed before the request fails: a theft that is found is acted upon (R08).
                await self._end(session, now, "replay")
                raise Replayed(session.account)
            case Unproven():
                raise _denied("unproven")
            case _:
                assert_never(verdict)

    async def _end(self, session: Session, now: Instant, why: str) -> None:
        until = Instant(now + self._opener.lifetimes.memory)
        revocation = await self._opener.store.revoke_session(
            session.id, account=session.account, now=now, until=until, why=why
        )
        if revocation is not None:
            self._opener.filter.add(revocation)

    def _grant(self, session: Session, head: Presented, *, later_than: Instant, now: Instant) -> Grant:
        token, expires = self._tokens.issue(
            account=session.account,
            sid=session.id,
            strategy=self.name,
            authenticated=session.authenticated,
            amr=session.amr,
            scopes=session.scopes,
            ends=session.ends,
            later_than=later_than,
            now=now,
            status=None if self._status is None else self._status(session.id),
        )
        return Grant(
            account=session.account,
            session=session.id,
            strategy=self.name,
            credential=token,
            expires=expires,
            scopes=session.scopes,
            refresh=self._opener.sealer.seal(head),
            refresh_expires=session.ends,
        )


def _denied(reason: str) -> Denied:
    return Denied("this session cannot be refreshed: sign in again", code="refresh_denied", reason=reason)
