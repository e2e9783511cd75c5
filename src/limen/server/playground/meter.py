"""A store with a meter and two switches before it: what is asked of it, by which request, for how long.

It stands where the wire to the store would be, so what it counts is what Limen asks for. The lab has one too,
with distances and planted faults in it; neither may know the other, and what they share is a dozen lines.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from inspect import iscoroutinefunction
from time import perf_counter
from typing import Any

from limen.errors import Unavailable

READS = frozenset({"account", "account_by_key", "accounts", "session", "sessions_of", "ring"})
FEED = "read_feed"
_UNMETERED = frozenset({"migrate", "schema", "wait"})
"""They ask nothing of a store for a request: to wait for a call is not to read."""


@dataclass(slots=True)
class Switches:
    """What is cut off. `store` takes the feed with it, which lies there."""

    store: bool = False
    feed: bool = False

    def check(self, operation: str) -> None:
        """Unavailable where the wire is cut that this operation would take."""
        if self.store:
            raise Unavailable("the store of the playground is stopped", reason="playground_store")
        if self.feed and operation == FEED:
            raise Unavailable("the feed of the playground is cut", reason="playground_feed")


@dataclass(frozen=True, slots=True)
class Asking:
    """One operation. `failed`: it raised, whatever it was."""

    name: str
    seconds: float
    failed: bool


_tally: ContextVar[list[Asking] | None] = ContextVar("limen.playground.tally", default=None)


@contextmanager
def tally() -> Iterator[list[Asking]]:
    """Everything that is asked of any metered store in this context, by tasks that it starts too."""
    found: list[Asking] = []
    token = _tally.set(found)
    try:
        yield found
    finally:
        _tally.reset(token)


class Metered:
    """Passes every operation on and counts it, the failed ones too. Several Limens may hold it: whoever made
    the store starts and closes it."""

    def __init__(self, store: Any, switches: Switches) -> None:
        self._store, self._switches = store, switches
        self.operations: Counter[str] = Counter()

    async def start(self) -> None:
        """Nothing: it is started already."""

    async def close(self) -> None:
        """Nothing: another may go on."""

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._store, name)
        if name in _UNMETERED or not iscoroutinefunction(found):
            return found
        metered = self._metered(name, found)
        self.__dict__[name] = metered  # asked for once; from then on there is no detour
        return metered

    def _metered(self, name: str, operation: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        async def call(*args: Any, **kwargs: Any) -> Any:
            self.operations[name] += 1
            asked, began, failed = _tally.get(), perf_counter(), True
            try:
                self._switches.check(name)
                answer = await operation(*args, **kwargs)
                failed = False
            finally:
                if asked is not None:
                    asked.append(Asking(name, perf_counter() - began, failed))
            return answer

        return call
