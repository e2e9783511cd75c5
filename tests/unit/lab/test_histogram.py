"""Bins lose at most 1 %, whatever falls into them."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from limen.lab import histogram
from limen.lab.histogram import Histogram, bin_of, middle
from limen.lab.statistics import percentile

SECONDS = st.floats(2e-6, 30.0)


@given(SECONDS)
def test_a_bin_is_within_one_per_cent_of_its_values(seconds: float) -> None:
    assert middle(bin_of(seconds)) == pytest.approx(seconds, rel=0.0101)


@given(st.lists(SECONDS, min_size=1, max_size=200), st.sampled_from([0.5, 0.95, 0.99]))
def test_a_quantile_lies_between_its_ranks(values: list[float], share: float) -> None:
    made = histogram.of(Counter(bin_of(value) for value in values))
    ordered, rank = sorted(values), max(-(-int(share * 1e6) * len(values) // 1_000_000), 1)
    assert made.total == len(values)
    assert made.quantile(share) == pytest.approx(ordered[rank - 1], rel=0.021)


@given(st.lists(st.dictionaries(st.integers(0, 300), st.integers(1, 9), max_size=9), max_size=5))
def test_merging_keeps_every_value(several: list[dict[int, int]]) -> None:
    merged = histogram.merged(histogram.of(bins) for bins in several)
    assert merged.total == sum(sum(bins.values()) for bins in several)


def test_a_curve_rises_to_one() -> None:
    points = Histogram(100, [1, 0, 3]).curve()
    assert [share for _, share in points] == [0.25, 1.0]


def test_nothing_has_no_quantile() -> None:
    assert histogram.of({}).quantile(0.5) == 0.0


def test_what_is_no_time_at_all_counts_as_the_smallest() -> None:
    assert bin_of(0.0) == 0
    assert percentile([middle(0)], 0.5) == histogram.SMALLEST
