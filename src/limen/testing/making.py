"""A Limen for tests: in memory, with cheap hashing, a fixed secret and no waiting."""

from __future__ import annotations

from typing import Any

from limen.auth import Limen
from limen.insecure import WeakHashing
from limen.secret import Secret
from limen.testing.clock import TurnableClock, instant_sleep
from limen.testing.entropy import SeededEntropy


def for_tests(database: str = "memory://", *, clock: TurnableClock | None = None, **options: Any) -> Limen:
    """`Limen(...)` whose sign-ins cost milliseconds and whose time stands still. Never outside tests."""
    clock = clock or TurnableClock()
    options.setdefault("secret", Secret(SeededEntropy("limen tests")(32)))
    options.setdefault("scheme", WeakHashing())
    return Limen(database, clock=clock, sleep=instant_sleep(clock), **options)
