"""What `/` says, and the description of the API for those who develop."""

from __future__ import annotations

import msgspec

from limen.server import services
from limen.server.description import describe
from limen.server.pages.render import address, see_other
from limen.server.resource import Endpoint
from limen.server.shapes import Register
from limen.server.site import Site
from limen.server.table import endpoints_of
from limen.server.wire import Answer, Call
from limen.server.workbench import verdict
from limen.settings import Transport

_TRY = """Limen signs people in here. Three lines to try:

  curl {api}/register -H content-type:application/json -d '{person}'
  curl {api}/login -H content-type:application/json -d '{sign_in}'
  curl {api}/session -H "authorization: Bearer $TOKEN"

For people: {issuer}{pages}/sign-in
All routes: {issuer}/openapi.json
Look at a token: {issuer}/workbench
See sessions, JWT and the hybrid side by side: {issuer}/playground
"""
_EMAIL, _WORDS = "ada@example.com", "correct horse battery staple"


def pages(site: Site) -> list[Endpoint]:
    """The pages of a server that stands alone. In production it describes itself to nobody."""
    home = Endpoint(method="GET", path="/", run=_home, summary="What this is.", gives=())
    always = [home, *verdict.endpoints(), *_scraped(site)]
    if not site.auth.settings.development:
        return always
    document = msgspec.json.encode(describe(site.auth, endpoints_of(site)))

    async def description(site: Site, call: Call) -> Answer:
        return Answer(200, document, ((b"content-type", b"application/json"),))

    described = Endpoint(
        method="GET", path="/openapi.json", run=description, summary="This document.", gives=()
    )
    return [*always, described]


def _scraped(site: Site) -> list[Endpoint]:
    """`/metrics`, where there is a client that could ask for it (docs/operating.md)."""
    asked = Endpoint(
        method="GET",
        path="/metrics",
        run=services.metrics,
        summary="What this process counts, for Prometheus.",
        gives=(),
        security=("client",),
        guarded=True,
        refuses=services.oauth_refusal,
    )
    return [asked] if site.auth.settings.clients else []


async def _home(site: Site, call: Call) -> Answer:
    """A line for programs, three to try for developers, and for people in production their account."""
    settings = site.auth.settings
    person = call.header(b"sec-fetch-mode") == b"navigate" and Transport.COOKIE in site.auth.transports
    if person and not settings.development:
        return see_other(address(site, call, "/account"))
    text = "Limen signs people in here.\n"
    if settings.development:
        ada = msgspec.json.encode(Register(_EMAIL, _WORDS)).decode()
        text = _TRY.format(
            api=f"{settings.issuer}{site.prefix}",
            issuer=settings.issuer,
            pages=settings.pages,
            person=ada,
            sign_in=f'{ada[:-1]},"transport":"bearer"}}',
        )
    return Answer(200, text.encode(), ((b"content-type", b"text/plain; charset=utf-8"),))
