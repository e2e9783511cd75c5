"""Latencies in bins that grow by 2 %: bounded in size, and exact to 1 % at every percentile."""

from __future__ import annotations

import math
from collections.abc import Iterable

from msgspec import Struct

GROWTH = 1.02
_LOG = math.log(GROWTH)
SMALLEST = 1e-6
"""Seconds. What is faster counts as this."""


class Histogram(Struct, frozen=True):
    """`counts[i]` values fell into bin `first + i`; bin n is around SMALLEST × GROWTH**n seconds."""

    first: int
    counts: list[int]

    @property
    def total(self) -> int:
        return sum(self.counts)

    def quantile(self, share: float) -> float:
        """The value below which this share of all lies; 0 if there is none."""
        wanted, passed = share * self.total, 0
        for index, count in enumerate(self.counts):
            passed += count
            if count and passed >= wanted:
                return middle(self.first + index)
        return 0.0

    def curve(self) -> list[tuple[float, float]]:
        """(seconds, share at or below) for each bin in use, rising."""
        total, passed, points = self.total, 0, []
        for index, count in enumerate(self.counts):
            passed += count
            if count:
                points.append((middle(self.first + index), passed / total))
        return points


def of(bins: dict[int, int]) -> Histogram:
    """The histogram of counts by bin."""
    if not bins:
        return Histogram(0, [])
    first, last = min(bins), max(bins)
    return Histogram(first, [bins.get(number, 0) for number in range(first, last + 1)])


def merged(several: Iterable[Histogram]) -> Histogram:
    """All values of several histograms."""
    bins: dict[int, int] = {}
    for one in several:
        for index, count in enumerate(one.counts):
            bins[one.first + index] = bins.get(one.first + index, 0) + count
    return of({number: count for number, count in bins.items() if count})


def bin_of(seconds: float) -> int:
    """The number of the bin that a value falls into."""
    return 0 if seconds <= SMALLEST else round(math.log(seconds / SMALLEST) / _LOG)


def middle(number: int) -> float:
    """The value that a bin stands for."""
    return float(SMALLEST * GROWTH**number)
