"""Forms as pages send them: strictly read, and never from another site."""

from __future__ import annotations

from limen import transport
from limen.errors import Rejected
from limen.server.bodies import read_form
from limen.server.site import Site
from limen.server.wire import Call


async def read(site: Site, call: Call, *fields: str) -> dict[str, str]:
    """The fields of a form, empty where one was left out. Rejected(400) for a field that the form lacks.

    Denied(403) unless a page of ours sent it, whether or not anybody is signed in: a sign-in that another
    site forges would put its account under this browser's hands (S13, S14).
    """
    transport.check_forgery(call.scope["method"], call.headers, site.auth.origins)
    found = await read_form(call)
    if not found.keys() <= set(fields):
        raise Rejected("the form has a field that it does not have here", code="invalid_request")
    return {name: found.get(name, "") for name in fields}
