"""Time as a value. Rules and stores take `now`; only `auth.py`, the verifier and the edge ask a clock.

Two kinds of time, and they are never mixed: `Instant` is wall-clock time, which people and tokens speak
of and which may jump; `Mono` is this process's monotonic time, for durations such as the age of a view.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from typing import NewType, Protocol, cast

Instant = NewType("Instant", float)
"""Seconds since the Unix epoch, UTC. Stores keep it exactly as a double."""

Mono = NewType("Mono", float)
"""Seconds on this machine's monotonic clock, time asleep included; meaningless on any other machine."""

Seconds = float
"""A duration."""


class Clock(Protocol):
    """Where time comes from."""

    def now(self) -> Instant: ...
    def monotonic(self) -> Mono: ...


def _monotonic() -> Callable[[], float]:
    """A clock that goes on while the machine sleeps, so that a view of the feed is old when it wakes.

    `time.monotonic` stands still meanwhile on Linux (CLOCK_MONOTONIC) and on macOS, where CLOCK_MONOTONIC
    of `clock_gettime` does not. Windows has no `clock_gettime`, and its monotonic clock counts sleep.
    """
    for name in ("CLOCK_BOOTTIME", "CLOCK_MONOTONIC"):
        if hasattr(time, name):
            return partial(time.clock_gettime, getattr(time, name))
    return time.monotonic


class SystemClock:
    """The machine's clocks."""

    __slots__ = ()

    # The functions themselves: both are asked on every request.
    now = staticmethod(cast("Callable[[], Instant]", time.time))
    monotonic = staticmethod(cast("Callable[[], Mono]", _monotonic()))
