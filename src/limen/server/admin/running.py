"""How it runs: the signing keys, the feed and who follows it, the configuration and what is wrong with it."""

from __future__ import annotations

import msgspec

from limen.administration.overview import FeedNow
from limen.errors import Rejected
from limen.keys import KeyState
from limen.server.admin.page import administrator, done, proven, show
from limen.server.followers import Follower
from limen.server.pages.forms import Form, form
from limen.server.site import Site
from limen.server.wire import Answer, Call, json_answer

_STATES = {
    KeyState.NEXT: "published, so that everybody knows it before it signs",
    KeyState.ACTIVE: "signs",
    KeyState.RETIRING: "signs no more; published while its tokens may live",
    KeyState.RETIRED: "published no more",
}


class Following(msgspec.Struct):
    """One follower as the page shows it."""

    client: str
    source: str
    behind: int
    seconds: float
    streams: int


class Busy(msgspec.Struct):
    """The feed at this moment, for the page that is open."""

    position: int
    age: float
    fresh: bool
    remembered: int
    missed: int
    minutes: list[int]
    followers: list[Following]


async def show_keys(site: Site, call: Call) -> Answer:
    """Every key with its state."""
    who = await administrator(site, call)
    ring = await site.auth.admin.keys(who)
    return show(
        site,
        call,
        "keys.html",
        place="keys",
        keys=sorted(ring.keys, key=lambda key: list(KeyState).index(key.state)),
        states=_STATES,
        rotation=site.auth.settings.key_rotation,
    )


async def show_rotation(site: Site, call: Call) -> Answer:
    """What a rotation does, and the form that makes it."""
    await proven(site, call)
    return show(site, call, "rotate.html", place="keys", error="")


@form()
async def rotate(site: Site, call: Call, form: Form) -> Answer:
    """Let the next key sign."""
    who = await proven(site, call)
    try:
        await site.auth.admin.rotate_keys(who, source=call.source)
    except Rejected as early:
        return show(site, call, "rotate.html", status=early.http_status, place="keys", error=early.message)
    return done(site, call, "/keys", "rotated")


async def show_feed(site: Site, call: Call) -> Answer:
    """How busy the feed is, how fresh this process, who follows."""
    who = await administrator(site, call)
    busy = _busy(site, site.auth.admin.feed(who))
    return show(
        site,
        call,
        "feed.html",
        place="feed",
        busy=busy,
        most=max(*busy.minutes, 1),
        staleness=site.auth.settings.max_staleness,
        clients=site.auth.settings.clients,
    )


async def feed_now(site: Site, call: Call) -> Answer:
    """The same as data, for a page that stays open."""
    who = await administrator(site, call)
    return json_answer(_busy(site, site.auth.admin.feed(who)), (b"cache-control", b"no-store"))


async def show_configuration(site: Site, call: Call) -> Answer:
    """Every setting as it was read, and what the doctor says."""
    who = await administrator(site, call)
    admin = site.auth.admin
    return show(
        site,
        call,
        "configuration.html",
        place="configuration",
        settings=admin.configuration(who),
        findings=await admin.findings(who),
    )


def _busy(site: Site, feed: FeedNow) -> Busy:
    return Busy(
        position=feed.position,
        age=round(feed.age, 3),
        fresh=feed.age <= site.auth.settings.max_staleness,
        remembered=feed.remembered,
        missed=feed.missed,
        minutes=feed.minutes,
        followers=[_following(site, one, feed.position) for one in site.followers.all()],
    )


def _following(site: Site, one: Follower, position: int) -> Following:
    seconds = round(site.auth.clock.monotonic() - one.heard, 1)
    return Following(one.client, one.source, max(position - one.position, 0), seconds, one.streams)
