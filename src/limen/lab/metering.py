"""A store with a meter before it: counts what reaches it, adds a distance to it, and can be cut off.

It stands where the wire to the store would be, so it works for every store alike. What it counts is what
Limen asks for; a store that answers many at once (PostgreSQL, Redis) does so behind it.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Awaitable, Callable
from inspect import iscoroutinefunction
from typing import Any

from limen.clock import Clock, Seconds
from limen.errors import Unavailable
from limen.revocations import Page

READS = frozenset({"account", "account_by_key", "accounts", "session", "sessions_of", "ring"})
FEED = "read_feed"
_LIFE = frozenset({"start", "close", "migrate", "schema", "wait"})
"""Not metered: around the first of them there is no store, and to wait for a call asks nothing of one."""

Pause = Callable[[Seconds], Awaitable[None]]


class Metered:
    """Passes every operation of a store on. `operations` counts them by name, the failed ones too.

    `pause` waits for `rtt` before each. `again` repeats each read of a session so many times more, and `late`
    holds events back: planted faults, which the lab's own tests must find.
    """

    def __init__(
        self,
        store: Any,
        clock: Clock,
        *,
        pause: Pause,
        rtt: Seconds = 0.0,
        again: int = 0,
        late: Seconds = 0.0,
    ) -> None:
        self._store, self._clock, self._pause = store, clock, pause
        self._rtt, self._again, self._late = rtt, again, late
        self._held: deque[tuple[float, Page]] = deque()
        self.operations: Counter[str] = Counter()
        self.cut: frozenset[str] = frozenset()
        """`store`: nothing gets through. `feed`: the feed alone does not."""

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._store, name)
        if name in _LIFE or not iscoroutinefunction(found):
            return found
        metered = self._metered(name, found)
        self.__dict__[name] = metered  # asked for once; from then on there is no detour
        return metered

    def _metered(self, name: str, operation: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        times = 1 + self._again if name == "session" else 1

        async def call(*args: Any, **kwargs: Any) -> Any:
            for _ in range(times):
                self.operations[name] += 1
                if self._rtt:
                    await self._pause(self._rtt)
                if self.cut and ("store" in self.cut or name == FEED):
                    raise Unavailable("the store is cut off, by the lab", reason="lab_cut")
                answer = await operation(*args, **kwargs)
            return self._hold(args[0], answer) if self._late and name == FEED else answer

        return call

    def _hold(self, after: int, page: Page) -> Page:
        """The newest page that is `late` old: each holds all events since `after`, which stands still
        meanwhile."""
        now = self._clock.monotonic()
        self._held.append((now, page))
        ripe = None
        while self._held and now - self._held[0][0] >= self._late:
            ripe = self._held.popleft()[1]
        return ripe or Page((), after, page.ring)
