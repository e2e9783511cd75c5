"""What is counted of checks, and how long they took."""

from __future__ import annotations

import asyncio

import pytest

from limen.clock import Mono
from limen.counts import BOUNDS, Counts, Durations, outcome
from limen.errors import Denied, Misconfigured, Rejected, Unavailable


class Ticks:
    """A clock that the test turns."""

    at = 0.0

    def __call__(self) -> Mono:
        return Mono(self.at)


def test_a_duration_is_sorted_under_the_first_bound_that_is_not_below_it() -> None:
    durations = Durations()
    for seconds in (0.0, BOUNDS[0], BOUNDS[0] * 1.01, BOUNDS[-1], BOUNDS[-1] + 1):
        durations.add(seconds)
    assert (durations.counts[0], durations.counts[1]) == (2, 1)
    assert (durations.counts[-2], durations.counts[-1]) == (1, 1)
    assert durations.count == 5


@pytest.mark.parametrize(
    ("error", "word"),
    [
        (None, "accepted"),
        (Denied("no", code="credential_invalid"), "denied"),
        (Unavailable("away"), "unavailable"),
        (Rejected("bad", code="invalid_request"), "rejected"),
        (Misconfigured("wrong"), "rejected"),
        (ValueError("odd"), "error"),
        (asyncio.CancelledError(), "cancelled"),
    ],
)
def test_every_ending_has_a_fixed_word(error: BaseException | None, word: str) -> None:
    assert outcome(error) == word


def test_a_check_is_counted_by_strategy_outcome_code_and_time() -> None:
    ticks = Ticks()
    counts = Counts(ticks)
    with counts.check() as check:
        check.strategy = "hybrid"
        ticks.at += 0.002
    with pytest.raises(Denied), counts.check():
        raise Denied("no", code="credential_invalid")
    assert counts.checks == {("hybrid", "accepted"): 1, ("none", "denied"): 1}
    assert counts.denials == {"credential_invalid": 1}
    assert counts.checking.seconds == pytest.approx(0.002)
