"""The machine's clocks, and what each is for."""

from __future__ import annotations

import sys
import time

import pytest

from limen.clock import SystemClock


def test_now_is_unix_time() -> None:
    before = time.time()
    assert before <= SystemClock().now() <= time.time()


@pytest.mark.skipif(sys.platform != "linux", reason="CLOCK_BOOTTIME is Linux's: run this there")
def test_S21_the_monotonic_clock_counts_the_time_that_the_machine_sleeps() -> None:
    """Else a laptop or a virtual machine would wake after eight hours with a view that it thinks fresh."""
    before = time.clock_gettime(time.CLOCK_BOOTTIME)
    assert before <= SystemClock().monotonic() <= time.clock_gettime(time.CLOCK_BOOTTIME)
