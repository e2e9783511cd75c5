"""Forward-auth: a proxy asks about a request before it passes it on.

200 allows, and nothing else does. What the proxy says about the request is of two kinds. The method is
believed whoever says it, since it can only make the answer stricter. Where a person wanted to go (host and
address) is believed of trusted proxies alone, since it ends up in a redirect.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import replace
from urllib.parse import quote, urlsplit

from limen import forwarded
from limen import transport as rules
from limen.accounts import Account
from limen.errors import Denied, Rejected
from limen.proxies import is_trusted
from limen.server.resource import Endpoint, refusal
from limen.server.signing import presented_by, required
from limen.server.site import Site
from limen.server.wire import Answer, Call, Header, Scope
from limen.settings import Transport
from limen.strategies.base import Identity

PATH = "/forward-auth"
_ASKED = "limen.asked"
"""In the scope: the address below PATH, which is how Envoy tells what was asked for."""
_METHODS = (b"x-forwarded-method", b"x-original-method")
_ADDRESSES = (b"x-forwarded-uri", b"x-original-uri")
_ADDRESS_MAX = 2_048
_KEEP_401 = b"refuse=401"
"""The query of a proxy that takes 401 and 403 for a no, and every other answer for a failure: nginx."""
_log = logging.getLogger("limen.server")


def as_question(scope: Scope) -> Scope:
    """The scope with everything below PATH as PATH itself: there it is the address that was asked for."""
    root = str(scope.get("root_path", "")).rstrip("/")
    raw: bytes = scope.get("raw_path") or quote(scope["path"]).encode()
    below = f"{root}{PATH}/".encode()
    if not raw.startswith(below):
        return scope
    path = root + PATH
    asked = raw[len(below) - 1 :]
    if scope["query_string"]:
        asked += b"?" + scope["query_string"]
    return {**scope, "path": path, "raw_path": path.encode(), "query_string": b"", _ASKED: asked}


def knowing_pages(site: Site, endpoints: Iterable[Endpoint]) -> Site:
    """The site with the addresses of the pages where people sign in, and where a token is renewed, if it has
    them."""
    settings = site.auth.settings
    served = {one.path for one in endpoints if one.method == "GET"}

    def ours(path: str) -> str:
        return f"{settings.issuer}{path}" if path in served else ""

    page = settings.sign_in_page
    page = ours(page) or ours(f"{settings.pages}{page}") if page.startswith("/") else page
    return replace(site, sign_in_page=page, renewal_page=ours(f"{site.prefix}/refresh/page"))


async def forward_auth(site: Site, call: Call) -> Answer:
    """For a proxy that asks about a request before it passes it on: 200 allows, and nothing else does."""
    try:
        who = await required(site, call)
        _same_site(site, call)
        return Answer(200, b"", await _told(site, who))
    except Rejected as error:  # proxies read 400 as a failure of ours and not as a no
        denied = Denied(error.message, code="credential_invalid", reason=error.reason)
        cleared = tuple((b"set-cookie", value) for value in error.clears)
    except Denied as error:
        denied, cleared = error, ()
    page = b"" if denied.forbidden else _page_for(site, call)
    if not page and not cleared:
        raise denied
    _log.info("forward-auth: %s (%s)", denied.code, denied.reason)
    return _refused(denied, page, call).plus(*cleared)


def _refused(denied: Denied, page: bytes, call: Call) -> Answer:
    location = ((b"location", page),) if page else ()
    if page and call.scope["query_string"] != _KEEP_401:
        return Answer(302, b"", (*location, (b"cache-control", b"no-store")))
    return refusal(denied).plus(*location)


def _same_site(site: Site, call: Call) -> None:
    """Ask of the request behind the proxy's question what is asked of any: its method may be unsafe, and a
    cookie alone does not prove that a page of ours made it.

    Proxies are believed here without being named: whoever says a method can only make it stricter. The
    handshake of a WebSocket is a GET; not every proxy passes its `Upgrade` on, but its key they do.
    """
    if presented_by(site, call) is Transport.COOKIE:
        for method in _methods(call):
            rules.check_forgery(method, call.headers, site.auth.origins)


def _methods(call: Call) -> list[str]:
    """Every method that this request is said to have, its own among them."""
    said = [value.decode("latin-1") for name in _METHODS for value in call.all(name)]
    if call.header(b"sec-websocket-key") is not None:
        said.append("WEBSOCKET")
    return [*said, call.scope["method"]]


async def _told(site: Site, who: Identity) -> tuple[Header, ...]:
    settings = site.auth.settings
    wanted = frozenset(settings.forward_headers)
    account = None
    if wanted & {"email", "name"}:
        account = await site.auth.account(who)
        if account is None or account.disabled is not None:
            raise Denied("this account is gone", code="credential_revoked", reason="account_gone")
    values = {
        "user": forwarded.text(who.account),
        "scopes": " ".join(sorted(who.scopes)).encode(),
        "groups": forwarded.members(who.scopes),
    }
    if account is not None:
        values |= {"email": forwarded.text(account.email), "name": forwarded.text(_name_of(account))}
    told = [(f"remote-{name}".encode(), value) for name, value in values.items() if name in wanted]
    if settings.forward_audience:
        told.append((b"x-limen-jwt", _token(site, who, account).encode()))
    return tuple(told)


def _token(site: Site, who: Identity, account: Account | None) -> str:
    settings, now = site.auth.settings, site.auth.clock.now()
    told = settings.forward_headers
    said = forwarded.Forwarded(
        iss=settings.issuer,
        sub=who.account,
        aud=settings.forward_audience,
        exp=forwarded.end(now=now, ends=who.expires),
        iat=int(now),
        sid=who.session,
        auth_time=int(who.authenticated),
        amr=who.amr,
        scope=" ".join(sorted(who.scopes)),
        strategy=who.strategy.value,
        email=account.email if account is not None and "email" in told else "",
        name=_name_of(account) if account is not None and "name" in told else "",
    )
    return forwarded.token(said, site.auth.ring.active)


def _name_of(account: Account) -> str:
    """What to call somebody: applications show it, and some refuse an empty one."""
    return account.name or account.email.partition("@")[0]


def _page_for(site: Site, call: Call) -> bytes:
    """Where to send the browser behind this question; empty if it is none that goes to a page."""
    mode = call.header(b"sec-fetch-mode")
    html = b"text/html" in b",".join(call.all(b"accept")).lower()
    goes = html and mode in (None, b"navigate") and all(one in ("GET", "HEAD") for one in _methods(call))
    if not goes or not site.sign_in_page or call.header(b"authorization") is not None:
        return b""
    page = site.renewal_page if site.renewal_page and _may_renew(site, call) else site.sign_in_page
    wanted = _wanted(site, call)
    return f"{page}{wanted and f'?next={wanted}'}".encode()


def _may_renew(site: Site, call: Call) -> bool:
    """Whether this browser has a session that could be alive. The refresh cookie itself is not sent here."""
    try:
        return rules.find_cookie(call.headers, site.auth.cookie_names.refreshes) is not None
    except Rejected:
        return False


def _wanted(site: Site, call: Call) -> str:
    """Where the browser wanted to go, if that is a path of the issuer's origin; the page checks it again."""
    peer = call.scope.get("client")
    if not is_trusted(peer[0] if peer else None, site.trusted):
        return ""
    hosts = call.all(b"x-forwarded-host") or call.all(b"host")
    if [host.decode("latin-1").lower() for host in hosts] != [urlsplit(site.auth.settings.issuer).netloc]:
        return ""
    asked = call.scope.get(_ASKED)
    said = [asked] if asked is not None else [value for name in _ADDRESSES for value in call.all(name)]
    if len(said) != 1 or len(said[0]) > _ADDRESS_MAX:
        return ""
    address = said[0].decode("latin-1")
    plain = address.startswith("/") and address.isascii() and address.isprintable()
    return quote(address, safe="/") if plain and address[1:2] not in ("/", "\\") else ""
