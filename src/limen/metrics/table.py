"""The metrics themselves: name, kind, meaning and labels of each, and how it is read."""

from __future__ import annotations

import platform
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import accumulate
from typing import Any, Generic, Protocol, TypeVar

from prometheus_client.metrics_core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)

import limen
from limen.clock import Clock
from limen.counts import BOUNDS, Counts, Durations, Figures

Labels = tuple[str, ...]
Sample = tuple[Labels, float | Durations]
Source = TypeVar("Source")
"""What a metric is read from."""


class Counted(Protocol):
    """A Limen, or a Verifier."""

    clock: Clock
    counts: Counts

    def figures(self) -> Figures: ...


@dataclass(frozen=True, slots=True)
class Reading:
    """What one process has counted, and what it is like at one moment."""

    counts: Counts
    figures: Figures
    now: float

    @classmethod
    def of(cls, auth: Counted) -> Reading:
        return cls(auth.counts, auth.figures(), auth.clock.now())


@dataclass(frozen=True, slots=True)
class Described(Generic[Source]):
    """One metric: its name without a suffix of its kind, what it means, and how it is read."""

    name: str
    kind: str
    means: str
    labels: Labels
    read: Callable[[Source], Iterable[Sample]]

    @property
    def written(self) -> str:
        """As a query names it."""
        return f"{self.name}_total" if self.kind == "counter" else self.name

    def family(self, samples: Iterable[Sample]) -> Metric:
        if self.kind == "histogram":
            return _histogram(self, samples)
        made = CounterMetricFamily if self.kind == "counter" else GaugeMetricFamily
        found = made(self.name, self.means, labels=self.labels)
        for labels, value in samples:
            if not isinstance(value, Durations):
                found.add_metric(labels, value)
        return found


def _histogram(described: Described[Any], samples: Iterable[Sample]) -> Metric:
    found = HistogramMetricFamily(described.name, described.means, labels=described.labels)
    ends = [*map(str, BOUNDS), "+Inf"]
    for labels, value in samples:
        if isinstance(value, Durations):
            found.add_metric(
                labels, list(zip(ends, map(float, accumulate(value.counts)), strict=True)), value.seconds
            )
    return found


def _one(value: float | Durations) -> list[Sample]:
    return [((), value)]


def _checks(reading: Reading) -> Iterator[Sample]:
    """Those that memory answered were accepted. What never happened to our own strategy yet is 0."""
    own = [(reading.figures.strategy, outcome) for outcome in ("accepted", "denied", "unavailable")]
    recalled = reading.figures.recalled
    for strategy, outcome in sorted(
        {*own, *reading.counts.checks, *((name, "accepted") for name in recalled)}
    ):
        number = reading.counts.checks[strategy, outcome]
        yield (strategy, outcome), number + (recalled.get(strategy, 0) if outcome == "accepted" else 0)


def _hits(reading: Reading) -> Iterable[Sample]:
    recalled = {reading.figures.strategy: 0, **reading.figures.recalled}
    return [((name,), number) for name, number in recalled.items()]


def _durations_by_operation(reading: Reading) -> Iterable[Sample]:
    return [((name,), found) for name, found in sorted(reading.counts.operating.items()) if found.count]


def _hashing(place: int) -> Callable[[Reading], Iterable[Sample]]:
    def read(reading: Reading) -> Iterable[Sample]:
        return [] if reading.figures.hashing is None else _one(reading.figures.hashing[place])

    return read


def _keys(reading: Reading) -> Iterable[Sample]:
    """The oldest of each state."""
    oldest: dict[str, float] = {}
    for state, age in reading.figures.keys:
        oldest[state] = max(age, oldest.get(state, 0.0))
    return [((state,), age) for state, age in oldest.items()]


def _throttled(reading: Reading) -> Iterable[Sample]:
    found = {event: n for (event, result), n in reading.counts.events.items() if result == "throttled"}
    return [((event,), number) for event, number in sorted({"sign_in": 0, **found}.items())]


def _failing(reading: Reading) -> Iterable[Sample]:
    oldest = reading.counts.oldest
    return _one(0.0 if oldest is None else max(reading.now - oldest, 0.0))


def _canary_lag(reading: Reading) -> Iterable[Sample]:
    lag = reading.counts.canary_lag
    return [] if lag is None else [((reading.figures.strategy,), lag)]


def _canary_rounds(reading: Reading) -> Iterable[Sample]:
    rounds = reading.counts.canary
    words = ("refused", "denied", "unavailable", "error", *rounds) if rounds else ()
    return [((word,), rounds[word]) for word in sorted(set(words))]


def _info(reading: Reading) -> Iterable[Sample]:
    return [((limen.__version__, platform.python_version(), reading.figures.strategy), 1)]


METRICS: tuple[Described[Reading], ...] = (
    Described(
        "limen_build_info",
        "gauge",
        "Which Limen this is; always 1.",
        ("version", "python", "strategy"),
        _info,
    ),
    Described(
        "limen_checks",
        "counter",
        "Checks of a credential by the strategy that the credential proves (none: it proves nothing) and how "
        "they ended.",
        ("strategy", "outcome"),
        _checks,
    ),
    Described(
        "limen_check_denials",
        "counter",
        "Checks that were denied, by the code of the answer (docs/errors.md).",
        ("code",),
        lambda r: [((code,), n) for code, n in sorted(r.counts.denials.items())],
    ),
    Described(
        "limen_check_duration_seconds",
        "histogram",
        "Time of the checks that memory did not answer.",
        (),
        lambda r: _one(r.counts.checking),
    ),
    Described(
        "limen_cache_hits",
        "counter",
        "Checks that the memory of verified credentials answered, by strategy.",
        ("strategy",),
        _hits,
    ),
    Described(
        "limen_cache_misses",
        "counter",
        "Checks that were made in full.",
        (),
        lambda r: _one(r.counts.checking.count),
    ),
    Described(
        "limen_cache_credentials",
        "gauge",
        "Credentials in that memory.",
        (),
        lambda r: _one(r.figures.remembered),
    ),
    Described(
        "limen_store_operations",
        "counter",
        "What was asked of the store, and how it ended.",
        ("operation", "outcome"),
        lambda r: sorted((labels, n) for labels, n in r.counts.operations.items()),
    ),
    Described(
        "limen_store_operation_duration_seconds",
        "histogram",
        "Time that the store took for it.",
        ("operation",),
        _durations_by_operation,
    ),
    Described(
        "limen_feed_age_seconds",
        "gauge",
        "How old this process's view of the revocations is. Beyond max_staleness nothing is believed.",
        (),
        lambda r: _one(min(r.figures.age, 1e9)),
    ),
    Described(
        "limen_feed_fresh",
        "gauge",
        "Whether that view is believed: 1, or 0.",
        (),
        lambda r: _one(float(r.figures.fresh)),
    ),
    Described(
        "limen_feed_position",
        "gauge",
        "Up to which event of the feed this process knows it.",
        (),
        lambda r: _one(r.figures.position),
    ),
    Described(
        "limen_feed_lag_seconds",
        "histogram",
        "From the moment that an event says it is of, by the clock of who revoked, until it was known here.",
        (),
        lambda r: _one(r.counts.lag),
    ),
    Described(
        "limen_feed_gaps",
        "counter",
        "How often events were over before they came here, so that everything was verified anew.",
        (),
        lambda r: _one(r.figures.missed),
    ),
    Described(
        "limen_revocations",
        "counter",
        "Events of the feed that this process learned, by kind. Every process learns all of them.",
        ("kind",),
        lambda r: [((kind,), n) for kind, n in sorted(r.counts.revocations.items())],
    ),
    Described(
        "limen_revocations_remembered",
        "gauge",
        "Revocations in memory that may still cover something.",
        (),
        lambda r: _one(r.figures.known),
    ),
    Described("limen_hashing_running", "gauge", "Passwords that are hashed at this moment.", (), _hashing(0)),
    Described("limen_hashing_queue_length", "gauge", "Passwords that wait for a thread.", (), _hashing(1)),
    Described("limen_hashing_queue_capacity", "gauge", "How many may wait (`hash_queue`).", (), _hashing(3)),
    Described(
        "limen_hashing_refusals",
        "counter",
        "Requests that were told to come back because the queue was full.",
        (),
        _hashing(2),
    ),
    Described(
        "limen_hashing_duration_seconds",
        "histogram",
        "Time of one password hash, the waiting apart.",
        (),
        lambda r: [] if r.figures.hashing is None else _one(r.figures.hashed),
    ),
    Described(
        "limen_key_age_seconds",
        "gauge",
        "How long the oldest signing key of each state has been in it.",
        ("state",),
        _keys,
    ),
    Described(
        "limen_events",
        "counter",
        "Entries of the audit log by event and result (docs/admin.md).",
        ("event", "result"),
        lambda r: sorted((labels, n) for labels, n in r.counts.events.items()),
    ),
    Described(
        "limen_sessions_opened",
        "counter",
        "Sign-ins that ended in credentials, by strategy.",
        ("strategy",),
        lambda r: [((name,), n) for name, n in sorted({r.figures.strategy: 0, **r.counts.opened}.items())],
    ),
    Described(
        "limen_sessions_replayed",
        "counter",
        "Spent refresh credentials that were presented again: each ended its session.",
        (),
        lambda r: _one(r.counts.events["replay", "denied"] + r.counts.events["replay", "ok"]),
    ),
    Described(
        "limen_throttle_refusals",
        "counter",
        "Attempts that were told to wait, by what was attempted.",
        ("event",),
        _throttled,
    ),
    Described(
        "limen_mail_outbox_letters",
        "gauge",
        "Letters in the outbox, counted once a minute.",
        (),
        lambda r: _one(r.counts.waiting),
    ),
    Described(
        "limen_mail_letters",
        "counter",
        "Letters that the postman of this process had in hand, by what became of them.",
        ("outcome",),
        lambda r: [((name,), n) for name, n in sorted({"sent": 0, "put_off": 0, **r.counts.letters}.items())],
    ),
    Described(
        "limen_mail_failing_seconds",
        "gauge",
        "Age of the first letter that could not be delivered since one was; 0 while letters go out.",
        (),
        _failing,
    ),
    Described(
        "limen_canary_lag_seconds",
        "gauge",
        "How long after its end the last session of the canary was refused here; with jwt the rest of a "
        "token's life.",
        ("strategy",),
        _canary_lag,
    ),
    Described(
        "limen_canary_rounds",
        "counter",
        "Rounds of the canary by how they ended: `refused` is as it should be.",
        ("outcome",),
        _canary_rounds,
    ),
    Described(
        "limen_canary_last_success_timestamp_seconds",
        "gauge",
        "When the canary last measured to the end.",
        (),
        lambda r: [] if r.counts.canary_at is None else _one(r.counts.canary_at),
    ),
)
"""Everything that a process says of itself."""
