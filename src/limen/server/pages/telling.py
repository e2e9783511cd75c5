"""What a page answers when something is refused: a way on, or a sentence. Never a document for programs."""

from __future__ import annotations

from urllib.parse import quote, urlencode

from limen import transport
from limen.errors import Denied, LimenError, Rejected
from limen.next_url import safe_next
from limen.problems import status_of
from limen.server.grants import refresh_path
from limen.server.pages import notices, sentences
from limen.server.pages.render import address, headers_of, render, see_other, texts_of
from limen.server.site import Site
from limen.server.wire import Answer, Call

_SAFE = ("GET", "HEAD")


def tell(site: Site, call: Call, error: LimenError, *, instance: str | None = None) -> Answer:
    """Where a proof is missing, the way to it; where https is, the way there; else what is wrong."""
    if error.code == "https_required" and call.scope["method"] in _SAFE:
        return _to_https(site, call)
    if error.code == "authentication_too_old":
        return _onward(address(site, call, "/step-up"), _here(call), *_unless_read(site, call))
    if isinstance(error, Denied) and not error.forbidden:
        return _to_proof(site, call)
    texts = texts_of(site, call)
    return render(
        site,
        call,
        "refused.html",
        status=status_of(error),
        headers=headers_of(error),
        title=sentences.title(texts, error),
        sentence=sentences.sentence(texts, error),
        instance=instance,
        back=address(site, call, "/account"),
    )


def lead(site: Site, call: Call, error: LimenError) -> Answer | None:
    """The way to the proof that is missing, for a person who goes to a page of an application that embeds us.
    None where nobody goes anywhere, or no proof would help: then a document is the answer."""
    goes = call.scope["method"] == "GET" and call.header(b"sec-fetch-mode") == b"navigate"
    if not goes or not isinstance(error, Denied) or error.forbidden:
        return None
    return tell(site, call, error)


def to_sign_in(site: Site, call: Call, onward: str) -> Answer:
    """To the sign-in, and from there to the page that was asked for."""
    return _onward(address(site, call, "/sign-in"), onward)


def renewal_path(site: Site, call: Call) -> str:
    """Where a token that ran out is renewed; below the path that the refresh cookie is sent to."""
    return f"{refresh_path(site, call)}/page"


def _to_proof(site: Site, call: Call) -> Answer:
    """Renewed without a word where the browser can do that, else signed in anew."""
    onward, said = _here(call), _unless_read(site, call)
    try:
        renewable = transport.find_cookie(call.headers, site.auth.cookie_names.refreshes) is not None
    except Rejected:
        renewable = False
    return _onward(renewal_path(site, call) if renewable else address(site, call, "/sign-in"), onward, *said)


def _here(call: Call) -> str:
    """What was asked for. After a form without its parameters, which are none of a page's."""
    path, asked = str(call.scope["path"]), call.scope.get("query_string", b"").decode("latin-1")
    whole = f"{path}?{asked}" if asked and call.scope["method"] in _SAFE else path
    return safe_next(whole, default=path)


def _unless_read(site: Site, call: Call) -> tuple[tuple[bytes, bytes], ...]:
    """After a form, that it was not carried out."""
    return () if call.scope["method"] in _SAFE else (notices.announce(site, "away"),)


def _onward(where: str, onward: str, *headers: tuple[bytes, bytes]) -> Answer:
    return see_other(f"{where}?{urlencode({'next': onward})}", *headers)


def _to_https(site: Site, call: Call) -> Answer:
    """308 to the issuer's own address, whatever host was named (S12)."""
    query = call.scope.get("query_string", b"")
    target = f"{site.auth.settings.issuer}{quote(call.scope['path'])}"
    location = target.encode() + (b"?" + query if query else b"")
    return Answer(308, b"", ((b"location", location),))
