"""The PostgreSQL store for recovery: tickets and the outbox."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence

from limen.clock import Instant, Seconds
from limen.ids import AccountID
from limen.letters import Posted
from limen.revocations import Revocation
from limen.sessions import Digest
from limen.stores.base import storable
from limen.stores.base_recovery import AddressTaken, Moved, OneSide
from limen.stores.postgres import letters as outbox
from limen.stores.postgres import rows
from limen.stores.postgres import tickets as spending
from limen.stores.postgres.ranks import ACCOUNT, NONE
from limen.stores.postgres.reader import Reader
from limen.stores.postgres.step import Step
from limen.stores.postgres.sweep import sweep_recovery
from limen.stores.postgres.writer import Writer
from limen.tickets import Purpose, Ticket


class PostgresRecovery(ABC):
    """A part of the PostgreSQL store: what is declared here without a body is the whole store's."""

    names_ended: bool

    @property
    @abstractmethod
    def _writer(self) -> Writer[Step]: ...

    @property
    @abstractmethod
    def _reader(self) -> Reader: ...

    async def open_tickets(
        self, account: AccountID, tickets: Sequence[Ticket], letters: Sequence[Posted] = ()
    ) -> bool:
        storable(*(text for ticket in tickets for text in (ticket.holder, ticket.email)))
        rank, opened = (ACCOUNT, account), tuple(tickets)
        return await self._writer.do(spending.open_, rank, account, opened, tuple(letters))

    async def ticket(self, account: AccountID, purpose: Purpose) -> Ticket | None:
        row = await self._reader.row(spending.OF, rows.raw(account), purpose.value)
        return None if row is None else rows.ticket(row)

    async def verify_email(
        self, account: AccountID, *, spent: Digest, now: Instant, until: Instant
    ) -> Revocation | None:
        return await self._writer.end(
            spending.verify_email, (ACCOUNT, account), account, spent, now, until, self.names_ended
        )

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
        return await self._writer.end(
            spending.reset_password,
            (ACCOUNT, account),
            account,
            spent,
            fresh,
            now,
            until,
            self.names_ended,
            tuple(letters),
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
        return await self._writer.do(
            spending.confirm_email, (ACCOUNT, account), account, purpose, spent, now, tuple(letters)
        )

    async def post(self, letters: Sequence[Posted]) -> None:
        await self._writer.do(outbox.keep, (NONE, ""), tuple(letters))

    async def take_letters(self, *, now: Instant, lease: Seconds, limit: int = 10) -> list[Posted]:
        return await self._writer.do(outbox.take, (NONE, ""), now, lease, limit)

    async def letter_sent(self, letter: str) -> None:
        await self._writer.do(outbox.sent, (NONE, ""), letter)

    async def letter_failed(self, letter: str, *, attempts: int, due: Instant) -> None:
        await self._writer.do(outbox.failed, (NONE, ""), letter, attempts, due)

    async def sweep_recovery(self, *, now: Instant, limit: int = 1_000) -> int:
        return await self._writer.do(sweep_recovery, (NONE, ""), now, limit)

    async def letters_waiting(self) -> int:
        return int((await self._reader.rows(outbox.WAITING, 10_000))[0][0])
