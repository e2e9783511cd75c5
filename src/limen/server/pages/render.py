"""A template and its values as an answer, in the language and with the addresses of the request."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import Any

from limen.errors import Rejected
from limen.server.bodies import parse_form
from limen.server.pages import kept
from limen.server.pages.language import pick
from limen.server.pages.look import LANGUAGES
from limen.server.pages.texts import Texts
from limen.server.site import Site
from limen.server.wire import Answer, Call, Header

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


def render(
    site: Site, call: Call, name: str, *, status: int = 200, headers: Iterable[Header] = (), **values: Any
) -> Answer:
    """The page `name`. Beside `values` it has `texts`, `brand`, `languages`, `url()` and `asset()`."""
    texts = texts_of(site, call)
    said = query(call).get("lang")
    chosen = [] if said != texts.language else [kept.keep(site, "lang", said, max_age=kept.LANGUAGE_AGE)]
    body = site.look.page(
        name,
        {
            "texts": texts,
            "brand": site.look.brand,
            "languages": LANGUAGES,
            "url": partial(address, site, call),
            "asset": lambda file: address(site, call, f"{site.look.assets.folder}/{file}"),
            "now": site.auth.clock.now(),
            **values,
        },
    )
    return Answer(status, body.encode(), (*_HEADERS, *chosen, *headers))


def see_other(location: str, *headers: Header) -> Answer:
    """On to another page, with GET: never 307, which would send a password there (RFC 9700 §4.12)."""
    return Answer(303, b"", ((b"location", location.encode()), *headers))


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
