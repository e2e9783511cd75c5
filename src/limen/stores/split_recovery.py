"""Recovery and arrivals over two stores: tickets and the outbox are where the accounts are, and what ends
sessions is carried out in the store of the sessions."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Coroutine, Sequence
from typing import Any

from limen.accounts import Account
from limen.clock import Instant, Seconds
from limen.ids import AccountID
from limen.letters import Posted
from limen.revocations import Revocation
from limen.sessions import Digest
from limen.stores.base import Store
from limen.stores.base_recovery import AddressTaken, Moved, OneSide
from limen.tickets import Purpose, Ticket


class SplitRecovery(ABC):
    """A part of the split store: what is declared here without a body is the whole store's."""

    _accounts: Store

    @abstractmethod
    async def _cut(
        self,
        account: AccountID,
        step: Coroutine[Any, Any, Revocation | None],
        now: Instant,
        *,
        careful: bool = False,
    ) -> Revocation | None: ...

    async def add_accounts(self, accounts: Sequence[Account]) -> frozenset[AccountID]:
        return await self._accounts.add_accounts(accounts)

    async def taken(
        self, *, keys: Sequence[str], ids: Sequence[AccountID] = ()
    ) -> list[tuple[AccountID, str]]:
        return await self._accounts.taken(keys=keys, ids=ids)

    async def open_tickets(
        self, account: AccountID, tickets: Sequence[Ticket], letters: Sequence[Posted] = ()
    ) -> bool:
        return await self._accounts.open_tickets(account, tickets, letters)

    async def ticket(self, account: AccountID, purpose: Purpose) -> Ticket | None:
        return await self._accounts.ticket(account, purpose)

    async def verify_email(
        self, account: AccountID, *, spent: Digest, now: Instant, until: Instant
    ) -> Revocation | None:
        step = self._accounts.verify_email(account, spent=spent, now=now, until=until)
        return await self._cut(account, step, now, careful=True)

    async def reset_password(
        self,
        account: AccountID,
        *,
        spent: Digest,
        fresh: str,
        now: Instant,
        until: Instant,
        letters: Sequence[Posted] = (),
    ) -> Revocation | None:
        step = self._accounts.reset_password(
            account, spent=spent, fresh=fresh, now=now, until=until, letters=letters
        )
        return await self._cut(account, step, now, careful=True)

    async def confirm_email(
        self,
        account: AccountID,
        purpose: Purpose,
        *,
        spent: Digest,
        now: Instant,
        letters: Sequence[Posted] = (),
    ) -> Moved | OneSide | AddressTaken | None:
        return await self._accounts.confirm_email(account, purpose, spent=spent, now=now, letters=letters)

    async def post(self, letters: Sequence[Posted]) -> None:
        await self._accounts.post(letters)

    async def take_letters(self, *, now: Instant, lease: Seconds, limit: int = 10) -> list[Posted]:
        return await self._accounts.take_letters(now=now, lease=lease, limit=limit)

    async def letter_sent(self, letter: str) -> None:
        await self._accounts.letter_sent(letter)

    async def letter_failed(self, letter: str, *, attempts: int, due: Instant) -> None:
        await self._accounts.letter_failed(letter, attempts=attempts, due=due)

    async def sweep_recovery(self, *, now: Instant, limit: int = 1_000) -> int:
        return await self._accounts.sweep_recovery(now=now, limit=limit)

    async def letters_waiting(self) -> int:
        return await self._accounts.letters_waiting()
