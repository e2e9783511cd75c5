"""What a store must do for those who look after it: the list of accounts, and the audit log."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from limen.accounts import Account, Among
from limen.audit import Entry, EntryID, Wanted
from limen.clock import Instant
from limen.ids import AccountID


class Arrivals(Protocol):
    """Many accounts at once, which come from elsewhere."""

    async def add_accounts(self, accounts: Sequence[Account]) -> frozenset[AccountID]:
        """Keep new accounts, all in one step; the ids of those that were kept.

        Where an id or a `key` is taken, the account that has it stays as it is. Of two in one call that
        share one, one is kept.
        """
        ...

    async def taken(
        self, *, keys: Sequence[str], ids: Sequence[AccountID] = ()
    ) -> list[tuple[AccountID, str]]:
        """Id and key of each account that has one of these, in no order."""
        ...


class Directory(Arrivals, Protocol):
    """The list of accounts. All that is asked for is found by an index: a million take no longer than few."""

    async def newest_accounts(
        self, among: Among = Among.ALL, *, before: AccountID | None = None, limit: int = 100
    ) -> list[Account]:
        """Those with ids below `before`, newest first."""
        ...

    async def accounts_beginning(self, prefix: str, *, after: str = "", limit: int = 100) -> list[Account]:
        """Those whose key begins with `prefix` (`accounts.key_beginning`), ordered by key, above `after`."""
        ...

    async def count_accounts(self, among: Among = Among.ALL, *, most: int = 10_000) -> int:
        """How many there are, counted up to `most`: to count a million takes too long for a page."""
        ...

    async def add_first_administrator(self, account: Account) -> bool:
        """Keep a new account if there is no administrator yet; False if there is, or its id or key is taken.

        Of several at once one succeeds.
        """
        ...


class Audit(Protocol):
    """The audit log: entries are kept, found and, when they are old, forgotten. None is ever changed.

    They outlive the accounts that they tell of.
    """

    async def keep_entries(self, entries: Sequence[Entry]) -> None:
        """Keep them, all or none. One that is there already stays as it is, so that trying again is safe."""
        ...

    async def entries(
        self, wanted: Wanted, *, before: EntryID | None = None, limit: int = 100
    ) -> list[Entry]:
        """Those that are wanted and have ids below `before`, newest first.

        By an index where an account, an actor, a source, an event or a result but `ok` is given.
        """
        ...

    async def forget_entries(self, upto: Instant, *, limit: int = 1_000) -> int:
        """Remove up to `limit` entries that were made before `upto`, oldest first; how many went."""
        ...
