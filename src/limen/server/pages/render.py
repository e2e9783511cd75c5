"""A template and its values as an answer, in the language and with the addresses of the request."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlencode

from limen.accounts import ADMIN_SCOPE
from limen.errors import LimenError, Rejected
from limen.next_url import safe_next
from limen.problems import problem
from limen.requirement import remembered
from limen.server.bodies import parse_form
from limen.server.grants import refresh_path
from limen.server.pages import kept, notices, once
from limen.server.pages.language import pick
from limen.server.pages.sentences import sentence
from limen.server.pages.texts import Texts
from limen.server.site import Site
from limen.server.wire import Answer, Call, Header
from limen.sessions import StrategyName

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'"
)
_HEADERS: tuple[Header, ...] = (
    (b"content-type", b"text/html; charset=utf-8"),
    (b"content-security-policy", POLICY.encode()),
    (b"x-frame-options", b"DENY"),
    (b"vary", b"Cookie, Accept-Language"),
)


class Errors(dict[str, str]):
    """Field → what is wrong with it; a field that is right has nothing."""

    def __missing__(self, field: str) -> str:
        return ""


def render(
    site: Site, call: Call, name: str, *, status: int = 200, headers: Iterable[Header] = (), **values: Any
) -> Answer:
    """The page `name`. Beside `values` it has `texts`, `brand`, `languages`, `notice`, `url()`, `asset()`."""
    texts = texts_of(site, call)
    asked = query(call)
    chosen: tuple[Header, ...] = ()
    if asked.get("lang") == texts.language:
        chosen = (kept.keep(site, "lang", texts.language, max_age=kept.LANGUAGE_AGE),)
    notice, said = notices.take(site, call, texts)
    given = {
        "texts": texts,
        "brand": site.look.brand,
        "languages": site.look.languages,
        "notice": notice,
        # No `partial`: it would hand what it holds, the server and its secret, to who writes a template.
        "url": lambda path: address(site, call, path),
        "asset": lambda name: address(site, call, f"{site.look.assets.folder}/{name}"),
        "in_language": lambda language: _in_language(asked, language),
        "signs_out": f"{refresh_path(site, call)}/sign-out",
        "fresh": _fresh_for(site, call),
        "refreshes": refresh_path(site, call),
        "administers": _administers(call),
        "recovers": bool(site.auth.settings.mail),
        "place": "",
    }
    body = site.look.page(name, given | values)
    return Answer(status, body.encode(), (*_HEADERS, *chosen, *said, *headers))


def render_form(
    site: Site, call: Call, name: str, error: LimenError | None = None, *, field: str = "", **values: Any
) -> Answer:
    """A page with a form; after an error it says what is wrong, beside the field that is or above them all.

    `field` is where an error belongs that names none itself.
    """
    texts = texts_of(site, call)
    least = site.auth.settings.password_min_length
    errors, above = Errors(), ""
    status = 200
    headers: tuple[Header, ...] = ()
    if error is not None:
        said = sentence(texts, error, least=least)
        where = (error.field if isinstance(error, Rejected) else None) or field
        status, headers = problem(error).status, headers_of(error)
        above = "" if where else said
        errors = Errors({where: said} if where else {})
    given = {"error": above, "errors": errors, "least": least, "once": once.number()}
    return render(site, call, name, status=status, headers=headers, **given, **values)


def see_other(location: str, *headers: Header) -> Answer:
    """On to another page, with GET: never 307, which would send a password there (RFC 9700 §4.12)."""
    return Answer(303, b"", ((b"location", location.encode()), *headers))


def headers_of(error: LimenError) -> tuple[Header, ...]:
    """What an error says in headers: when to come back, and which cookies are taken away."""
    theirs = (b"content-type", b"cache-control")
    return tuple(header for header in problem(error).headers if header[0] not in theirs)


def address(site: Site, call: Call, path: str) -> str:
    """Where a page of ours lies, as the browser sees it."""
    return f"{call.root}{site.auth.settings.pages}{path}"


def texts_of(site: Site, call: Call) -> Texts:
    """The words for whoever made this request."""
    wanted = (query(call).get("lang"), kept.recall(site, call, "lang"))
    accepted = (call.header(b"accept-language") or b"").decode("latin-1")
    return site.look.texts[pick(wanted, accepted, site.look.texts)]


def query(call: Call) -> dict[str, str]:
    """The parameters of the address. None at all where they cannot be read in one way."""
    try:
        return parse_form(call.scope.get("query_string", b""))
    except Rejected:
        return {}


def _fresh_for(site: Site, call: Call) -> int:
    """Seconds until the token of whoever asks runs out, if a script can renew it; else 0."""
    who = remembered(call.scope)
    if who is None or who.strategy is not StrategyName.HYBRID:
        return 0
    return max(math.floor(who.expires - site.auth.clock.now()), 1)


def _administers(call: Call) -> bool:
    """Whether whoever asks may open the administration."""
    who = remembered(call.scope)
    return who is not None and ADMIN_SCOPE in who.scopes


def _in_language(asked: Mapping[str, str], language: str) -> str:
    """The parameters of this page in another language. Only `next` is kept, if it is one."""
    onward = safe_next(asked.get("next", ""), default="")
    return urlencode({"lang": language, **({"next": onward} if onward else {})})
