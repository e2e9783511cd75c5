"""When an operation can have happened, what is sure of it, and how the clocks stood."""

from __future__ import annotations

from collections.abc import Sequence

from soak.history import Fault, Operation, Outcome, Promise


class Clocks:
    """How far the clocks of processes were turned; an interval, for within a fault it is before or after."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        self._turns = [fault for fault in faults if fault.seconds]

    def over(self, operation: Operation, *, until: float | None = None) -> tuple[float, float]:
        """The least and the most that the clock of whoever was asked can have been ahead meanwhile."""
        name, end = operation.process.partition(".")[0], operation.end if until is None else until
        by = [
            f.seconds for f in self._turns if f.whom == name and f.begin <= end and operation.begin <= f.end
        ]
        return min([0.0, *by]), max([0.0, *by])

    def turned(self, begin: float, end: float) -> bool:
        """Whether any clock was wrong at any time of this interval."""
        return any(fault.begin <= end and begin <= fault.end for fault in self._turns)


class Moments:
    """What may be said of the moments of one history's operations."""

    def __init__(self, promise: Promise, faults: Sequence[Fault]) -> None:
        self.promise, self.clocks = promise, Clocks(faults)
        self._losses = [fault for fault in faults if fault.loses]
        self._endings = [fault for fault in faults if fault.ends_all]

    def latest(self, o: Operation) -> float:
        """After this moment it has happened, or never will."""
        return o.end + (self.promise.linger if o.outcome in (Outcome.UNKNOWN, Outcome.BROKEN) else 0.0)

    def lost_by(self, o: Operation) -> Fault | None:
        """The fault that can have undone it although it was acknowledged."""
        return next((f for f in self._losses if f.begin <= o.end and o.begin <= f.end), None)

    def is_sure(self, o: Operation) -> bool:
        """Whether it was acknowledged, and by whoever does not lose what it acknowledged."""
        return o.outcome is Outcome.OK and self.lost_by(o) is None

    def ended_with_all(self, opening: Operation) -> float | None:
        """Since when a fault that ends all sessions can have ended this one."""
        return min((f.begin for f in self._endings if opening.begin < f.end), default=None)

    def is_apart(self, one: Operation, other: Operation) -> bool:
        """Whether the process of `other` can have seen the grace pass since `one`."""
        latest = self.latest(other)
        elapsed = latest + self.clocks.over(other, until=latest)[1] - one.begin - self.clocks.over(one)[0]
        return elapsed >= self.promise.refresh_grace

    def is_surely_apart(self, one: Operation, other: Operation) -> bool:
        """Whether it must have seen it pass."""
        elapsed = other.begin + self.clocks.over(other)[0] - one.end - self.clocks.over(one)[1]
        return elapsed >= self.promise.refresh_grace
