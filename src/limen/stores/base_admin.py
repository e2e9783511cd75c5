"""What a store must do for those who look after it: the audit log."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from limen.audit import Entry, EntryID, Wanted
from limen.clock import Instant


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
