"""Limen: sessions, JWT and a hybrid of both behind one API, with a bounded revocation feed.

The names are brought in when they are first asked for, so that `limen --help` need not load a database.
"""

from __future__ import annotations

import importlib
import typing

if typing.TYPE_CHECKING:
    from limen.auth import Limen
    from limen.errors import Denied, LimenError, Misconfigured, Rejected, Throttled, Unavailable
    from limen.factors import Unfinished
    from limen.flows.factors import Factor
    from limen.flows.issue import SignedIn
    from limen.secret import Secret
    from limen.sessions import Session, StrategyName
    from limen.settings import Settings, Transport
    from limen.strategies.base import Grant, Guarantees, Identity, Revoked
    from limen.verifier import Verifier

__version__ = "0.1.0"

__all__ = [
    "Denied",
    "Factor",
    "Grant",
    "Guarantees",
    "Identity",
    "Limen",
    "LimenError",
    "Misconfigured",
    "Rejected",
    "Revoked",
    "Secret",
    "Session",
    "Settings",
    "SignedIn",
    "StrategyName",
    "Throttled",
    "Transport",
    "Unavailable",
    "Unfinished",
    "Verifier",
]

_HOMES = {
    "auth": ("Limen",),
    "errors": ("Denied", "LimenError", "Misconfigured", "Rejected", "Throttled", "Unavailable"),
    "factors": ("Unfinished",),
    "flows.factors": ("Factor",),
    "flows.issue": ("SignedIn",),
    "secret": ("Secret",),
    "sessions": ("Session", "StrategyName"),
    "settings": ("Settings", "Transport"),
    "strategies.base": ("Grant", "Guarantees", "Identity", "Revoked"),
    "verifier": ("Verifier",),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> object:
    if name not in _HOME_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value: object = getattr(importlib.import_module(f"{__name__}.{_HOME_OF[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
