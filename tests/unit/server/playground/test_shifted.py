"""The playground's clock goes on by itself, and never back."""

from __future__ import annotations

import time

import pytest

from limen.server.playground.shifted import ShiftedClock


def test_both_times_are_turned_together() -> None:
    clock = ShiftedClock()
    now, mono = clock.now(), clock.monotonic()
    clock.turn(60.0)
    clock.turn(60.0)
    assert clock.turned == 120.0
    assert 120.0 <= clock.now() - now < 125.0
    assert 120.0 <= clock.monotonic() - mono < 125.0
    assert abs(clock.now() - 120.0 - time.time()) < 5.0


def test_it_does_not_run_backwards() -> None:
    clock = ShiftedClock()
    with pytest.raises(ValueError, match="backwards"):
        clock.turn(-1.0)
