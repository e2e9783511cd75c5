"""Every page, and the files that they load."""

from __future__ import annotations

import gzip
from collections.abc import Awaitable, Callable, Iterator

from limen.server.pages import (
    account,
    advice,
    changing,
    entering,
    factors,
    proving,
    recovery,
    renewal,
    sessions,
)
from limen.server.pages.telling import tell
from limen.server.resource import Endpoint
from limen.server.site import Site
from limen.server.wire import Answer, Call, Header
from limen.settings import Transport

Run = Callable[[Site, Call], Awaitable[Answer]]

_MEDIA = {
    "css": b"text/css; charset=utf-8",
    "js": b"text/javascript; charset=utf-8",
    "svg": b"image/svg+xml",
    "png": b"image/png",
    "webp": b"image/webp",
}
_PACKED = ("css", "js", "svg")

_PAGES: tuple[tuple[str, str, Run, str], ...] = (
    ("GET", "/sign-in", entering.show_sign_in, "Sign in."),
    ("POST", "/sign-in", entering.sign_in, "Its form."),
    ("GET", "/sign-in/factor", factors.show_factor, "One more proof."),
    ("POST", "/sign-in/factor", factors.prove_factor, "Its form."),
    ("GET", "/register", entering.show_register, "Make an account."),
    ("POST", "/register", entering.register, "Its form."),
    ("GET", "/step-up", proving.show_step_up, "Prove again that it is you."),
    ("POST", "/step-up", proving.step_up, "Its form."),
    ("GET", "/account", account.show_account, "One's own account."),
    ("GET", "/account/password", account.show_password, "A new password."),
    ("POST", "/account/password", account.change_password, "Its form."),
    ("GET", "/account/name", changing.show_name, "Another name."),
    ("POST", "/account/name", changing.set_name, "Its form."),
    ("GET", "/account/email", changing.show_email, "Another address."),
    ("POST", "/account/email", changing.change_email, "Its form."),
    ("POST", "/account/verification", changing.send_verification, "Another letter that proves the address."),
    ("GET", "/account/data", changing.show_data, "A copy of all that is kept."),
    ("POST", "/account/data", changing.export, "The copy."),
    ("GET", "/account/delete", changing.show_delete, "The end of the account."),
    ("POST", "/account/delete", changing.delete, "Its form."),
    ("GET", "/forgot", recovery.show_forgot, "Forgot the password."),
    ("POST", "/forgot", recovery.forgot, "Its form."),
    ("GET", "/reset", recovery.show_reset, "A new password, by a link."),
    ("POST", "/reset", recovery.reset, "Its form."),
    ("GET", "/verify", recovery.show_verify, "Prove an address, by a link."),
    ("POST", "/verify", recovery.verify, "Its form."),
    ("GET", "/email", recovery.show_confirm, "Agree to another address, by a link."),
    ("POST", "/email", recovery.confirm, "Its form."),
    ("GET", "/account/sessions", sessions.show_sessions, "Where one is signed in."),
    ("POST", "/account/sessions", sessions.end, "End one session, or all others."),
)


def places(below: str) -> tuple[str, ...]:
    """The paths that the pages and their files have for themselves, with all that lies below each: for
    gateways. One path, where the pages have one of their own."""
    if below:
        return (below,)
    first = {f"/{path.split('/')[1]}" for _, path, _, _ in _PAGES}
    return (*sorted(first), "/strength", "/assets")


def endpoints(site: Site) -> list[Endpoint]:
    """The pages of a site; none where no cookie may carry a credential, since a page cannot do otherwise."""
    if Transport.COOKIE not in site.auth.transports:
        return []
    below = site.auth.settings.pages
    pages = [_page(method, f"{below}{path}", run, summary) for method, path, run, summary in _PAGES]
    near = f"{site.prefix}/refresh"
    pages += [
        _page("GET", f"{near}/page", renewal.renew, "Renew a token that ran out, on the way to a page."),
        _page("POST", f"{near}/sign-out", renewal.sign_out, "Sign out."),
    ]
    return [*pages, _strength(below), *_files(site)]


def _page(method: str, path: str, run: Run, summary: str) -> Endpoint:
    return Endpoint(
        method=method, path=path, run=run, summary=summary, gives=(), media="text/html", tells=tell
    )


def _strength(below: str) -> Endpoint:
    return Endpoint(
        method="POST",
        path=f"{below}/strength",
        run=advice.advise,
        summary="Advice on a password that is being typed.",
        takes=advice.Asked,
        gives=(advice.Advice,),
        errors=(400, 403, 413, 415, 422, 429),
        guarded=True,
    )


def _files(site: Site) -> Iterator[Endpoint]:
    assets = site.look.assets
    for name, content in assets.files.items():
        path = f"{site.auth.settings.pages}{assets.folder}/{name}"
        yield _file(path, name, content)


def _file(path: str, name: str, content: bytes) -> Endpoint:
    kind = name.rpartition(".")[2]
    headers: tuple[Header, ...] = (
        (b"content-type", _MEDIA[kind]),
        (b"cache-control", b"public, max-age=31536000, immutable"),
        (b"vary", b"Accept-Encoding"),
    )
    # There is no secret in a file that its length could tell (BREACH).
    packed = gzip.compress(content, mtime=0) if kind in _PACKED else content

    async def file(site: Site, call: Call) -> Answer:
        if packed is not content and b"gzip" in (call.header(b"accept-encoding") or b""):
            return Answer(200, packed, (*headers, (b"content-encoding", b"gzip")))
        return Answer(200, content, headers)

    summary = f"The pages' {name}."
    return Endpoint(method="GET", path=path, run=file, summary=summary, gives=(), media="text/plain")
