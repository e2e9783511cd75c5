"""The log of the playground: its latest entries, and how what is done becomes one."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from time import perf_counter
from typing import Literal

from msgspec.structs import replace

from limen.clock import Clock
from limen.errors import LimenError
from limen.server.playground.meter import FEED, READS, Asking, tally
from limen.server.playground.records import OPERATOR, Asked, Entry

LOG_MAX = 2_000


class Log:
    """Entries under numbers that only grow. The oldest go."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._began = clock.monotonic()
        self._entries: deque[Entry] = deque(maxlen=LOG_MAX)
        self.last = self._gone = 0

    def now(self) -> float:
        """Seconds since it began."""
        return round(self._clock.monotonic() - self._began, 6)

    def add(self, entry: Entry) -> None:
        """Keep an entry under the next number."""
        if len(self._entries) == LOG_MAX:
            self._gone = self._entries[0].number
        self.last += 1
        self._entries.append(replace(entry, number=self.last))

    def mark(self, what: str, says: str = "", *, lane: str = "") -> None:
        """A line that is nobody's request: a switch was turned."""
        now = self.now()
        self.add(Entry(number=0, lane=lane, who="", what=what, at=now, ended=now, says=says))

    def after(self, number: int) -> tuple[list[Entry], bool]:
        """What came later than `number`, and whether some of it is gone."""
        return [entry for entry in self._entries if entry.number > number], number < self._gone

    def clear(self) -> None:
        """Forget the entries. Numbers go on."""
        self._entries.clear()
        self._gone = 0

    @contextmanager
    def operator(self, lane: str, what: str) -> Iterator[Note]:
        """Keep what an operator does inside, with all that it asks of the store."""
        at, note = self.now(), Note()
        with tally() as asked:
            began = perf_counter()
            yield note
            micros = (perf_counter() - began) * 1e6
        told = together(asked)
        self.add(
            Entry(
                number=0,
                lane=lane,
                who=OPERATOR,
                what=what,
                at=at,
                ended=self.now(),
                status=note.status,
                code=note.code,
                says=note.says,
                asked=told,
                reads=reads(told),
                micros=round(micros, 1),
                server="issuer",
            )
        )


class Note:
    """What came of something that was no request."""

    def __init__(self) -> None:
        self.status, self.code, self.says = 200, "", ""

    def failed(self, error: LimenError) -> None:
        self.status, self.code, self.says = error.status, error.code, error.message


def together(asked: Iterable[Asking]) -> list[Asked]:
    """Operations of one name as one, in the order in which they were first asked."""
    found: dict[str, Asked] = {}
    for one in asked:
        before = found.get(one.name) or Asked(one.name, _kind(one.name), 0, 0.0)
        micros = round(before.micros + one.seconds * 1e6, 1)
        found[one.name] = Asked(one.name, before.kind, before.count + 1, micros, before.failed + one.failed)
    return list(found.values())


def reads(asked: Iterable[Asked]) -> int:
    """Store reads among them. To read the feed is none: it is shared by all who come meanwhile."""
    return sum(one.count for one in asked if one.kind == "read")


def _kind(name: str) -> Literal["read", "feed", "write"]:
    if name == FEED:
        return "feed"
    return "read" if name in READS else "write"
