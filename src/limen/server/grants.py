"""Writing what was granted, or taken back, in the way that the client can carry it: cookies or a body."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta

from msgspec import UNSET

from limen.clock import Instant
from limen.cookies import clear_cookie, set_cookie
from limen.factors import Unfinished
from limen.server.shapes import CookiesSet, Effective, HalfSignedIn, Tokens
from limen.server.site import Site
from limen.server.wire import Answer, Call, Header, json_answer
from limen.sessions import StrategyName
from limen.settings import Transport
from limen.strategies.base import Grant, Revoked

_DEVICE_MAX_AGE = 400 * 86_400  # what browsers cut a longer one to (RFC 6265bis §5.5)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def granted(
    site: Site, call: Call, grant: Grant, transport: Transport, *, device: str | None = None
) -> Answer:
    """The grant for this transport. An answer that sets cookies holds no credential in its body."""
    expires_in = _seconds(grant.expires - site.auth.clock.now())
    scope = " ".join(grant.scopes)
    if transport is Transport.COOKIE:
        body = CookiesSet(expires_in=expires_in, scope=scope, refreshes=grant.refresh is not None)
        return json_answer(body, *kept(site, call, grant, device))
    return json_answer(
        Tokens(
            access_token=grant.credential,
            expires_in=expires_in,
            scope=scope,
            refresh_token=grant.refresh or UNSET,
            device=device or UNSET,
        )
    )


def half_signed_in(site: Site, call: Call, error: Unfinished, transport: Transport) -> Answer:
    """202: what is asked for next. A browser gets the half in a cookie that no script reads."""
    ends_in = _seconds(error.ends - site.auth.clock.now())
    factors = list(error.factors)
    if transport is Transport.BEARER:
        return json_answer(HalfSignedIn(factors=factors, expires_in=ends_in, half=error.half), status=202)
    body = HalfSignedIn(factors=factors, expires_in=ends_in)
    return json_answer(body, half_kept(site, error), status=202)


def half_kept(site: Site, error: Unfinished) -> Header:
    """The cookie of a half."""
    name, age = site.auth.cookie_names.half, _seconds(error.ends - site.auth.clock.now())
    return b"set-cookie", set_cookie(name, error.half, max_age=age, path="/", secure=_secure(site))


def half_over(site: Site) -> Header:
    """Take a half that is spent out of the browser."""
    return (
        b"set-cookie",
        clear_cookie(site.auth.cookie_names.half, path="/", secure=_secure(site)),
    )


def revoked(site: Site, revoked: Revoked, *headers: Header) -> Answer:
    """When it takes effect, rounded up: never earlier than the truth."""
    effective_in = math.ceil(max(revoked.effective - site.auth.clock.now(), 0.0))
    return json_answer(Effective(moment(Instant(math.ceil(revoked.effective))), effective_in), *headers)


def cleared(site: Site, call: Call) -> tuple[Header, ...]:
    """Take the credentials out of the browser, and what it cached with them.

    Not `Clear-Site-Data: "cookies"`: that takes every cookie of the registrable domain, other applications'
    and the known device too; nor `"storage"`, where an application that embeds us keeps its drafts.
    """
    names, secure = site.auth.cookie_names, _secure(site)
    return (
        (b"set-cookie", clear_cookie(names.sid, path="/", secure=secure)),
        (b"set-cookie", clear_cookie(names.token, path="/", secure=secure)),
        (b"set-cookie", clear_cookie(names.refresh, path=refresh_path(site, call), secure=secure)),
        (b"set-cookie", clear_cookie(names.refreshes, path="/", secure=secure)),
        (b"clear-site-data", b'"cache"'),
    )


def refresh_path(site: Site, call: Call) -> str:
    """The one route that the refresh cookie is sent to."""
    return f"{call.root}{site.prefix}/refresh"


def moment(at: Instant) -> str:
    """RFC 3339 to the second, in UTC."""
    return (_EPOCH + timedelta(seconds=math.floor(at))).strftime("%Y-%m-%dT%H:%M:%SZ")


def kept(site: Site, call: Call, grant: Grant, device: str | None = None) -> list[Header]:
    """The cookies of a grant."""
    names, secure, now = site.auth.cookie_names, _secure(site), site.auth.clock.now()
    # A session's end moves with its use, which no cookie is told of: the browser keeps it for the longest
    # that it can live, and the server decides.
    used, other, age = {
        StrategyName.SESSION: (names.sid, names.token, site.auth.lifetimes.absolute),
    }.get(grant.strategy, (names.token, names.sid, grant.expires - now))
    found = [
        set_cookie(used, grant.credential, max_age=_seconds(age), path="/", secure=secure),
        clear_cookie(other, path="/", secure=secure),  # of before a change of strategy; two would be refused
    ]
    if grant.refresh is not None and grant.refresh_expires is not None:
        age = grant.refresh_expires - now
        found.append(
            set_cookie(
                names.refresh,
                grant.refresh,
                max_age=_seconds(age),
                path=refresh_path(site, call),
                secure=secure,
            )
        )
        found.append(
            set_cookie(names.refreshes, grant.session, max_age=_seconds(age), path="/", secure=secure)
        )
    if device is not None:
        found.append(set_cookie(names.device, device, max_age=_DEVICE_MAX_AGE, path="/", secure=secure))
    return [(b"set-cookie", value) for value in found]


def _secure(site: Site) -> bool:
    return not site.auth.settings.development


def _seconds(duration: float) -> int:
    return max(math.floor(duration), 0)
