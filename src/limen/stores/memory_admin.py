"""The memory store for those who look after it: the list of accounts, and the audit log."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from contextlib import AbstractContextManager

from limen import ids
from limen.accounts import ADMIN_SCOPE, Account, Among
from limen.audit import Entry, EntryID, Wanted
from limen.clock import Instant
from limen.ids import AccountID
from limen.stores.base import joined, storable


class MemoryAdmin(ABC):
    """A part of the memory store: the accounts and `_step` are the whole store's."""

    _accounts: dict[AccountID, Account]
    _keys: dict[str, AccountID]
    _entries: dict[EntryID, Entry]

    @abstractmethod
    def _step(self) -> AbstractContextManager[None]: ...

    async def newest_accounts(
        self, among: Among = Among.ALL, *, before: AccountID | None = None, limit: int = 100
    ) -> list[Account]:
        with self._step():
            found = [a for a in self._among(among) if before is None or a.id < before]
            return sorted(found, key=lambda a: a.id, reverse=True)[:limit]

    async def accounts_beginning(self, prefix: str, *, after: str = "", limit: int = 100) -> list[Account]:
        with self._step():
            keys = sorted(key for key in self._keys if key.startswith(prefix) and key > after)
            return [self._accounts[self._keys[key]] for key in keys[:limit]]

    async def count_accounts(self, among: Among = Among.ALL, *, most: int = 10_000) -> int:
        with self._step():
            return min(len(self._among(among)), most)

    async def add_first_administrator(self, account: Account) -> bool:
        storable(account.email, account.key, account.password or "", account.name)
        joined(account.scopes)
        with self._step():
            if self._among(Among.ADMINISTRATORS) or account.id in self._accounts or account.key in self._keys:
                return False
            self._accounts[account.id] = account
            self._keys[account.key] = account.id
            return True

    async def add_accounts(self, accounts: Sequence[Account]) -> frozenset[AccountID]:
        for a in accounts:
            storable(a.email, a.key, a.password or "", a.name)
            joined(a.scopes)
        kept = set()
        with self._step():
            for account in accounts:
                if account.id not in self._accounts and account.key not in self._keys:
                    self._accounts[account.id] = account
                    self._keys[account.key] = account.id
                    kept.add(account.id)
        return frozenset(kept)

    async def taken(
        self, *, keys: Sequence[str], ids: Sequence[AccountID] = ()
    ) -> list[tuple[AccountID, str]]:
        with self._step():
            found = {*(self._keys[key] for key in keys if key in self._keys)}
            found |= {account for account in ids if account in self._accounts}
            return [(account, self._accounts[account].key) for account in found]

    def _among(self, among: Among) -> list[Account]:
        if among is Among.DISABLED:
            return [a for a in self._accounts.values() if a.disabled is not None]
        if among is Among.ADMINISTRATORS:
            return [a for a in self._accounts.values() if ADMIN_SCOPE in a.scopes]
        return list(self._accounts.values())

    async def keep_entries(self, entries: Sequence[Entry]) -> None:
        for entry in entries:
            storable(entry.event, entry.result, entry.actor, entry.source, entry.detail)
        with self._step():
            self._entries = {entry.id: entry for entry in entries} | self._entries

    async def entries(
        self, wanted: Wanted, *, before: EntryID | None = None, limit: int = 100
    ) -> list[Entry]:
        with self._step():
            found = [e for e in self._entries.values() if wanted.fits(e)]
        found = [e for e in found if before is None or e.id < before]
        found = [e for e in found if wanted.since is None or ids.created_ms(e.id) >= int(wanted.since * 1000)]
        found = [e for e in found if wanted.until is None or ids.created_ms(e.id) < int(wanted.until * 1000)]
        return sorted(found, key=lambda e: e.id, reverse=True)[:limit]

    async def forget_entries(self, upto: Instant, *, limit: int = 1_000) -> int:
        with self._step():
            old = sorted(e for e in self._entries if ids.created_ms(e) < int(upto * 1000))[:limit]
            for entry in old:
                del self._entries[entry]
            return len(old)
