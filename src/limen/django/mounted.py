"""Limen's routes in this process, made once.

They remember which forms were sent, who follows the feed and how many streams are open; others would not.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass

from starlette.routing import BaseRoute, Router

from limen import Limen
from limen.server.api import routes
from limen.server.site import Site


@dataclass(frozen=True, slots=True)
class Mounted:
    """What was made of one Limen."""

    auth: Limen
    site: Site
    routes: tuple[BaseRoute, ...]
    router: Router


_lock = threading.Lock()
_last: list[Mounted] = []


def mounted(auth: Limen) -> Mounted:
    """What is mounted of this Limen; anew where the process has another one now."""
    with _lock:
        if not _last or _last[0].auth is not auth:
            found = tuple(routes(auth, pages=True))
            router = Router(found, redirect_slashes=False)
            _last[:] = [Mounted(auth, Site.of(auth, whole=False), found, router)]
        return _last[0]
