"""What the pages of the administration share: who may see them, how they look, what is said after an act."""

from __future__ import annotations

import math
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from limen.accounts import ADMIN_SCOPE
from limen.clock import Instant, Seconds
from limen.errors import Denied
from limen.lint import spell
from limen.server.admin.assets import assets
from limen.server.pages import kept, times
from limen.server.pages.notices import Notice
from limen.server.pages.render import address, render, see_other
from limen.server.site import Site
from limen.server.wire import Answer, Call, Header
from limen.strategies.base import Identity, Revoked

LANGUAGE = "en"
FRESH_MINUTES = 10
"""For what cannot be undone, or takes data away, the administrator has proven who they are so lately."""
_COOKIE = "done"
_READ_WITHIN = 120
_COUNTED: Seconds = 90
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SAID = {
    "disabled": "The account is disabled and its sessions are ended.",
    "enabled": "People may sign in to the account again.",
    "ended": "The session is ended.",
    "ended_all": "All sessions of the account are ended.",
    "ended_already": "That session had ended already.",
    "scopes": "What the account may do is set.",
    "rotated": "The next key signs from now on.",
    "own": "Nobody locks themselves out: let another administrator do this, or use the command line.",
    "sent": "A letter with a link to choose a new password is on its way.",
    "unsent": "No letter was sent: this server sends no mail. Say in the setting mail how it shall.",
}


async def administrator(site: Site, call: Call) -> Identity:
    """Who asks; Denied to a stranger and to whoever is no administrator."""
    return _known(await site.auth.scopes(ADMIN_SCOPE).check(call.scope))


async def proven(site: Site, call: Call) -> Identity:
    """As `administrator`, and they proved lately who they are; else they are asked to."""
    return _known(await site.auth.recent(ADMIN_SCOPE, minutes=FRESH_MINUTES).check(call.scope))


def show(site: Site, call: Call, name: str, *, status: int = 200, place: str = "", **values: Any) -> Answer:
    """The page `admin/name`. Beside what every page has it has the words and spans of this module."""
    notice, said = _take(site, call)
    given: dict[str, Any] = {
        "texts": site.look.texts[LANGUAGE],
        "languages": {},
        "notice": notice,
        "place": place,
        "stamp": stamp,
        "spell": spell,
        "now": site.auth.clock.now(),
        "admin_asset": lambda name: address(site, call, f"/admin/assets/{assets()[name][0]}"),
    }
    return render(site, call, f"admin/{name}", status=status, headers=said, **given, **values)


def done(site: Site, call: Call, path: str, word: str, revoked: Revoked | None = None) -> Answer:
    """On to a page, which says once what was done and when that is in effect."""
    now = site.auth.clock.now()
    effective = math.ceil(now if revoked is None else revoked.effective)
    age = max(math.ceil(effective - now), 0) + _READ_WITHIN
    header = kept.keep(site, _COOKIE, f"{word}.{effective}", max_age=age)
    return see_other(address(site, call, f"/admin{path}"), header)


def stamp(at: Instant) -> str:
    """A moment as a table has it: in UTC, to the second, sorting as it reads."""
    return (_EPOCH + timedelta(seconds=math.floor(at))).strftime("%Y-%m-%d %H:%M:%S")


def _take(site: Site, call: Call) -> tuple[Notice | None, Iterable[Header]]:
    word, _, effective = (kept.recall(site, call, _COOKIE) or "").partition(".")
    if word not in _SAID or not effective.isdigit() or len(effective) > 12:
        return None, ()
    texts, left = site.look.texts[LANGUAGE], max(math.ceil(int(effective) - site.auth.clock.now()), 0)
    at = times.moment(texts, Instant(int(effective)))
    notice = Notice(_SAID[word], left, times.span(texts, left), at, left <= _COUNTED)
    return notice, () if left > _COUNTED else (kept.forget(site, _COOKIE),)


def _known(who: Identity | None) -> Identity:
    if who is None:
        raise Denied("sign in first", code="credential_missing")
    return who
