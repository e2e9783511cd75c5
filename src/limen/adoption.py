"""Adoption, `auth.adoption`: what a framework asks that keeps users and signs them in itself."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from limen.accounts import Account
from limen.audit import THE_OPERATOR, Actor
from limen.clock import Instant, Mono
from limen.flows import adopt
from limen.flows.parts import Parts
from limen.flows.sign_in import Balance, prove_sign_in
from limen.ids import AccountID
from limen.sessions import Session, StrategyName
from limen.strategies.base import Grant, Revoked, Strategy


@dataclass(frozen=True, slots=True)
class Proven:
    """An account whose password was proven."""

    found: str | None = field(repr=False)
    """The hash that it was proven by."""
    kept: Account
    """The account as it is kept now: an old hash was made anew meanwhile."""


class Adoption:
    """Each method hands on to one flow."""

    def __init__(self, parts: Parts, accepted: Iterable[Strategy]) -> None:
        self._parts, self._accepted = parts, tuple(accepted)

    async def prove(
        self,
        account: str | None,
        typed: str,
        password: str,
        *,
        started: Mono,
        source: str = "",
        balance: Balance | None = None,
    ) -> Proven:
        """See flows/sign_in, `prove_sign_in`. `account`: the id of whom the framework knows as `typed`."""
        found = None if account is None else await self._parts.store.account(AccountID(account))
        kept = await prove_sign_in(
            self._parts, found, typed, password, started=started, source=source, balance=balance
        )
        return Proven(None if found is None else found.password, kept)

    async def adopt_account(
        self, email: str, hashed: str | None, *, scopes: tuple[str, ...] | None = None,
        by: Actor = THE_OPERATOR,
    ) -> Account:  # fmt: skip
        """See flows/adopt."""
        wanted = self._parts.settings.default_scopes if scopes is None else scopes
        return await adopt.adopt_account(self._parts, email, hashed, scopes=wanted, by=by)

    def is_usable(self, hashed: str) -> bool:
        """See flows/adopt."""
        return adopt.is_usable(self._parts, hashed)

    async def set_hash(self, account: Account, hashed: str, *, by: Actor = THE_OPERATOR) -> Revoked:
        """See flows/adopt."""
        return await adopt.set_hash(self._parts, self._accepted, account, hashed, by=by)

    async def open_session(
        self,
        account: Account,
        *,
        amr: tuple[str, ...],
        authenticated: Instant | None = None,
        source: str = "",
        user_agent: str = "",
    ) -> Grant:
        """See flows/adopt."""
        return await adopt.open_session(
            self._parts, account, amr=amr, authenticated=authenticated, source=source, user_agent=user_agent
        )

    async def session(self, sid: str) -> Session | None:
        """See flows/adopt, `live_session`."""
        return await adopt.live_session(self._parts, sid)

    async def end(self, sid: str, account: str, *, source: str = "") -> None:
        """See flows/adopt, `end_adopted`."""
        follows = self._parts.strategy.name is not StrategyName.JWT
        await adopt.end_adopted(self._parts, sid, account, follows_feed=follows, source=source)
