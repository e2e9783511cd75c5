"""Moments and spans in words. A server does not know a person's time zone: what is near is told as a span."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta

from limen.clock import Instant, Seconds
from limen.server.pages.texts import Texts, msg, msgs

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MONTHS = (
    msg("January"),
    msg("February"),
    msg("March"),
    msg("April"),
    msg("May"),
    msg("June"),
    msg("July"),
    msg("August"),
    msg("September"),
    msg("October"),
    msg("November"),
    msg("December"),
)
_DATE = msg("%(day)s %(month)s %(year)s")
_MOMENT = msg("%(date)s, %(time)s UTC")
_SPANS = (
    (86_400, *msgs("%(n)s day", "%(n)s days")),
    (3_600, *msgs("%(n)s hour", "%(n)s hours")),
    (60, *msgs("%(n)s minute", "%(n)s minutes")),
    (1, *msgs("%(n)s second", "%(n)s seconds")),
)
_NOW = msg("just now")
_AGO = msg("%(span)s ago")
_IN = msg("in %(span)s")


def date(texts: Texts, at: Instant) -> str:
    """The day, in UTC."""
    when = _utc(at)
    month = texts.say(_MONTHS[when.month - 1])
    return texts.say(_DATE, day=when.day, month=month, year=when.year)


def moment(texts: Texts, at: Instant) -> str:
    """The day and the time of day, in UTC and saying so."""
    return texts.say(_MOMENT, date=date(texts, at), time=_utc(at).strftime("%H:%M"))


def span(texts: Texts, seconds: Seconds) -> str:
    """A length of time, rounded up: who waits for it must not come too early."""
    for size, one, many in _SPANS[:-1]:
        if seconds >= 2 * size:  # "90 minutes" says more than "2 hours"
            return texts.say_count(one, many, math.ceil(seconds / size))
    _, one, many = _SPANS[-1]
    return texts.say_count(one, many, max(math.ceil(seconds), 1))


def ago(texts: Texts, at: Instant, *, now: Instant) -> str:
    """How long ago, or in how long, that is. A clock that runs ahead by a moment is now (B14)."""
    passed = now - at
    if abs(passed) < 60:
        return texts.say(_NOW)
    if passed > 0:
        return texts.say(_AGO, span=_rounded(texts, passed))
    return texts.say(_IN, span=_rounded(texts, -passed))


def _rounded(texts: Texts, seconds: Seconds) -> str:
    size, one, many = next(unit for unit in _SPANS if seconds >= unit[0])
    return texts.say_count(one, many, math.floor(seconds / size))


def _utc(at: Instant) -> datetime:
    return _EPOCH + timedelta(seconds=math.floor(at))
