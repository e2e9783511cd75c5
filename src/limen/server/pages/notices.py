"""What is said once, on the page after an act: kept in a cookie as a word and a moment, never as a text.

So nobody can make a page say what we do not say. What takes effect later stays until then.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from limen.clock import Instant, Seconds
from limen.server.pages import kept, times
from limen.server.pages.texts import Texts, msg
from limen.server.site import Site
from limen.server.wire import Call, Header
from limen.strategies.base import Revoked

_COOKIE = "notice"
_READ_WITHIN = 120
_PARTS = 100
"""Of a second, in which the cookie has the moment: told in whole ones, "within 5 s" would become six."""
_COUNTED: Seconds = 90
"""Up to so long is told in seconds, which a script counts down."""
_SAID = {
    "registered": msg("Your account is ready, unless this address had one before. You can sign in now."),
    "registered_and_asked": msg("We have written to this address. Please follow the link in the letter."),
    "signed_out": msg("You are signed out in this browser."),
    "ended": msg("The session was ended."),
    "others_ended": msg("All other sessions were ended."),
    "ended_already": msg("That session had ended already."),
    "password": msg("Your password was changed. All other sessions were ended."),
    "name": msg("Your name was saved."),
    "reset": msg("Your password was set, and all sessions were ended. Sign in with it now."),
    "verified": msg("Your e-mail address is confirmed, and all sessions were ended. Please sign in."),
    "verification": msg("A letter with a link is on its way to you."),
    "email_asked": msg("Two letters are on their way, to the old address and to the new one."),
    "email_asked_new": msg("A letter is on its way to the new address."),
    "email_half": msg("Thank you. The address changes once the other letter was followed too."),
    "email_changed": msg("Your e-mail address was changed."),
    "deleted": msg("The account was deleted."),
    "sign_in_over": msg("This took too long, or something changed meanwhile. Please sign in again."),
    "away": msg("You were away for a while, so nothing was changed. Please try again."),
}


@dataclass(frozen=True, slots=True)
class Notice:
    """One sentence, and what is still to come after it."""

    sentence: str
    seconds: int = 0
    """Until it is in effect everywhere; 0: it is."""
    span: str = ""
    at: str = ""
    counted: bool = False


def announce(site: Site, word: str, revoked: Revoked | None = None) -> Header:
    """Say `word` on the next page, and of what was revoked when that is in effect."""
    now = site.auth.clock.now()
    if revoked is None:
        return kept.keep(site, _COOKIE, f"{word}.0", max_age=_READ_WITHIN)
    age = max(math.ceil(revoked.effective - now), 0) + _READ_WITHIN
    return kept.keep(site, _COOKIE, f"{word}.{math.ceil(revoked.effective * _PARTS)}", max_age=age)


def take(site: Site, call: Call, texts: Texts) -> tuple[Notice | None, tuple[Header, ...]]:
    """What is to be said on this page, and the header that keeps it from being said twice."""
    found = kept.recall(site, call, _COOKIE)
    if found is None:
        return None, ()
    word, _, effective = found.partition(".")
    if word not in _SAID or not effective.isdigit() or len(effective) > 14:
        return None, (kept.forget(site, _COOKIE),)
    return _notice(site, texts, word, Instant(int(effective) / _PARTS))


def _notice(site: Site, texts: Texts, word: str, effective: Instant) -> tuple[Notice, tuple[Header, ...]]:
    now = site.auth.clock.now()
    left = max(math.ceil(effective - now), 0)
    notice = Notice(
        texts.say(_SAID[word]),
        left,
        times.span(texts, left),
        times.moment(texts, effective),
        left <= _COUNTED,
    )
    return notice, () if left > _COUNTED else (kept.forget(site, _COOKIE),)
