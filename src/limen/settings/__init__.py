"""Settings: what can be chosen, checked when made, each with a sentence that says what to do.

They come from keyword arguments, `limen.toml` and the environment (`LIMEN_*`), in rising precedence, and
each knows where its value came from. A deployment is in development exactly when its issuer is plain http on
a loopback address: only there is a secret made for you, and only there do cookies go without `Secure`.
"""

from __future__ import annotations

from limen.settings.loading import Loaded, beneath, load, unheard
from limen.settings.record import (
    ADMIN_SCOPE,
    DEVELOPMENT_DIRECTORY,
    EmailVerification,
    Registration,
    Settings,
    Transport,
    is_loopback_http,
    require_secret,
    without_password,
)
from limen.settings.table import Setting, describe

__all__ = [
    "ADMIN_SCOPE",
    "DEVELOPMENT_DIRECTORY",
    "EmailVerification",
    "Loaded",
    "Registration",
    "Setting",
    "Settings",
    "Transport",
    "beneath",
    "describe",
    "is_loopback_http",
    "load",
    "require_secret",
    "unheard",
    "without_password",
]
