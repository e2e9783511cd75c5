"""Where one is signed in: each session in words, an end to one or all, and the moment when that is true."""

from __future__ import annotations

from dataclasses import dataclass

from limen.clock import Instant
from limen.errors import Rejected
from limen.server import user_agents
from limen.server.grants import cleared, moment
from limen.server.pages import notices, times
from limen.server.pages.forms import Form, form
from limen.server.pages.person import person
from limen.server.pages.render import address, query, render, see_other, texts_of
from limen.server.pages.texts import Texts, msg
from limen.server.signing import required
from limen.server.site import Site
from limen.server.wire import Answer, Call
from limen.sessions import Session, StrategyName
from limen.strategies.base import Identity

_PROMISE = {
    StrategyName.SESSION: msg("Ending one ends it at once: every request is looked up here."),
    StrategyName.HYBRID: msg(
        "Ending one takes effect within a moment on every service, and within %(span)s at the latest."
    ),
    StrategyName.JWT: msg(
        "No list is kept here. Each sign-in is a token that is good until it runs out, after %(span)s at the "
        "latest, and nothing can call it back before."
    ),
}
_BOTH, _BROWSER, _SYSTEM, _UNKNOWN = (
    msg("%(browser)s on %(system)s"),
    msg("%(browser)s on an unknown system"),
    msg("An unknown browser on %(system)s"),
    msg("An unknown device"),
)
_ACTIVE_NOW, _ACTIVE = msg("Active now"), msg("Last active %(when)s")
_STRATEGY = msg("strategy %(name)s")
_AT_ONCE = 25
_NOW_MEANS = 120
"""Seconds. Activity is written down once a minute."""


@dataclass(frozen=True, slots=True)
class Seen:
    """One session as its owner reads it."""

    id: str
    current: bool
    device: str
    place: str
    where: str
    active: str
    since: str
    exactly: str
    strategy: str


async def show_sessions(site: Site, call: Call) -> Answer:
    """This one first, then the newest; all of many on demand."""
    who, _ = await person(site, call)
    texts = texts_of(site, call)
    found = sorted(await site.auth.sessions(who), key=lambda one: one.id != who.session)
    shown = found if "all" in query(call) else found[:_AT_ONCE]
    return render(
        site,
        call,
        "sessions.html",
        place="sessions",
        seen=[_seen(site, texts, one, who) for one in shown],
        count=len(found),
        promise=_promise(site, texts),
    )


@form("end")
async def end(site: Site, call: Call, form: Form) -> Answer:
    """End one, or all others."""
    who = await required(site, call)
    here = address(site, call, "/account/sessions")
    if form["end"] == "others":
        said = notices.announce(
            site, "others_ended", await site.auth.end_other_sessions(who, source=call.source)
        )
        return see_other(here, said)
    return await _end_one(site, call, who, form["end"], here)


async def _end_one(site: Site, call: Call, who: Identity, sid: str, here: str) -> Answer:
    try:
        revoked = await site.auth.end_session(who, sid, source=call.source)
    except Rejected:
        return see_other(here, notices.announce(site, "ended_already"))
    if sid == who.session:
        said = notices.announce(site, "signed_out", revoked)
        return see_other(address(site, call, "/sign-in"), *cleared(site, call), said)
    return see_other(here, notices.announce(site, "ended", revoked))


def _promise(site: Site, texts: Texts) -> str:
    """What ending one means here, never better than the strategy is."""
    strategy = StrategyName(site.auth.settings.strategy)
    return texts.say(_PROMISE[strategy], span=times.span(texts, site.auth.guarantees.revocation_lag))


def _seen(site: Site, texts: Texts, session: Session, who: Identity) -> Seen:
    now = site.auth.clock.now()
    current = session.id == who.session
    fresh = current or now - session.touched < _NOW_MEANS
    when = times.ago(texts, session.touched, now=now)
    return Seen(
        id=session.id,
        current=current,
        device=device(texts, session.user_agent),
        place=site.places.name(session.source, texts.language),
        where=session.source,
        active=texts.say(_ACTIVE_NOW) if fresh else texts.say(_ACTIVE, when=when),
        since=moment(Instant(session.created)),
        exactly=times.moment(texts, session.created),
        strategy=texts.say(_STRATEGY, name=session.strategy.value),
    )


def device(texts: Texts, user_agent: str) -> str:
    """A browser and its system in words."""
    found = user_agents.read(user_agent)
    said = {(True, True): _BOTH, (True, False): _BROWSER, (False, True): _SYSTEM}
    sentence = said.get((bool(found.browser), bool(found.system)), _UNKNOWN)
    return texts.say(sentence, browser=found.browser, system=found.system)
