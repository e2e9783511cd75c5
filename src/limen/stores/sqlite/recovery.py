"""The SQLite store for recovery, tickets and the outbox, and for arrivals."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

from limen.accounts import Account
from limen.clock import Instant, Seconds
from limen.ids import AccountID
from limen.letters import Posted
from limen.revocations import Revocation
from limen.sessions import Digest
from limen.stores.base import is_storable, joined, storable
from limen.stores.base_recovery import AddressTaken, Moved, OneSide
from limen.stores.sqlite import arrivals, rows
from limen.stores.sqlite import letters as outbox
from limen.stores.sqlite import tickets as spending
from limen.stores.sqlite.sweep import sweep_recovery
from limen.stores.sqlite.writer import Writer
from limen.tickets import Purpose, Ticket


class SQLiteRecovery(ABC):
    """A part of the SQLite store: what is declared here without a body is the whole store's."""

    names_ended: bool

    @property
    @abstractmethod
    def _writer(self) -> Writer: ...

    @abstractmethod
    def _all(self, statement: str, *values: Any) -> list[rows.Row]: ...

    async def add_accounts(self, accounts: Sequence[Account]) -> frozenset[AccountID]:
        for a in accounts:
            storable(a.email, a.key, a.password or "", a.name)
            joined(a.scopes)
        return await self._writer.do(arrivals.add, tuple(accounts))

    async def taken(
        self, *, keys: Sequence[str], ids: Sequence[AccountID] = ()
    ) -> list[tuple[AccountID, str]]:
        found = [row for key in keys if is_storable(key) for row in self._all(arrivals.BY_KEY, key)]
        found += [row for one in ids for row in self._all(arrivals.BY_ID, rows.raw(one))]
        return arrivals.named(found)

    async def open_tickets(
        self, account: AccountID, tickets: Sequence[Ticket], letters: Sequence[Posted] = ()
    ) -> bool:
        storable(*(text for ticket in tickets for text in (ticket.holder, ticket.email)))
        return await self._writer.do(spending.open_, account, tuple(tickets), tuple(letters))

    async def ticket(self, account: AccountID, purpose: Purpose) -> Ticket | None:
        found = rows.readable(rows.ticket, self._all(spending.OF, rows.raw(account), purpose.value))
        return found[0] if found else None

    async def verify_email(
        self, account: AccountID, *, spent: Digest, now: Instant, until: Instant
    ) -> Revocation | None:
        return await self._writer.do(spending.verify_email, account, spent, now, until, self.names_ended)

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
        storable(fresh)
        return await self._writer.do(
            spending.reset_password, account, spent, fresh, now, until, self.names_ended, tuple(letters)
        )

    async def confirm_email(
        self,
        account: AccountID,
        purpose: Purpose,
        *,
        spent: Digest,
        now: Instant,
        letters: Sequence[Posted] = (),
    ) -> Moved | OneSide | AddressTaken | None:
        return await self._writer.do(spending.confirm_email, account, purpose, spent, now, tuple(letters))

    async def post(self, letters: Sequence[Posted]) -> None:
        await self._writer.do(outbox.keep, tuple(letters))

    async def take_letters(self, *, now: Instant, lease: Seconds, limit: int = 10) -> list[Posted]:
        return await self._writer.do(outbox.take, now, lease, limit)

    async def letter_sent(self, letter: str) -> None:
        await self._writer.do(outbox.sent, letter)

    async def letter_failed(self, letter: str, *, attempts: int, due: Instant) -> None:
        await self._writer.do(outbox.failed, letter, attempts, due)

    async def sweep_recovery(self, *, now: Instant, limit: int = 1_000) -> int:
        return await self._writer.do(sweep_recovery, now, limit)

    async def letters_waiting(self) -> int:
        return int(self._all(outbox.WAITING, 10_000)[0][0])
