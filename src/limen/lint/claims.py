"""Findings about the claims of a token."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from typing import Any

from limen.clock import Instant, Seconds
from limen.lint.catalogue import CLAIMS, PERSONAL_WORDS, SECRET_WORDS
from limen.lint.finding import Finding, find, quoted

LONG: Seconds = 3_600
VERY_LONG: Seconds = 86_400
SLACK: Seconds = 60
"""Clocks differ by so much without anybody being at fault."""
_MILLISECONDS = 100_000_000_000
"""As seconds this is the year 5138."""
_EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s]+\.[^@\s]{2,}\Z")
_LONGEST_EMAIL = 320
_TOKEN = re.compile(r"eyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*\.")
_LOCAL = re.compile(r"http://(localhost|127\.\d+\.\d+\.\d+|\[::1\]|[^/:]+\.localhost)(:\d+)?(/|\Z)")
_DEPTH = 8


def claims(said: Mapping[str, Any], *, now: Instant) -> Iterator[Finding]:
    """What is odd in the claims of an access token at `now`. Values of odd claims are never repeated."""
    yield from _times(said, now)
    yield from _issuer(said)
    yield from _audience(said)
    yield from _subject(said)
    yield from _named(said, "jti")
    yield from _content(said)


def _times(said: Mapping[str, Any], now: Instant) -> Iterator[Finding]:
    times: dict[str, float] = {}
    for name in ("exp", "nbf", "iat", "auth_time"):
        if name in said:
            problem = _time_problem(name, said[name])
            if problem is None:
                times[name] = float(said[name])
            else:
                yield problem
    if "exp" not in said:
        yield find(CLAIMS, "exp_missing")
    if "iat" not in said:
        yield find(CLAIMS, "iat_missing")
    yield from _lifetime(times, now)
    yield from _beginning(times, now)


def _time_problem(name: str, value: object) -> Finding | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not _is_time(value):
        return find(CLAIMS, "time_malformed", name=name, value=quoted(value))
    return find(CLAIMS, "time_milliseconds", name=name) if value >= _MILLISECONDS else None


def _is_time(value: float) -> bool:
    return value >= 0 and (isinstance(value, int) or math.isfinite(value))


def _lifetime(times: Mapping[str, float], now: Instant) -> Iterator[Finding]:
    if "exp" not in times:
        return
    exp, begins = times["exp"], times.get("iat", times.get("nbf", now))
    if "iat" in times and exp <= times["iat"]:
        yield find(CLAIMS, "exp_before_iat")
    elif exp - begins > VERY_LONG:
        yield find(CLAIMS, "exp_very_long", lifetime=spell(exp - begins))
    elif exp - begins > LONG:
        yield find(CLAIMS, "exp_long", lifetime=spell(exp - begins))
    if exp <= now:
        yield find(CLAIMS, "exp_past", ago=spell(now - exp))


def _beginning(times: Mapping[str, float], now: Instant) -> Iterator[Finding]:
    nbf, iat = times.get("nbf", 0.0), times.get("iat", 0.0)
    if "exp" in times and nbf >= times["exp"]:
        yield find(CLAIMS, "nbf_after_exp")
    elif nbf > now + SLACK:
        yield find(CLAIMS, "nbf_future", ahead=spell(nbf - now))
    if iat > now + SLACK:
        yield find(CLAIMS, "iat_future", ahead=spell(iat - now))


def _issuer(said: Mapping[str, Any]) -> Iterator[Finding]:
    yield from _named(said, "iss")
    iss = said.get("iss")
    if isinstance(iss, str) and iss.startswith("http://") and not _LOCAL.match(iss):
        yield find(CLAIMS, "iss_plain_http")


def _audience(said: Mapping[str, Any]) -> Iterator[Finding]:
    aud = said.get("aud")
    everyone = [aud] if isinstance(aud, str) else aud
    if "aud" not in said:
        yield find(CLAIMS, "aud_missing")
    elif not isinstance(everyone, list) or not everyone or not all(_is_text(one) for one in everyone):
        yield find(CLAIMS, "aud_malformed", value=quoted(aud))
    elif "*" in everyone:
        yield find(CLAIMS, "aud_wildcard")
    elif len(everyone) > 1:
        yield find(CLAIMS, "aud_many", count=len(everyone))


def _subject(said: Mapping[str, Any]) -> Iterator[Finding]:
    yield from _named(said, "sub")
    if _is_address(said.get("sub")):
        yield find(CLAIMS, "sub_personal")


def _named(said: Mapping[str, Any], name: str) -> Iterator[Finding]:
    if name not in said:
        yield find(CLAIMS, f"{name}_missing")
    elif not _is_text(said[name]):
        yield find(CLAIMS, f"{name}_malformed", value=quoted(said[name]))


def _content(said: Mapping[str, Any]) -> Iterator[Finding]:
    """Claims whose name or value gives away more than a token should."""
    for path, value in _leaves(said, ""):
        word = re.sub(r"[^a-z]", "", path.rpartition(".")[2].casefold())
        if word in SECRET_WORDS or _is_credential(value):
            yield find(CLAIMS, "secret_claim", name=path)
        elif word in PERSONAL_WORDS or (path != "sub" and _is_address(value)):
            yield find(CLAIMS, "personal_claim", name=path)


def _leaves(value: object, path: str, depth: int = 0) -> Iterator[tuple[str, object]]:
    """Every member of every object, by its dotted name; an object counts by its own name too."""
    if not isinstance(value, Mapping) or depth > _DEPTH:
        return
    for name, inner in value.items():
        here = f"{path}.{name}" if path else str(name)
        yield here, inner
        yield from _leaves(inner, here, depth + 1)


def _is_credential(value: object) -> bool:
    if not isinstance(value, str):
        return False
    return "PRIVATE KEY-----" in value or _TOKEN.match(value) is not None


def _is_address(value: object) -> bool:
    """Whether it is an e-mail address. A longer text is none, and is not searched: the pattern goes back and
    forth over it (W23)."""
    return isinstance(value, str) and len(value) <= _LONGEST_EMAIL and _EMAIL.match(value) is not None


def _is_text(value: object) -> bool:
    return isinstance(value, str) and value != ""


def spell(seconds: Seconds) -> str:
    """A duration as people say it, in its two largest units."""
    left, said = int(seconds), []
    for unit, size in (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1)):
        count, left = divmod(left, size)
        if count:
            said.append(f"{count:,} {unit}")
    return " ".join(said[:2]) or "less than 1 s"
