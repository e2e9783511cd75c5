"""The routes of the page: its document and its modules, each under a name that is known beforehand."""

from __future__ import annotations

from limen.server.resource import Endpoint
from limen.server.site import Site
from limen.server.wire import Answer, Call
from limen.server.workbench.assets import INDEX, assets

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'none'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
)
"""Nothing that is entered can leave the page, whatever its program does: the browser sees to it."""
PATH = "/workbench"
_MEDIA = {
    "html": b"text/html; charset=utf-8",
    "css": b"text/css; charset=utf-8",
    "js": b"text/javascript; charset=utf-8",
}


def endpoints() -> list[Endpoint]:
    """`/workbench`, and each file that it is made of below it."""
    return [_endpoint(PATH if name == INDEX else f"{PATH}/{name}", name) for name in sorted(assets())]


def _endpoint(path: str, name: str) -> Endpoint:
    headers = (
        (b"content-type", _MEDIA[name.rpartition(".")[2]]),
        (b"content-security-policy", POLICY.encode()),
    )

    async def file(site: Site, call: Call) -> Answer:
        return Answer(200, assets()[name], headers)

    summary = "A page to decode, verify and make tokens." if name == INDEX else f"Its {name}."
    return Endpoint(method="GET", path=path, run=file, summary=summary, gives=(), media="text/html")
