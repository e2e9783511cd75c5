"""Forms as pages send them: strictly read, never from another site, and carried out once."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from limen import transport
from limen.errors import Rejected
from limen.server.bodies import read_form
from limen.server.site import Site
from limen.server.wire import Answer, Call

Form = Mapping[str, str]
Act = Callable[[Site, Call, Form], Awaitable[Answer]]
Run = Callable[[Site, Call], Awaitable[Answer]]

_ONCE = "once"


def form(*fields: str) -> Callable[[Act], Run]:
    """Make an act of a form into an endpoint; the form has these fields, empty where one was left out.

    Denied(403) unless a page of ours sent it, whether or not anybody is signed in: a sign-in that another
    site forges would put its account under this browser's hands (S13, S14). Rejected(400) for another field.
    """

    def decorate(act: Act) -> Run:
        async def run(site: Site, call: Call) -> Answer:
            transport.check_forgery(call.scope["method"], call.headers, site.auth.origins)
            sent = await read_form(call)
            if not sent.keys() <= {*fields, _ONCE}:
                raise Rejected("the form has a field that it does not have here", code="invalid_request")
            found = {name: sent.get(name, "") for name in fields}
            if not sent.get(_ONCE):
                return await act(site, call, found)
            return await site.once.do(_bytes(call, sent), lambda: act(site, call, found))

        run.__name__, run.__doc__ = act.__name__, act.__doc__
        return run

    return decorate


def _bytes(call: Call, sent: Form) -> bytes:
    """What makes two requests one: the browser's cookies, the path, and every field."""
    parts = [call.scope["path"].encode(), *call.all(b"cookie")]
    parts += [f"{name}={value}".encode() for name, value in sorted(sent.items())]
    return b"".join(b"%d:%b" % (len(part), part) for part in parts)
