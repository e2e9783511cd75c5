"""What a run says: each figure with its interval, from the raw turns. Reports and `plan` read it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from limen.lab import histogram
from limen.lab.histogram import Histogram
from limen.lab.records import BARE, SOCKET, Cell, Counted, Run, Turn
from limen.lab.statistics import Interval, interval, median, paired, spread

NOISY = 0.1
"""Where the middle half of the reference's rounds lies further apart than this, or others used so much of the
machine."""


@dataclass(frozen=True, slots=True)
class Split:
    """Processor seconds per request: what authentication, framework and network cost, by difference."""

    network: Interval
    framework: Interval
    authentication: Interval


def turns(run: Run, cell: Cell, kind: str) -> list[Turn]:
    """A cell's turns of one kind that were answered at all, by round."""
    found = [t for t in run.turns if t.cell == cell and t.kind == kind and t.requests]
    return sorted(found, key=lambda t: (t.round, t.concurrency))


def rate(run: Run, cell: Cell, kind: str = "requests") -> Interval | None:
    """Requests per second of all its processes."""
    return _over(run, cell, kind, lambda t: t.requests / t.seconds)


def cost(run: Run, cell: Cell, kind: str = "requests") -> Interval | None:
    """Processor seconds per request. Its inverse is throughput per core."""
    return _over(run, cell, kind, lambda t: t.cpu / t.requests)


def latency(run: Run, cell: Cell, share: float, kind: str = "requests") -> Interval | None:
    """A percentile of the seconds that an answer took: median over the rounds of each round's own."""
    return _over(run, cell, kind, lambda t: t.latency.quantile(share))


def distribution(run: Run, cell: Cell, kind: str = "requests") -> Histogram:
    """The latencies of all rounds together."""
    return histogram.merged(t.latency for t in turns(run, cell, kind))


def relative(run: Run, cell: Cell, to: Cell) -> Interval | None:
    """Throughput as a share of another cell's, round by round."""
    return _paired(run, cell, to, lambda t: t.requests / t.seconds, lambda a, b: a / b)


def split(run: Run, cell: Cell) -> Split | None:
    """Where a request's processor time goes. None unless both references were measured."""
    network = cost(run, Cell(SOCKET))
    framework = _paired(run, cell.beneath, Cell(SOCKET), _cpu, lambda a, b: a - b)
    authentication = _paired(run, cell, cell.beneath, _cpu, lambda a, b: a - b)
    if network is None or framework is None or authentication is None:
        return None
    return Split(network, framework, authentication)


def wire(run: Run, cell: Cell) -> tuple[float, float] | None:
    """Bytes sent and received per request."""
    found = turns(run, cell, "requests")
    total = sum(t.requests for t in found)
    if not total:
        return None
    return sum(t.sent for t in found) / total, sum(t.received for t in found) / total


def reads(run: Run, cell: Cell, situation: str) -> float | None:
    """Store reads per request in a situation, as counted."""
    found = counted(run, cell, situation)
    requests = sum(one.requests for one in found)
    return sum(one.reads for one in found) / requests if requests else None


def counted(run: Run, cell: Cell, situation: str) -> list[Counted]:
    """Every time that it was counted."""
    return [c for c in run.counted if (c.cell, c.situation) == (cell, situation) and c.requests]


def foreign(run: Run) -> float | None:
    """Share of the machine that others used while it was measured; None where the system does not say."""
    found = [t.foreign for t in run.turns if t.foreign is not None]
    return median(found) if found else None


def noise(run: Run) -> str | None:
    """A sentence about a machine that was not still, None for one that was."""
    rates = [t.requests / t.seconds for t in turns(run, Cell(BARE), "requests")]
    apart, others = spread(rates), foreign(run) or 0.0
    if apart <= NOISY and others <= NOISY:
        return None
    return (
        f"The machine was not still: the same server's throughput varied by {apart:.0%} between rounds (its "
        f"middle half), and others used {others:.0%} of the processors. Cells took turns, so ratios hold "
        "better "
        "than absolute figures do; the intervals say how well."
    )


def _cpu(turn: Turn) -> float:
    return turn.cpu / turn.requests


def _over(run: Run, cell: Cell, kind: str, of: Callable[[Turn], float]) -> Interval | None:
    values = [of(t) for t in turns(run, cell, kind)]
    return interval(values, seed=run.options.seed) if values else None


def _paired(
    run: Run,
    cell: Cell,
    other: Cell,
    of: Callable[[Turn], float],
    combine: Callable[[float, float], float],
) -> Interval | None:
    ours = {t.round: of(t) for t in turns(run, cell, "requests")}
    theirs = {t.round: of(t) for t in turns(run, other, "requests")}
    both = sorted(ours.keys() & theirs.keys())
    if not both:
        return None
    return paired([ours[r] for r in both], [theirs[r] for r in both], combine, seed=run.options.seed)
