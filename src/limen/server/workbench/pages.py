"""The routes of the page: its document and its modules, each under a name that is known beforehand."""

from __future__ import annotations

import gzip
from functools import cache

from limen.server.resource import Endpoint
from limen.server.site import Site
from limen.server.wire import Answer, Call, Header
from limen.server.workbench import verdict
from limen.server.workbench.assets import INDEX, assets

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'none'; base-uri 'none'; "
    "form-action {form}; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
)
"""No request that the page makes carries anything away, whatever its program does: the browser sees to it. A
form may go to one address, where its own server answers why it refuses a token (docs/decisions/0016)."""
PATH = "/workbench"
_MEDIA = {"html": b"text/html", "css": b"text/css", "js": b"text/javascript"}


def endpoints() -> list[Endpoint]:
    """`/workbench`, and each file that it is made of below it."""
    return [_endpoint(PATH if name == INDEX else f"{PATH}/{name}", name) for name in sorted(assets())]


def _endpoint(path: str, name: str) -> Endpoint:
    media = _MEDIA[name.rpartition(".")[2]]

    async def file(site: Site, call: Call) -> Answer:
        form = verdict.source(call) if name == INDEX else "'none'"
        headers: tuple[Header, ...] = (
            (b"content-type", media + b"; charset=utf-8"),
            (b"content-security-policy", POLICY.format(form=form).encode()),
            (b"vary", b"Accept-Encoding"),
        )
        if b"gzip" in (call.header(b"accept-encoding") or b""):
            return Answer(200, _compressed(name), (*headers, (b"content-encoding", b"gzip")))
        return Answer(200, assets()[name], headers)

    summary = "A page to decode, verify and make tokens." if name == INDEX else f"Its {name}."
    return Endpoint(method="GET", path=path, run=file, summary=summary, gives=(), media=media.decode())


@cache
def _compressed(name: str) -> bytes:
    """A file as browsers take it. There is no secret in it that its length could tell (BREACH)."""
    return gzip.compress(assets()[name], mtime=0)
