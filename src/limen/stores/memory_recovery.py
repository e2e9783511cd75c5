"""The memory store for recovery: tickets and the outbox in two dictionaries."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import replace

from limen import tickets as rules
from limen.accounts import Account, email_key
from limen.clock import Instant, Seconds
from limen.ids import AccountID
from limen.letters import UNSENT_KEPT, Posted
from limen.revocations import Revocation
from limen.sessions import Digest
from limen.stores.base import storable
from limen.stores.base_recovery import AddressTaken, Moved, OneSide
from limen.tickets import CHANGE, Purpose, Ticket


class MemoryRecovery(ABC):
    """A part of the memory store: what is declared here without a body is the whole store's."""

    _accounts: dict[AccountID, Account]
    _keys: dict[str, AccountID]
    _tickets: dict[tuple[AccountID, Purpose], Ticket]
    _letters: dict[str, Posted]

    @abstractmethod
    def _step(self) -> AbstractContextManager[None]: ...

    @abstractmethod
    def _end_all(self, account: AccountID, now: Instant, until: Instant, why: str) -> Revocation: ...

    # -- tickets -----------------------------------------------------------------------------------------

    async def open_tickets(
        self, account: AccountID, tickets: Sequence[Ticket], letters: Sequence[Posted] = ()
    ) -> bool:
        storable(*(text for ticket in tickets for text in (ticket.holder, ticket.email)))
        with self._step():
            found = self._accounts.get(account)
            if found is None or not rules.may_be_opened(tickets, found):
                return False
            self._keep_tickets(account, tickets, letters)
            return True

    async def ticket(self, account: AccountID, purpose: Purpose) -> Ticket | None:
        with self._step():
            return self._tickets.get((account, purpose))

    async def verify_email(
        self, account: AccountID, *, spent: Digest, now: Instant, until: Instant
    ) -> Revocation | None:
        with self._step():
            found = self._good(account, Purpose.VERIFY, spent, now)
            if found is None:
                return None
            self._void(account)
            self._accounts[account] = replace(found, verified=now)
            return self._end_all(account, now, until, "email_verified")

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
        with self._step():
            found = self._good(account, Purpose.RESET, spent, now)
            if found is None:
                return None
            self._void(account, letters=letters)
            verified = now if found.verified is None else found.verified
            self._accounts[account] = replace(found, password=fresh, verified=verified)
            return self._end_all(account, now, until, "password_reset")

    async def confirm_email(
        self,
        account: AccountID,
        purpose: Purpose,
        *,
        spent: Digest,
        now: Instant,
        letters: Sequence[Posted] = (),
    ) -> Moved | OneSide | AddressTaken | None:
        with self._step():
            found = self._good(account, purpose, spent, now)
            (other_side,) = CHANGE - {purpose}
            other = self._tickets.get((account, other_side))
            if found is None or other is None:
                return None
            mine = self._tickets[account, purpose]
            if other.confirmed is None:
                self._tickets[account, purpose] = replace(mine, confirmed=now)
                return OneSide()
            self._void(account)
            key = email_key(mine.email)
            if self._keys.get(key, account) != account:
                return AddressTaken()
            del self._keys[found.key]
            self._keys[key] = account
            self._accounts[account] = moved = replace(found, email=mine.email, key=key, verified=now)
            self._keep_letters(letters)
            return Moved(moved)

    # -- outbox ------------------------------------------------------------------------------------------

    async def post(self, letters: Sequence[Posted]) -> None:
        with self._step():
            self._keep_letters(letters)

    async def take_letters(self, *, now: Instant, lease: Seconds, limit: int = 10) -> list[Posted]:
        with self._step():
            due = [p for p in self._letters.values() if p.due <= now]
            taken = sorted(due, key=lambda p: (p.due, p.id))[:limit]
            held = [replace(p, due=Instant(now + lease), attempts=p.attempts + 1) for p in taken]
            self._letters |= {p.id: p for p in held}
            return sorted(held, key=lambda p: p.id)

    async def letter_sent(self, letter: str) -> None:
        with self._step():
            self._letters.pop(letter, None)

    async def letter_failed(self, letter: str, *, attempts: int, due: Instant) -> None:
        with self._step():
            posted = self._letters.get(letter)
            if posted is not None and posted.attempts == attempts:
                self._letters[letter] = replace(posted, due=due)

    async def sweep_recovery(self, *, now: Instant, limit: int = 1_000) -> int:
        with self._step():
            over = sorted((t.ends, key) for key, t in self._tickets.items() if t.ends <= now)[:limit]
            old = Instant(now - UNSENT_KEPT)
            past = sorted((p.ends, p.id) for p in self._letters.values() if p.ends <= old)[:limit]
            for _, key in over:
                del self._tickets[key]
            for _, letter in past:
                del self._letters[letter]
            return len(over) + len(past)

    async def letters_waiting(self) -> int:
        with self._step():
            return min(len(self._letters), 10_000)

    # -- inside a step -----------------------------------------------------------------------------------

    def _good(self, account: AccountID, purpose: Purpose, spent: Digest, now: Instant) -> Account | None:
        """The account, if this ticket of it is good and it may use one."""
        found, ticket = self._accounts.get(account), self._tickets.get((account, purpose))
        if found is None or found.disabled is not None:
            return None
        return found if rules.is_good(ticket, spent, found.key, now=now) else None

    def _keep_tickets(self, account: AccountID, tickets: Sequence[Ticket], letters: Sequence[Posted]) -> None:
        for purpose in rules.replaced_by(ticket.purpose for ticket in tickets):
            self._tickets.pop((account, purpose), None)
        self._tickets |= {(account, ticket.purpose): ticket for ticket in tickets}
        self._keep_letters(letters)

    def _keep_letters(self, letters: Sequence[Posted]) -> None:
        self._letters |= {posted.id: posted for posted in letters}

    def _void(
        self, account: AccountID, *, but: Purpose | None = None, letters: Sequence[Posted] = ()
    ) -> None:
        """Let an account's tickets go, and tell of it."""
        for purpose in Purpose:
            if purpose is not but:
                self._tickets.pop((account, purpose), None)
        self._keep_letters(letters)
