"""Rules about what a proxy lets through, on the way in and on the way out."""

from __future__ import annotations

import re
from collections.abc import Iterator

from limen.doctor.outside.catalogue import CATALOGUE
from limen.doctor.outside.questions import LARGE
from limen.doctor.outside.seen import REQUEST, STRANGER, Outside, Reply
from limen.lint import Finding, find, spell

_YEAR = 31_536_000
_STANDING = (
    "x-content-type-options", "referrer-policy", "cross-origin-opener-policy", "cross-origin-resource-policy",
    "permissions-policy", "content-security-policy",
)  # fmt: skip
_MAX_AGE = re.compile(r"max-age=\"?([0-9]{1,12})", re.ASCII | re.IGNORECASE)
_ENCODED = ("gzip", "br", "zstd", "deflate")
_OUR_ERRORS = {"plain": 401, "missing": 404, "forged": 403}
"""Questions that Limen answers with an error, and with which."""


def passage(seen: Outside, plain: Reply) -> Iterator[Finding]:
    """All of them, for a deployment that `plain` showed to be Limen."""
    if seen.allows("bearers"):
        yield from _in(seen)
    yield from _forwarded(seen)
    if seen.allows("cookies"):
        yield from _cookies(seen)
    yield from _origins(seen)
    yield from _out(seen, plain)
    yield from _signed_in(seen)


def _in(seen: Outside) -> Iterator[Finding]:
    bearer, large = seen.reply("bearer"), seen.reply("large")
    lost = bearer is not None and bearer.code == "credential_missing"
    if lost:
        yield find(CATALOGUE, "authorization_lost")
    if large is not None and not lost and not large.code.startswith("credential_"):
        yield find(CATALOGUE, "authorization_cut", size=LARGE, status=large.status)


def _forwarded(seen: Outside) -> Iterator[Finding]:
    scheme, source, named = seen.reply("scheme"), seen.reply("source"), seen.reply("named")
    if named is not None and named.header("x-request-id") == REQUEST and not seen.local:
        yield find(CATALOGUE, "request_named")
    if scheme is not None and scheme.code == "https_required":
        yield find(CATALOGUE, "scheme_believed")
    if source is None:
        return
    told = source.header("limen-probe")
    if told is None:
        yield find(CATALOGUE, "source_untold")
    elif "source=believed" in told:
        yield find(CATALOGUE, "source_believed")
    if told is not None and "remote-user=passed" in told and not seen.local:
        yield find(CATALOGUE, "user_passed")


def _cookies(seen: Outside) -> Iterator[Finding]:
    twice = seen.reply("twice")
    if twice is None:
        return
    if twice.code == "credential_missing":
        yield find(CATALOGUE, "cookies_lost")
    if twice.code != "credential_ambiguous":
        return
    lines = twice.all("set-cookie")
    if not lines:
        yield find(CATALOGUE, "set_cookie_lost")
    elif len(lines) == 1:
        yield find(CATALOGUE, "set_cookie_merged", count=1)
    elif not seen.local:
        wrong = [what for line in lines[:2] for what in _changed(line)]
        if wrong:
            yield find(CATALOGUE, "cookie_changed", what=", ".join(dict.fromkeys(wrong)))


def _changed(line: str) -> Iterator[str]:
    """What is wrong with a `Set-Cookie` of ours."""
    pair, *rest = [part.strip() for part in line.split(";")]
    has = {name.strip().lower(): value.strip() for name, _, value in (part.partition("=") for part in rest)}
    if not pair.startswith("__Host-"):
        yield f"it is called {pair.partition('=')[0][:40]!r}"
    if "secure" not in has:
        yield "Secure is gone"
    if "httponly" not in has:
        yield "HttpOnly is gone"
    if has.get("samesite", "").lower() not in ("lax", "strict"):
        yield f"SameSite is {has.get('samesite', 'gone')[:20]}"
    if has.get("path") != "/":
        yield f"Path is {has.get('path', 'gone')[:40]}"
    if "domain" in has:
        yield f"Domain is {has['domain'][:60]}"


def _origins(seen: Outside) -> Iterator[Finding]:
    forged, own = seen.reply("forged"), seen.reply("own")
    if forged is not None and forged.code and forged.code != "cross_site":
        yield find(CATALOGUE, "origin_lost")
    if own is not None and own.code == "cross_site":
        yield find(CATALOGUE, "origin_foreign", url=seen.url)
    for name in ("cors", "preflight"):
        answer = seen.reply(name)
        allowed = None if answer is None else answer.header("access-control-allow-origin")
        if answer is not None and allowed in ("*", STRANGER, "null"):
            also = answer.header("access-control-allow-credentials") == "true"
            what = f"Access-Control-Allow-Origin: {allowed}{' with credentials' if also else ''}"
            yield find(CATALOGUE, "cors_open", origin=STRANGER, what=what)
            return


def _out(seen: Outside, plain: Reply) -> Iterator[Finding]:
    if plain.status == 401 and plain.header("www-authenticate") is None:
        yield find(CATALOGUE, "challenge_lost")
    replaced = [name for name, status in _OUR_ERRORS.items() if _is_replaced(seen.reply(name), status)]
    if replaced:
        yield find(CATALOGUE, "errors_replaced", questions=", ".join(replaced))
    stored = ", ".join(plain.all("cache-control"))
    if "no-store" not in stored.lower():
        yield find(CATALOGUE, "store_allowed", value=stored[:80] or "no Cache-Control")
    if (age := plain.header("age")) is not None:
        yield find(CATALOGUE, "kept_by_cache", age=age[:20])
    lost = [name for name in _STANDING if plain.header(name) is None]
    if lost:
        yield find(CATALOGUE, "headers_lost", names=", ".join(lost))
    if seen.url.startswith("https://"):
        yield from _hsts(plain)
    page = seen.reply("page")
    if page is not None and (how := page.header("content-encoding")) in _ENCODED:
        yield find(CATALOGUE, "answers_compressed", how=how)


def _is_replaced(answer: Reply | None, status: int) -> bool:
    """An error of the kind that Limen answers, or one turned into a page, without Limen's document."""
    return answer is not None and not answer.code and answer.status in (status, 200)


def _hsts(plain: Reply) -> Iterator[Finding]:
    said = plain.header("strict-transport-security")
    if said is None:
        yield find(CATALOGUE, "hsts_lost")
        return
    found = _MAX_AGE.search(said)
    if found is None or int(found[1]) < _YEAR:
        yield find(CATALOGUE, "hsts_short", value=spell(int(found[1])) if found else "no time")


def _signed_in(seen: Outside) -> Iterator[Finding]:
    answer = seen.reply("signed_in")
    if answer is None:
        return
    if answer.status != 200:
        yield find(CATALOGUE, "credential_refused", code=answer.code or str(answer.status))
        return
    stored = ", ".join(answer.all("cache-control"))
    if "no-store" not in stored.lower():
        yield find(CATALOGUE, "store_allowed", value=f"signed in, {stored[:80] or 'no Cache-Control'}")
    if (how := answer.header("content-encoding")) in _ENCODED:
        yield find(CATALOGUE, "answers_compressed", how=f"signed in, {how}")
