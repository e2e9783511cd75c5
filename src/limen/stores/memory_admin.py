"""The memory store for those who look after it: the audit log in one dictionary."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager

from limen import ids
from limen.audit import Entry, EntryID, Wanted
from limen.clock import Instant
from limen.stores.base import storable


class MemoryAdmin:
    """A part of the memory store: `_step` is the whole store's."""

    _entries: dict[EntryID, Entry]

    def _step(self) -> AbstractContextManager[None]:
        raise NotImplementedError

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
