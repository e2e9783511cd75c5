"""What a store must do for recovery: tickets that are spent once, and an outbox that loses no letter.

A ticket is spent in the step that does what it permits. Letters come into the outbox in the step that gives
reason to write them, so what was done is never left untold, and nothing is told that was not done.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from limen.accounts import Account
from limen.clock import Instant, Seconds
from limen.ids import AccountID
from limen.letters import Posted
from limen.revocations import Revocation
from limen.sessions import Digest
from limen.tickets import Purpose, Ticket


@dataclass(frozen=True, slots=True)
class Moved:
    """The account has its new address, and `account` is the row as it is now."""

    account: Account


@dataclass(frozen=True, slots=True)
class OneSide:
    """This side has agreed; the other is still asked."""


@dataclass(frozen=True, slots=True)
class AddressTaken:
    """Another account has the address meanwhile. The change is over."""


class Recovery(Protocol):
    """Tickets, each spent in one atomic step with what it permits (`tickets.is_good`).

    Wherever a password is replaced by its owner's or an operator's doing, the account's tickets go, but for
    the one that proves its present address; wherever it is disabled, deleted, or reset, all of them.
    """

    async def open_tickets(
        self, account: AccountID, tickets: Sequence[Ticket], letters: Sequence[Posted] = ()
    ) -> bool:
        """Keep tickets of one account in place of older ones (`tickets.replaced_by`), and post the letters.

        False, and nothing changed, if the account is absent or disabled, if its key is not their `holder`, or
        if one is to prove an address that is proven already.
        """
        ...

    async def ticket(self, account: AccountID, purpose: Purpose) -> Ticket | None:
        """The account's ticket of this purpose, good or not."""
        ...

    async def verify_email(
        self, account: AccountID, *, spent: Digest, now: Instant, until: Instant
    ) -> Revocation | None:
        """The address is proven: set `verified`, end all sessions, and let every other ticket go.

        None if the ticket is not good, and then nothing changed.
        """
        ...

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
        """Replace the hash, end all sessions, and let every ticket go; the address is proven by it.

        None if the ticket is not good, or the account disabled, and then nothing changed.
        """
        ...

    async def confirm_email(
        self,
        account: AccountID,
        purpose: Purpose,
        *,
        spent: Digest,
        now: Instant,
        letters: Sequence[Posted] = (),
    ) -> Moved | OneSide | AddressTaken | None:
        """One side of a change agrees. Where the other has agreed before, the account moves.

        Moving sets address, key (`accounts.email_key`) and `verified`, lets every ticket go, and posts the
        letters. Sessions go on. None if the ticket is not good, or its other side is gone.
        """
        ...


class Outbox(Protocol):
    """Letters that wait to be sent, by whichever process comes first; each at least once."""

    async def post(self, letters: Sequence[Posted]) -> None:
        """Put letters into the outbox, all or none."""
        ...

    async def take_letters(self, *, now: Instant, lease: Seconds, limit: int = 10) -> list[Posted]:
        """Take those letters that are due longest, over or not; nobody else gets them for `lease`.

        In the order of their ids. Each comes with its `due` moved to `now + lease` and `attempts` one higher.
        """
        ...

    async def letter_sent(self, letter: str) -> None:
        """It is delivered, or will never be: let it go."""
        ...

    async def letter_failed(self, letter: str, *, attempts: int, due: Instant) -> None:
        """Try it again at `due`. Nothing where another has taken it since (`attempts` is higher)."""
        ...

    async def sweep_recovery(self, *, now: Instant, limit: int = 1_000) -> int:
        """Remove up to `limit` tickets past `ends`, and as many letters that are over since
        `letters.UNSENT_KEPT`, by index; how many went."""
        ...

    async def letters_waiting(self) -> int:
        """How many letters there are, over or not; it counts no further than 10,000."""
        ...
