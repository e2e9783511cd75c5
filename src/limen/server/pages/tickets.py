"""The ticket of a letter's link, on its way from the address into a form.

A GET spends nothing: scanners of mail follow links, and so do previews. It puts the ticket into a cookie for
this page alone and takes it out of the address, where it would stand in the history.
"""

from __future__ import annotations

from limen import transport
from limen.cookies import clear_cookie, set_cookie
from limen.errors import Rejected
from limen.server.pages.render import address, query, see_other
from limen.server.site import Site
from limen.server.wire import Answer, Call, Header

_AGE = 3_600
"""Seconds that a person has for the form. The ticket itself may end before."""


def taken(site: Site, call: Call, path: str) -> Answer | None:
    """The way to the same page without the ticket in its address; None where there is none in it."""
    found = query(call).get("token")
    if found is None:
        return None
    return see_other(address(site, call, path), _cookie(site, call, path, found))


def held(site: Site, call: Call) -> str | None:
    """The ticket that this browser holds for this page. Two are none: one is of somebody else's making."""
    try:
        return transport.find_cookie(call.headers, _name(site))
    except Rejected:
        return None


def dropped(site: Site, call: Call, path: str) -> Header:
    """Take it out of the browser."""
    where = address(site, call, path)
    return b"set-cookie", clear_cookie(_name(site), path=where, secure=_secure(site))


def _cookie(site: Site, call: Call, path: str, ticket: str) -> Header:
    """What cannot stand in a cookie is no ticket of ours, and is kept as none."""
    text = ticket if len(ticket) <= 200 and ticket.replace("-", "").replace("_", "").isalnum() else ""
    where = address(site, call, path)
    text = text if text.isascii() else ""
    return b"set-cookie", set_cookie(_name(site), text, max_age=_AGE, path=where, secure=_secure(site))


def _name(site: Site) -> str:
    return "__Secure-ticket" if _secure(site) else "limen-ticket"


def _secure(site: Site) -> bool:
    return not site.auth.settings.development
