"""For the tests of applications that embed Limen: a clock to turn, chance that repeats, signed-in clients."""

from __future__ import annotations

from limen.testing.clock import TurnableClock, instant_sleep
from limen.testing.entropy import SeededEntropy

__all__ = ["SeededEntropy", "TurnableClock", "instant_sleep"]
