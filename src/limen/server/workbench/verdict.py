"""Why this server refuses a token: asked by a form, answered by a page without a program.

In development anybody may ask who reaches the server, in production an administrator. The token comes in the
body and goes nowhere from here: no log has it, no answer repeats it, and no browser keeps the answer.
"""

from __future__ import annotations

import msgspec

from limen import explanation
from limen.accounts import ADMIN_SCOPE
from limen.errors import Rejected
from limen.server.bodies import read_form
from limen.server.resource import Endpoint
from limen.server.site import Site
from limen.server.wire import Answer, Call
from limen.server.workbench import verdict_page

PATH = "/workbench/verdict"
_HTML = (b"content-type", b"text/html; charset=utf-8")


def endpoints() -> list[Endpoint]:
    """The form for a browser in which no script runs, and the answer."""
    form = Endpoint(
        method="GET",
        path=PATH,
        run=_form,
        summary="A form to ask why a credential is refused.",
        gives=(),
        media="text/html",
    )
    answer = Endpoint(
        method="POST",
        path=PATH,
        run=_verdict,
        summary="Why a credential is accepted or refused.",
        form={"token": "an access token, a session credential or a refresh credential"},
        gives=(),
        media="text/html",
        guarded=True,
    )
    return [form, answer]


def address(call: Call) -> str:
    """The one address that a form may be sent to. The host was found to be ours before."""
    host = (call.header(b"host") or b"").decode("latin-1")
    return f"{call.scheme}://{host}{call.root}{PATH}"


def source(call: Call) -> str:
    """The same as a policy says it, which has no form for an IPv6 address: there it is the origin."""
    return "'self'" if (call.header(b"host") or b"").startswith(b"[") else address(call)


async def _form(site: Site, call: Call) -> Answer:
    await _allowed(site, call)
    page = verdict_page.form(address(call))
    return Answer(200, page.encode(), (_HTML, _policy(source(call))))


async def _verdict(site: Site, call: Call) -> Answer:
    await _allowed(site, call)
    credential = (await read_form(call)).get("token", "").strip().removeprefix("Bearer ")
    if not credential:
        raise Rejected("the parameter token is missing", code="invalid_request")
    found = await site.auth.explain(credential, source=call.source)
    if b"application/json" in (call.header(b"accept") or b""):
        body = msgspec.json.encode(explanation.data_of(found))
        return Answer(200, body, ((b"content-type", b"application/json"),))
    return Answer(200, verdict_page.page(found).encode(), (_HTML, _policy("'none'")))


async def _allowed(site: Site, call: Call) -> None:
    """Denied in production unless an administrator asks; by a cookie, from a page of ours alone."""
    if not site.auth.settings.development:
        await site.auth.scopes(ADMIN_SCOPE).check(call.scope)


def _policy(form: str) -> tuple[bytes, bytes]:
    return b"content-security-policy", (
        f"default-src 'none'; style-src {verdict_page.style_source()}; form-action {form}; "
        "base-uri 'none'; frame-ancestors 'none'"
    ).encode()
