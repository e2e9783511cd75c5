"""What the pages keep in the browser beside credentials: the language, and what is said once after an act."""

from __future__ import annotations

from limen import transport
from limen.cookies import clear_cookie, set_cookie
from limen.errors import Rejected
from limen.server.site import Site
from limen.server.wire import Call, Header

LANGUAGE_AGE = 400 * 86_400


def recall(site: Site, call: Call, what: str) -> str | None:
    """What was kept under this name. Two of them are none: a page is never refused for such a cookie."""
    try:
        return transport.find_cookie(call.headers, _name(site, what))
    except Rejected:
        return None


def keep(site: Site, what: str, value: str, *, max_age: int) -> Header:
    return b"set-cookie", set_cookie(
        _name(site, what), value, max_age=max_age, path="/", secure=_secure(site)
    )


def forget(site: Site, what: str) -> Header:
    return b"set-cookie", clear_cookie(_name(site, what), path="/", secure=_secure(site))


def _name(site: Site, what: str) -> str:
    return f"__Host-{what}" if _secure(site) else f"limen-{what}"


def _secure(site: Site) -> bool:
    return not site.auth.settings.development
