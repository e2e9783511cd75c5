"""Intervals against known answers, and what must hold for any numbers."""

from __future__ import annotations

import random
from statistics import median

import pytest
from hypothesis import given
from hypothesis import strategies as st

from limen.lab.statistics import Interval, interval, paired, percentile, spread

NUMBERS = st.lists(st.floats(0.001, 1e6), min_size=1, max_size=30)


@pytest.mark.parametrize(("share", "value"), [(0, 10), (0.25, 20), (0.5, 30), (0.95, 48), (1, 50), (0.1, 14)])
def test_percentiles_interpolate_between_ranks(share: float, value: float) -> None:
    assert percentile([50, 10, 30, 20, 40], share) == pytest.approx(value)


def test_there_is_no_percentile_of_nothing() -> None:
    with pytest.raises(ValueError, match="nothing"):
        percentile([], 0.5)


@given(NUMBERS, st.integers(0, 9))
def test_an_interval_lies_within_what_was_seen_and_around_its_value(values: list[float], seed: int) -> None:
    found = interval(values, seed=seed, resamples=50)
    assert min(values) <= found.low <= found.value <= found.high <= max(values)
    assert found.value == median(values)


@given(NUMBERS)
def test_the_same_seed_gives_the_same_interval(values: list[float]) -> None:
    assert interval(values, seed=3, resamples=50) == interval(values, seed=3, resamples=50)


def test_few_rounds_claim_no_more_than_what_was_seen() -> None:
    assert interval([3.0, 1.0, 2.0], seed=1) == Interval(1.0, 2.0, 3.0)


def test_the_interval_holds_the_true_median_about_19_times_in_20() -> None:
    draw = random.Random(7)
    held = sum(
        interval([draw.gauss(100, 10) for _ in range(15)], seed=n, resamples=300).holds(100)
        for n in range(200)
    )
    assert 180 <= held <= 200


def test_pairs_that_slow_down_together_differ_by_nothing() -> None:
    slow = [1.0, 4.0, 2.0, 9.0, 3.0, 5.0]
    found = paired([2 * value for value in slow], slow, lambda a, b: a / b, seed=1)
    assert found == Interval(2.0, 2.0, 2.0)


def test_scaling_keeps_low_below_high() -> None:
    assert Interval(1, 2, 4).scaled(-10) == Interval(-40, -20, -10)


def test_intervals_overlap_where_they_share_a_value() -> None:
    assert Interval(1, 2, 3).overlaps(Interval(3, 4, 5))
    assert not Interval(1, 2, 3).overlaps(Interval(3.1, 4, 5))


def test_spread_is_the_middle_half_as_a_share_of_the_median() -> None:
    assert spread([80, 90, 100, 110, 120]) == pytest.approx(0.2)
    assert spread([5.0]) == 0.0
