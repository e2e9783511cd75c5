"""What operators ask on an address of their own: `/metrics`, `/healthz`, `/readyz`, and nothing else.

Whoever may connect there is answered, without a credential and over plain http: that is for the network to
decide. What a browser brings from another site is refused, and so is a name that could have been rebound.
"""

from __future__ import annotations

import ipaddress
import logging
from collections.abc import Callable
from typing import Protocol

from limen.errors import LimenError, Rejected
from limen.server.exposition import scraped
from limen.server.resource import broken, refusal
from limen.server.shapes import Health
from limen.server.site import Site
from limen.server.standing import with_standing
from limen.server.wire import Answer, Call, Receive, Scope, Send, json_answer

_log = logging.getLogger("limen.server")
_METHODS = ("GET", "HEAD")


class HasSite(Protocol):
    """The server of this process."""

    @property
    def site(self) -> Site: ...


class Operations:
    """An ASGI application beside the server's own. `current` gives the server of this moment."""

    def __init__(self, current: Callable[[], HasSite]) -> None:
        self._current = current

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            raise RuntimeError(f"a scope of type {scope['type']!r} is refused: only http is answered here")
        site = self._current().site
        call = site.call(scope, receive)
        try:
            answer = await _answer(site, call)
        except LimenError as error:
            _log.info("refused on the address of operations: %s (%s)", error.code, error.reason)
            answer = refusal(error)
        except Exception as error:  # noqa: BLE001 - whatever it is, the scraper gets an answer
            answer = broken(error, f"operations {scope['path']}")
        await with_standing(answer, hsts=None).send(send, bodiless=scope["method"] == "HEAD")


async def _answer(site: Site, call: Call) -> Answer:
    _check_origin(site, call)
    if call.scope["method"] not in _METHODS:
        raise Rejected("this is no method of this address", code="method_not_allowed", status=405)
    match call.scope["path"]:
        case "/metrics":
            return scraped(site, call)
        case "/healthz":
            return json_answer(Health("alive"))
        case "/readyz":
            await site.readiness.check()
            return json_answer(Health("ready"))
    raise Rejected("there is nothing at this address", code="not_found", status=404)


def _check_origin(site: Site, call: Call) -> None:
    """A browser on this machine reaches what the world does not: by a page of another site, or of a name that
    now means this machine. So no page of another origin, and no name that anybody could register."""
    if call.header(b"origin") is not None or call.header(b"sec-fetch-site") not in (
        None,
        b"none",
        b"same-origin",
    ):
        raise Rejected("pages of other sites are not answered here", code="host_unknown", reason="cross_site")
    hosts = call.all(b"host")
    name = _name(hosts[0].decode("latin-1").lower()) if len(hosts) == 1 else ""
    known = {_name(host) for host in site.auth.settings.hosts}
    if not (name and (_is_address(name) or "." not in name or name in known)):
        raise Rejected(
            "this host is not served here; name it in `hosts`", code="host_unknown", reason="foreign"
        )


def _name(host: str) -> str:
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0]


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
