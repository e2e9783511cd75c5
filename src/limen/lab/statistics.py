"""Rules about numbers: medians, percentiles, intervals by bootstrap. Seeded, so a report repeats itself."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from functools import lru_cache

from msgspec import Struct

RESAMPLES = 1_000
LEVEL = 0.95
FEWEST = 5
"""Rounds below which no interval is narrower than what was seen."""


class Interval(Struct, frozen=True):
    """An estimate and the interval that holds the true value 19 times in 20, if rounds are alike."""

    low: float
    value: float
    high: float

    def overlaps(self, other: Interval) -> bool:
        return self.low <= other.high and other.low <= self.high

    def holds(self, value: float) -> bool:
        return self.low <= value <= self.high

    def scaled(self, factor: float) -> Interval:
        """The same in another unit; a negative factor turns it around."""
        low, high = sorted((self.low * factor, self.high * factor))
        return Interval(low, self.value * factor, high)


def median(values: Sequence[float]) -> float:
    """The middle value, or the mean of the two in the middle. Bare, for it is asked a thousand times an
    interval."""
    ordered, half = sorted(values), len(values) // 2
    return ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / 2


def percentile(values: Sequence[float], share: float) -> float:
    """By linear interpolation between the two nearest ranks; ValueError of nothing."""
    if not values:
        raise ValueError("there is no percentile of nothing")
    ordered = sorted(values)
    place = share * (len(ordered) - 1)
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)


def interval(
    values: Sequence[float],
    *,
    seed: int,
    statistic: Callable[[Sequence[float]], float] = median,
    resamples: int = RESAMPLES,
) -> Interval:
    """The statistic of the values, with its percentile-bootstrap interval.

    Resampling a handful of values understates how far they may lie apart, so with fewer than `FEWEST` the
    interval is all that was seen.
    """
    return _interval(tuple(values), seed, statistic, resamples)


@lru_cache(maxsize=4096)
def _interval(
    values: tuple[float, ...], seed: int, statistic: Callable[[Sequence[float]], float], resamples: int
) -> Interval:
    """A report asks for the same figure in several places."""
    value = statistic(values)
    if len(values) < FEWEST:
        return Interval(min(values), value, max(values))
    draw = random.Random(seed)  # noqa: S311 - resampling, not a secret
    drawn = [statistic(draw.choices(values, k=len(values))) for _ in range(resamples)]
    tail = (1 - LEVEL) / 2
    return Interval(min(percentile(drawn, tail), value), value, max(percentile(drawn, 1 - tail), value))


def paired(
    above: Sequence[float],
    below: Sequence[float],
    combine: Callable[[float, float], float],
    *,
    seed: int,
) -> Interval:
    """The median over the rounds of what two cells that took turns give together.

    Round by round, so that a machine that was busy for one round changes both sides of it alike.
    """
    return interval([combine(a, b) for a, b in zip(above, below, strict=True)], seed=seed)


def spread(values: Sequence[float]) -> float:
    """The middle half's width as a share of the median; 0 of fewer than two values."""
    if len(values) < 2:
        return 0.0
    middle = median(values)
    return (percentile(values, 0.75) - percentile(values, 0.25)) / middle if middle else 0.0
