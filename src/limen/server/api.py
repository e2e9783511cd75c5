"""The HTTP API as routes for Starlette, and as an OpenAPI document."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import Any

from starlette.routing import BaseRoute, Route

from limen.auth import Limen
from limen.server.admin import table as administration
from limen.server.description import describe
from limen.server.pages import table as people
from limen.server.resource import Endpoint, Resource
from limen.server.site import Site
from limen.server.table import endpoints_of
from limen.settings import Loaded, Transport, unheard

_log = logging.getLogger("limen.server")


def routes(auth: Limen, *, pages: bool = False) -> list[BaseRoute]:
    """Limen's routes for an application that embeds it: below its prefix and /.well-known/, nowhere else.

    With `pages` those for people too, below the setting of that name.
    """
    if places := unheard(Loaded(auth.settings, auth.sources)):
        unasked = "; ".join(places)
        _log.warning("%s: Limen(…) does not ask there, make it by Limen.from_env(…)", unasked)
    site = Site.of(auth, whole=False)
    shown = [*people.endpoints(site), *administration.endpoints(site)] if pages else []
    return routes_of(site, [*endpoints_of(site), *shown])


def openapi(auth: Limen) -> dict[str, Any]:
    """The OpenAPI 3.1 description of `routes(auth)`."""
    return describe(auth, endpoints_of(Site.of(auth, whole=False)))


def routes_of(site: Site, endpoints: Iterable[Endpoint]) -> list[BaseRoute]:
    """A route for each path. It takes every method, and knows itself which ones it has."""
    if site.auth.settings.development and Transport.COOKIE in site.auth.transports:
        _log.warning("development: the issuer is plain http on this machine, so cookies go without Secure")
    by_path: dict[str, list[Endpoint]] = {}
    for endpoint in endpoints:
        by_path.setdefault(endpoint.path, []).append(endpoint)
    return [Route(path, Resource(site, endpoints)) for path, endpoints in by_path.items()]
