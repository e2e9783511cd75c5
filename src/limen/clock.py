"""Time as a value. Rules and stores take `now`; only `auth.py`, the verifier and the edge ask a clock.

Two kinds of time, and they are never mixed: `Instant` is wall-clock time, which people and tokens speak
of and which may jump; `Mono` is this process's monotonic time, for durations such as the age of a view.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import NewType, Protocol, cast

Instant = NewType("Instant", float)
"""Seconds since the Unix epoch, UTC. Stores keep it exactly as a double."""

Mono = NewType("Mono", float)
"""Seconds on this process's monotonic clock; meaningless in any other process."""

Seconds = float
"""A duration."""


class Clock(Protocol):
    """Where time comes from."""

    def now(self) -> Instant: ...
    def monotonic(self) -> Mono: ...


class SystemClock:
    """The machine's clocks."""

    __slots__ = ()

    # The functions themselves: both are asked on every request.
    now = staticmethod(cast("Callable[[], Instant]", time.time))
    monotonic = staticmethod(cast("Callable[[], Mono]", time.monotonic))
