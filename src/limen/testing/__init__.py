"""For the tests of applications that embed Limen: a clock to turn, chance that repeats, signed-in clients.

auth = for_tests(clock=clock)
async with running(app), await signed_in(app, auth) as client:
    assert (await client.get("/me")).status_code == 200
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from limen.testing.clock import TurnableClock, instant_sleep
from limen.testing.entropy import SeededEntropy
from limen.testing.lifespan import running

if TYPE_CHECKING:
    from limen.testing.clients import EMAIL, PASSWORD, origin, present, sign_in, signed_in, stranger
    from limen.testing.making import for_tests
    from limen.testing.remote import verifier_of

__all__ = [
    "EMAIL",
    "PASSWORD",
    "SeededEntropy",
    "TurnableClock",
    "for_tests",
    "instant_sleep",
    "origin",
    "present",
    "running",
    "sign_in",
    "signed_in",
    "stranger",
    "verifier_of",
]

# A clock needs no HTTP client and no whole Limen, so those who ask for one do not import them.
_LATER = dict.fromkeys(
    ("EMAIL", "PASSWORD", "origin", "present", "sign_in", "signed_in", "stranger"), "clients"
)
_LATER |= {"for_tests": "making", "verifier_of": "remote"}


def __getattr__(name: str) -> Any:
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"limen.testing.{_LATER[name]}"), name)
