"""What a page answers when something is refused: a way on, or a sentence. Never a document for programs."""

from __future__ import annotations

from urllib.parse import quote, urlencode

from limen.errors import Denied, LimenError
from limen.problems import problem
from limen.server.pages import sentences
from limen.server.pages.render import address, render, see_other, texts_of
from limen.server.site import Site
from limen.server.wire import Answer, Call, Header

_SAFE = ("GET", "HEAD")


def tell(site: Site, call: Call, error: LimenError, *, instance: str | None = None) -> Answer:
    """Where a sign-in is missing, the way to it; where https is, the way there; else what is wrong."""
    if error.code == "https_required" and call.scope["method"] in _SAFE:
        return _to_https(site, call)
    if isinstance(error, Denied) and not error.forbidden:
        return to_sign_in(site, call)
    texts = texts_of(site, call)
    return render(
        site,
        call,
        "refused.html",
        status=problem(error).status,
        headers=headers_of(error),
        title=sentences.title(texts, error),
        sentence=sentences.sentence(texts, error),
        instance=instance,
        back=address(site, call, "/account"),
    )


def to_sign_in(site: Site, call: Call) -> Answer:
    """To the sign-in, and from there back to the page that was asked for."""
    return see_other(f"{address(site, call, '/sign-in')}?{urlencode({'next': call.scope['path']})}")


def headers_of(error: LimenError) -> list[Header]:
    """What an error says in headers: when to come back, and which cookies are taken away."""
    theirs = (b"content-type", b"cache-control")
    return [header for header in problem(error).headers if header[0] not in theirs]


def _to_https(site: Site, call: Call) -> Answer:
    """308 to the issuer's own address, whatever host was named (S12)."""
    query = call.scope.get("query_string", b"")
    target = f"{site.auth.settings.issuer}{quote(call.scope['path'])}"
    location = target.encode() + (b"?" + query if query else b"")
    return Answer(308, b"", ((b"location", location),))
