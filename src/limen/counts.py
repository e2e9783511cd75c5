"""What one process counts: plain numbers that it adds to, and that are read when somebody asks.

The core knows no exporter. Counting takes no lock and calls nobody, so a check that costs less than a
microsecond goes on costing that; `limen.metrics` reads all this at the moment of a scrape. Labels are fixed
words: nothing here is counted by an account, a session, an address or anything else that a client chooses.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from functools import wraps
from types import TracebackType
from typing import Any, Concatenate, ParamSpec, Protocol, Self, TypeVar

from limen.clock import Instant, Mono, Seconds
from limen.errors import Denied, LimenError, Unavailable

P = ParamSpec("P")
T = TypeVar("T")
C = TypeVar("C", bound="_Counted")

BOUNDS: tuple[Seconds, ...] = (
    0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0,
)  # fmt: skip
"""Upper ends of what durations are sorted into, from a read of SQLite to a mail server that hangs."""
UNKNOWN = "none"
"""The strategy of a credential that proves nothing."""

Span = AbstractContextManager[Any]
_NOTHING: Span = nullcontext()
Spans = Callable[[str, Mapping[str, str]], Span]
"""Opens a span of a trace: its name, and attributes that are fixed words."""


class Durations:
    """How often something took how long, and how long altogether."""

    __slots__ = ("counts", "seconds")

    def __init__(self) -> None:
        self.counts = [0] * (len(BOUNDS) + 1)
        self.seconds: Seconds = 0.0

    def add(self, seconds: Seconds) -> None:
        self.counts[bisect_left(BOUNDS, seconds)] += 1
        self.seconds += seconds

    @property
    def count(self) -> int:
        return sum(self.counts)


class Counts:
    """What was counted since this process made its Limen or Verifier."""

    def __init__(self, monotonic: Callable[[], Mono]) -> None:
        self.monotonic = monotonic
        self.spans: Spans | None = None
        """Who writes traces, if anybody does."""
        self.checks: Counter[tuple[str, str]] = Counter()
        """Checks that were made in full, by strategy and outcome."""
        self.denials: Counter[str] = Counter()
        """Those that were denied, by the code of the error."""
        self.checking = Durations()
        self.operations: Counter[tuple[str, str]] = Counter()
        """What was asked of the store, by operation and outcome."""
        self.operating: dict[str, Durations] = {}
        self.events: Counter[tuple[str, str]] = Counter()
        """Entries of the audit log, by event and result."""
        self.opened: Counter[str] = Counter()
        """Sign-ins that ended in credentials, by strategy."""
        self.revocations: Counter[str] = Counter()
        """Events of the feed that came while this process followed it, by kind."""
        self.lag = Durations()
        """From the moment that an event says it is of until it was known here."""
        self.letters: Counter[str] = Counter()
        """Letters that the postman of this process had in hand, by what became of them."""
        self.waiting = 0
        """Letters in the outbox, when it was last looked at."""
        self.oldest: Instant | None = None
        """When the oldest letter that could not be delivered was written."""

        self.canary: Counter[str] = Counter()
        """Rounds of the canary by how they ended."""
        self.canary_lag: Seconds | None = None
        """How long after its end its last session was refused."""
        self.canary_at: Instant | None = None
        """When that was last measured to the end."""

    def check(self) -> Check:
        """`with counts.check() as check:` around a check that is made in full."""
        return Check(self)

    def span(self, name: str) -> Span:
        """A span around what is worth one; nothing where nobody writes traces."""
        return _NOTHING if self.spans is None else self.spans(name, {})

    def operation(self, name: str) -> Durations:
        """The durations of one operation of the store."""
        found = self.operating.get(name)
        if found is None:
            found = self.operating[name] = Durations()
        return found


class _Counted(Protocol):
    @property
    def counts(self) -> Counts: ...


def spanned(
    name: str,
) -> Callable[
    [Callable[Concatenate[C, P], Awaitable[T]]], Callable[Concatenate[C, P], Coroutine[Any, Any, T]]
]:
    """For a flow whose first argument has `counts`: a span around it."""

    def decorate(
        flow: Callable[Concatenate[C, P], Awaitable[T]],
    ) -> Callable[Concatenate[C, P], Coroutine[Any, Any, T]]:
        @wraps(flow)
        async def run(parts: C, /, *args: P.args, **kwargs: P.kwargs) -> T:
            with parts.counts.span(name):
                return await flow(parts, *args, **kwargs)

        return run

    return decorate


class Check:
    """One check: whose strategy it was, once that is known, and how it ended."""

    __slots__ = ("_began", "_counts", "_span", "strategy")

    def __init__(self, counts: Counts) -> None:
        self._counts, self.strategy = counts, UNKNOWN

    def __enter__(self) -> Self:
        spans = self._counts.spans
        self._span = None if spans is None else spans("limen.check", {})
        if self._span is not None:
            self._span.__enter__()
        self._began = self._counts.monotonic()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        counts = self._counts
        counts.checking.add(counts.monotonic() - self._began)
        counts.checks[self.strategy, outcome(error)] += 1
        if isinstance(error, Denied):
            counts.denials[error.code] += 1
        if self._span is not None:
            self._span.__exit__(kind, error, trace)


def outcome(error: BaseException | None, good: str = "accepted") -> str:
    """How something ended, in a fixed word."""
    if error is None:
        return good
    if isinstance(error, Denied):
        return "denied"
    if isinstance(error, Unavailable):
        return "unavailable"
    if isinstance(error, LimenError):
        return "rejected"
    return "error" if isinstance(error, Exception) else "cancelled"


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What a process is like at one moment."""

    recalled: Mapping[str, int]
    """Checks that memory answered, by strategy."""
    remembered: int
    """Credentials in that memory."""
    age: Seconds
    """Since the read was sent that this process's view of the feed is of."""
    fresh: bool
    position: int
    known: int
    """Revocations in memory."""
    missed: int
    strategy: str
    hashing: tuple[int, int, int, int] | None = None
    """Running, waiting, refused since the start, places in the queue."""
    hashed: Durations = field(default_factory=Durations)
    keys: Sequence[tuple[str, Seconds]] = ()
    """State and age of each live signing key."""
