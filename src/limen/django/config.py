"""The one Limen of this process, made of `settings.LIMEN` and started when somebody asks it something.

The keys of `LIMEN` are the settings of docs/configuration.md, in either case; limen.toml and LIMEN_* have the
last word, as everywhere. It runs on a loop in a thread of its own, under WSGI and ASGI alike.
"""

from __future__ import annotations

import asyncio
import sys
import threading
from collections.abc import Coroutine
from typing import Any, TypeVar

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.signals import setting_changed

from limen import Limen, LimenError, Misconfigured
from limen.background import Background
from limen.settings import load

_T = TypeVar("_T")
OWN = {"create_users": False, "step_up_url": None, "test_database": "memory://"}
"""Keys of `LIMEN` that are Django's alone, with their defaults."""
_lock = threading.RLock()
_made: list[Background] = []
_real: list[Background] = []
"""The one that was made where no tests ran. It is none for tests: pytest may import the addresses, which make
it, before it sets Django's tests up."""


def options() -> dict[str, Any]:
    """What `settings.LIMEN` says to Limen itself. ImproperlyConfigured if it is no dict."""
    return {key: value for key, value in _said().items() if key not in OWN}


def own(name: str) -> Any:
    """One of the keys that are Django's alone."""
    return _said().get(name, OWN[name])


def background() -> Background:
    """The loop that the Limen of this process runs on. ImproperlyConfigured if it cannot be made."""
    if _real and is_tested():
        close()
    if _made:
        return _made[0]
    with _lock:
        if not _made:
            _make()
        return _made[0]


def auth() -> Limen:
    """The Limen of this process. Its coroutines are run by `run` and `arun`, and nowhere else."""
    found = background().auth
    if not isinstance(found, Limen):
        raise TypeError("the background loop has another than this process's Limen")
    return found


def run(coroutine: Coroutine[Any, Any, _T]) -> _T:
    """What the coroutine answers or raises; the caller waits."""
    return background().run(coroutine)


async def arun(coroutine: Coroutine[Any, Any, _T]) -> _T:
    """The same for callers on a loop of their own, which goes on meanwhile."""
    return await asyncio.wrap_future(background().submit(coroutine))


def close() -> None:
    """Stop it; whoever asks next makes a new one of the settings as they are then."""
    with _lock:
        closing, _made[:], _real[:] = _made[:], [], []
    for one in closing:  # without the lock: what still runs on the loop may ask for this process's Limen
        one.close()


def _make() -> None:
    tested = is_tested()
    try:
        made = Background(_limen())
    except Misconfigured as error:
        raise ImproperlyConfigured(f"LIMEN: {error.message}") from error
    _made.append(made)
    if not tested:
        _real.append(made)


def _limen() -> Limen:
    """Of another database under Django's tests, as Django's own is another there."""
    if not is_tested():
        return Limen.from_env(**options())
    over = {"database": own("test_database"), "session_store": ""}
    loaded = load(options(), environment=True, over=over)
    made = Limen(settings=loaded.settings)
    made.sources = loaded.sources
    return made


def is_tested() -> bool:
    """Whether Django's test environment is set up, by its runner or by pytest-django."""
    utils: Any = sys.modules.get("django.test.utils")
    return utils is not None and hasattr(utils._TestState, "saved_data")


def _said() -> dict[str, Any]:
    said = getattr(settings, "LIMEN", {})
    if not isinstance(said, dict):
        raise ImproperlyConfigured("LIMEN is a dict of settings: docs/configuration.md lists them")
    return {str(key).lower(): value for key, value in said.items()}


def _changed(*, setting: str, **_: Any) -> None:
    if setting == "LIMEN":
        close()


setting_changed.connect(_changed)

__all__ = ["LimenError", "arun", "auth", "background", "close", "is_tested", "options", "own", "run"]
