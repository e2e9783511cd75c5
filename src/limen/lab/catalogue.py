"""The figures of a run by name: what reports print, what `diff` compares, in one list.

Each is a number for a cell, made of samples: one for each round, sign-out or hash. Some are exact, because
they were counted and not timed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from limen.lab import figures
from limen.lab.records import BEAT, Beat, Cell, Outage, Run, Turn
from limen.lab.statistics import Interval, interval, median, percentile

Samples = Callable[[Run, Cell], list[float]]


@dataclass(frozen=True, slots=True)
class Figure:
    """One kind of number. `scale` brings seconds or bytes to the unit that people read."""

    key: str
    title: str
    unit: str
    samples: Samples
    scale: float = 1.0
    more_is_better: bool = False
    statistic: Callable[[Sequence[float]], float] = median
    exact: bool = False
    """Counted: it has no interval, and any difference is one."""
    relative: bool = False
    """Within a run: holds between machines better than an absolute figure."""

    def of(self, run: Run, cell: Cell) -> Interval | None:
        """In its unit; None where it was not measured, or makes no sense for this cell."""
        values = self.samples(run, cell)
        if not values:
            return None
        if self.exact:
            value = self.statistic(values) * self.scale
            return Interval(value, value, value)
        found = interval(values, seed=run.options.seed, statistic=self.statistic)
        return found.scaled(self.scale)

    def text(self, run: Run, cell: Cell) -> str:
        """The value as a report prints it; a dash where there is none."""
        found = self.of(run, cell)
        return "–" if found is None else number(found.value)


def number(value: float) -> str:
    """Three figures that count, and thousands apart: `0.123`, `12.3`, `12,300`."""
    if value == 0:
        return "0"
    size = abs(value)
    if size >= 1_000:
        digits = len(str(int(size)))
        rounded = round(value, 3 - digits)
        return f"{rounded:,.0f}"
    if size >= 100:
        return f"{value:.0f}"
    if size >= 10:
        return f"{value:.1f}".removesuffix(".0")
    return f"{value:.2f}".removesuffix(".00") if size >= 0.1 else f"{value:.2g}"


def by_key(key: str) -> Figure:
    return next(figure for figure in FIGURES if figure.key == key)


def _turns(of: Callable[[Turn], float], kind: str, run: Run, cell: Cell) -> list[float]:
    return [of(turn) for turn in figures.turns(run, cell, kind)]


def _against_bare(of: Callable[[Turn, Turn], float], run: Run, cell: Cell) -> list[float]:
    bare = {turn.round: turn for turn in figures.turns(run, cell.beneath, "requests")}
    ours = figures.turns(run, cell, "requests")
    return (
        []
        if cell.is_reference or cell == cell.beneath
        else [of(t, bare[t.round]) for t in ours if t.round in bare]
    )


def _reads(situation: str, run: Run, cell: Cell) -> list[float]:
    found = figures.reads(run, cell, situation)
    return [] if found is None else [found]


def _first_look(run: Run, cell: Cell) -> list[float]:
    """The first look's processor time less a later one's, each time that both were counted."""
    if not cell.cache:
        return []  # every look is a first one
    firsts, laters = figures.counted(run, cell, "unseen"), figures.counted(run, cell, "seen")
    return [a.cpu / a.requests - b.cpu / b.requests for a, b in zip(firsts, laters, strict=False)]


def _writes(run: Run, cell: Cell) -> list[float]:
    found = figures.counted(run, cell, "seen")
    return [sum(one.writes for one in found) / sum(one.requests for one in found)] if found else []


def _wire(index: int, run: Run, cell: Cell) -> list[float]:
    found = figures.wire(run, cell)
    return [] if found is None else [found[index]]


def _lags(run: Run, cell: Cell) -> list[float]:
    return [value for lag in run.lags if lag.cell == cell for value in lag.seconds]


def _weight(thing: str, run: Run, cell: Cell) -> list[float]:
    return [weight.each for weight in run.weights if (weight.cell, weight.thing) == (cell, thing)]


def _outage(what: str, of: Callable[[Outage], float], run: Run, cell: Cell) -> list[float]:
    return [of(outage) for outage in run.outages if (outage.cell, outage.what) == (cell, what)]


def refused(outage: Outage) -> float:
    """Share of the requests that got 503 while the cut lasted."""
    return _during(outage, lambda beat: beat.unavailable)


def slow(outage: Outage) -> float:
    """Share of the requests that were kept waiting for more than a second."""
    return _during(outage, lambda beat: beat.slow)


def _during(outage: Outage, of: Callable[[Beat], int]) -> float:
    during = [b for b in outage.beats if outage.cut <= b.at and b.at + BEAT <= outage.healed]
    total = sum(beat.total for beat in during)
    return sum(map(of, during)) / total if total else 0.0


def wrong(outage: Outage) -> float:
    return float(sum(beat.wrong for beat in outage.beats))


def late(outage: Outage) -> float:
    return float(sum(beat.late for beat in outage.beats))


def _p99(values: Sequence[float]) -> float:
    return percentile(values, 0.99)


def _latency(share: float) -> Samples:
    return partial(_turns, lambda turn: turn.latency.quantile(share), "requests")


def _rate(kind: str) -> Samples:
    return partial(_turns, _rate_of, kind)


def _rate_of(turn: Turn) -> float:
    return turn.requests / turn.seconds


def _cpu(kind: str) -> Samples:
    return partial(_turns, lambda turn: turn.cpu / turn.requests, kind)


def _of_outages() -> list[Figure]:
    found = []
    for what in ("store", "feed"):
        for key, title, unit, of, scale in (
            ("refused", f"refused while the {what} was away", "%", refused, 100.0),
            ("slow", f"answered after more than a second ({what} away)", "%", slow, 100.0),
            ("late", f"revoked, let in within the promise ({what} away)", "requests", late, 1.0),
            ("wrong", f"revoked, let in against the promise ({what} away)", "requests", wrong, 1.0),
            ("recovery", f"until no 503 came any more ({what} back)", "ms", lambda o: o.recovery, 1e3),
        ):
            samples = partial(_outage, what, of)
            found.append(Figure(f"{what}-{key}", title, unit, samples, scale, exact=True))
    return found


FIGURES: tuple[Figure, ...] = (
    Figure(
        "authentication", "processor time for authentication", "µs",
        partial(_against_bare, lambda ours, bare: ours.cpu / ours.requests - bare.cpu / bare.requests), 1e6,
        relative=True,
    ),
    Figure(
        "relative", "throughput against no authentication", "×",
        partial(_against_bare, lambda ours, bare: _rate_of(ours) / _rate_of(bare)),
        more_is_better=True, relative=True,
    ),
    Figure("cost", "processor time for a request", "µs", _cpu("requests"), 1e6),
    Figure(
        "per-core", "requests per processor second", "1/s",
        partial(_turns, lambda turn: turn.requests / turn.cpu, "requests"), more_is_better=True,
    ),
    Figure("rate", "throughput", "1/s", _rate("requests"), more_is_better=True),
    Figure("p50", "latency, median", "ms", _latency(0.5), 1e3),
    Figure("p95", "latency, 95 %", "ms", _latency(0.95), 1e3),
    Figure("p99", "latency, 99 %", "ms", _latency(0.99), 1e3),
    Figure("reads-seen", "store reads a request, seen before", "", partial(_reads, "seen"), exact=True),
    Figure("reads-unseen", "store reads a request, first seen", "", partial(_reads, "unseen"), exact=True),
    Figure("reads-stale", "store reads a request, feed away", "", partial(_reads, "stale"), exact=True),
    Figure("writes", "store writes a request, seen before", "", _writes, exact=True),
    Figure("first-look", "processor time for a first look, beyond a later one", "µs", _first_look, 1e6),
    Figure("lag", "revocation lag, median", "ms", _lags, 1e3),
    Figure("lag-p99", "revocation lag, 99 %", "ms", _lags, 1e3, statistic=_p99),
    Figure("sign-in", "sign-ins, without hashing", "1/s", _rate("sign-in"), more_is_better=True),
    Figure("sign-in-cost", "processor time for a sign-in, without hashing", "µs", _cpu("sign-in"), 1e6),
    Figure("refresh", "refreshes", "1/s", _rate("refresh"), more_is_better=True),
    Figure("refresh-cost", "processor time for a refresh", "µs", _cpu("refresh"), 1e6),
    Figure("sent", "bytes of a request", "B", partial(_wire, 0), exact=True),
    Figure("received", "bytes of an answer", "B", partial(_wire, 1), exact=True),
    Figure("session", "a session in the store", "B", partial(_weight, "session"), exact=True),
    Figure("credential", "a credential that is remembered", "B", partial(_weight, "credential"), exact=True),
    Figure("revocation", "a young revocation", "B", partial(_weight, "revocation"), exact=True),
    *_of_outages(),
)  # fmt: skip
