"""Every page, and the files that they load."""

from __future__ import annotations

import gzip
from collections.abc import Awaitable, Callable, Iterator

from limen.server.pages import entering
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
    ("GET", "/sign-in", entering.show_sign_in, "Sign in, as a page."),
    ("POST", "/sign-in", entering.sign_in, "Its form."),
)


def endpoints(site: Site) -> list[Endpoint]:
    """The pages of a site; none where no cookie may carry a credential, since a page cannot do otherwise."""
    if Transport.COOKIE not in site.auth.transports:
        return []
    below = site.auth.settings.pages
    pages = [
        Endpoint(
            method=method,
            path=f"{below}{path}",
            run=run,
            summary=summary,
            gives=(),
            media="text/html",
            tells=tell,
        )
        for method, path, run, summary in _PAGES
    ]
    return [*pages, *_files(site)]


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
