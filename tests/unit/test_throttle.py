"""Throttles: what is free goes through, what is not waits, and no clock and no crowd changes that."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from limen.clock import Instant
from limen.flows.parts import ACCOUNT, EVERYWHERE, HOST, NETWORK
from limen.throttle import Bucket, Charged, Limit, Wait, charge, refunded, sources

NOW = Instant(1_800_000_000.0)
YEAR = 365 * 86_400.0
LIMITS = st.builds(
    Limit,
    free=st.integers(0, 5),
    first=st.sampled_from([0.5, 1, 60]),
    longest=st.sampled_from([60, 3_600]),
    drain=st.sampled_from([None, 0.02, 20]),
    cap=st.sampled_from([None, 3, 8]),
)


def charged(limit: Limit, times: int, *, now: float = NOW, bucket: Bucket | None = None) -> Bucket | None:
    """The bucket after so many attempts, each as soon as it is let through."""
    for _ in range(times):
        verdict = charge("k", bucket, limit, now=Instant(now))
        while isinstance(verdict, Wait):
            assert not verdict.shut
            now += verdict.seconds
            verdict = charge("k", bucket, limit, now=Instant(now))
        bucket = verdict.bucket
    return bucket


def at_once(limit: Limit, *, now: float = NOW, bucket: Bucket | None = None, most: int = 1_000) -> int:
    for count in range(most):
        verdict = charge("k", bucket, limit, now=Instant(now))
        if isinstance(verdict, Wait):
            return count
        bucket = verdict.bucket
    return most


@pytest.mark.parametrize("free", [0, 1, 5, 30])
def test_what_is_free_goes_through_at_once_and_no_more(free: int) -> None:
    assert at_once(Limit(free=free)) == max(free, 1)


def test_waits_double_up_to_the_longest() -> None:
    limit, bucket, waits = Limit(free=3, longest=60), charged(Limit(free=3), 3), []
    now = float(NOW)
    for _ in range(10):
        verdict = charge("k", bucket, limit, now=Instant(now))
        assert isinstance(verdict, Wait)
        waits.append(verdict.seconds)
        now += verdict.seconds
        verdict = charge("k", bucket, limit, now=Instant(now))
        assert isinstance(verdict, Charged)
        bucket = verdict.bucket
    assert waits == [1, 2, 4, 8, 16, 32, 60, 60, 60, 60]


def test_A05_a_wait_is_exact_to_the_second() -> None:
    bucket = charged(ACCOUNT, 5)
    assert isinstance(charge("k", bucket, ACCOUNT, now=Instant(NOW + 0.999)), Wait)
    assert isinstance(charge("k", bucket, ACCOUNT, now=Instant(NOW + 1)), Charged)


def test_A05_a_hundred_failures_shut_and_no_time_opens() -> None:
    bucket = charged(ACCOUNT, 100)
    for later in (0, 3_600, 29 * 86_400, 10 * YEAR):
        verdict = charge("k", bucket, ACCOUNT, now=Instant(NOW + 100 * 3_600 + later))
        assert isinstance(verdict, Wait)
        assert verdict.shut


def test_a_bucket_that_was_refused_is_not_charged() -> None:
    bucket = charged(ACCOUNT, 5)
    for _ in range(50):
        assert isinstance(charge("k", bucket, ACCOUNT, now=NOW), Wait)
    assert bucket is not None
    assert bucket.charges == 5


def test_a_bucket_drains_one_charge_at_a_time() -> None:
    bucket = charged(HOST, 30)
    assert bucket is not None
    assert at_once(HOST, now=NOW + HOST.drain * 3, bucket=bucket) == 3
    assert at_once(HOST, now=NOW + HOST.drain * 300, bucket=bucket) == 30


@pytest.mark.parametrize("limit", [ACCOUNT, HOST, NETWORK, EVERYWHERE])
@pytest.mark.parametrize("late", [1e-6, 0.01, 5, 300])
def test_S21_whoever_asked_a_moment_before_another_is_not_refused_what_is_free(
    limit: Limit, late: float
) -> None:
    """Two processes: one asked the clock first and came second. A free charge needs no waiting for that."""
    bucket = charged(limit, 2, now=NOW + late)
    assert isinstance(charge("k", bucket, limit, now=NOW), Charged)


@pytest.mark.parametrize("limit", [ACCOUNT, HOST, NETWORK, EVERYWHERE])
@pytest.mark.parametrize("wrong", [7_200, 10 * YEAR])
def test_S21_a_clock_that_was_far_ahead_for_a_while_shuts_nobody_out(limit: Limit, wrong: float) -> None:
    for before in (1, limit.free + 2):
        if before > 100:
            continue
        bucket = charged(limit, before, now=NOW + wrong)
        verdict = charge("k", bucket, limit, now=NOW)
        assert isinstance(verdict, Charged)
        assert verdict.bucket.last == NOW, "and it is forgotten that it was"


def test_S21_a_clock_that_went_far_back_gives_one_attempt_and_not_one_more() -> None:
    bucket = charged(ACCOUNT, 8, now=NOW + YEAR)
    first = charge("k", bucket, ACCOUNT, now=NOW)
    assert isinstance(first, Charged)
    assert first.bucket.charges == 9
    second = charge("k", first.bucket, ACCOUNT, now=NOW)
    assert second == Wait("k", 16)


@given(LIMITS, st.lists(st.floats(-5_000, 5_000), max_size=30))
def test_A08_whatever_the_clock_does_charges_are_bounded(limit: Limit, steps: list[float]) -> None:
    """Above zero, not one above the cap; `opens` never before `last`, no wait above the longest."""
    now, bucket = float(NOW), None
    for step in steps:
        now += step
        verdict = charge("k", bucket, limit, now=Instant(now))
        if isinstance(verdict, Wait):
            assert 0 < verdict.seconds <= limit.longest
            continue
        bucket = verdict.bucket
        assert 0 < bucket.charges < (limit.cap or 1_000) + 1
        assert bucket.last <= bucket.opens <= bucket.last + limit.longest
        assert bucket.ends == bucket.last + limit.keep


@given(LIMITS, st.integers(0, 12), st.integers(0, 12))
def test_A06_a_refund_gives_back_one_charge_and_no_more(limit: Limit, times: int, back: int) -> None:
    limit = Limit(free=limit.free, first=limit.first, longest=limit.longest)
    bucket = charged(limit, times + 1)
    assert bucket is not None
    for _ in range(back):
        bucket = refunded(bucket, free=limit.free)
    assert bucket.charges == max(times + 1 - back, 0)
    if bucket.charges < limit.free:
        assert isinstance(charge("k", bucket, limit, now=bucket.last), Charged)


def test_a_refund_below_what_is_free_opens_and_above_it_does_not() -> None:
    limit = Limit(free=2)
    bucket = charged(limit, 4)
    assert bucket is not None
    assert refunded(bucket, free=2).opens == bucket.opens
    assert refunded(refunded(refunded(bucket, free=2), free=2), free=2).opens == bucket.last


@pytest.mark.parametrize(
    ("address", "host", "network"),
    [
        ("192.0.2.7", "192.0.2.7/32", "192.0.2.0/24"),
        ("2001:db8:1:2:3::4", "2001:db8:1:2::/64", "2001:db8:1::/48"),
        ("::ffff:192.0.2.7", "192.0.2.7/32", "192.0.2.0/24"),
        ("fe80::1%eth0", "fe80::/64", "fe80::/48"),
        ("", "unknown/host", "unknown/network"),
        ("testclient", "unknown/host", "unknown/network"),
        ("192.0.2.7, 198.51.100.1", "unknown/host", "unknown/network"),
        ("192.0.2.٧", "unknown/host", "unknown/network"),
        ("192.0.2.07", "unknown/host", "unknown/network"),
        ("\ud800", "unknown/host", "unknown/network"),
    ],
)
def test_A07_a_source_is_counted_by_its_prefixes(address: str, host: str, network: str) -> None:
    assert sources(address) == (host, network)


@given(st.text())
def test_A07_no_text_is_an_error(text: str) -> None:
    assert all(sources(text))
