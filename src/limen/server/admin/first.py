"""The first administrator: the page behind the link that the console shows."""

from __future__ import annotations

from urllib.parse import urlencode

from limen.errors import Denied, LimenError, Rejected
from limen.server.pages import tickets
from limen.server.pages.forms import Form, form
from limen.server.pages.render import address, render_form, see_other
from limen.server.site import Site
from limen.server.wire import Answer, Call

PATH = "/admin/set-up"
_GONE = 410


async def show_set_up(site: Site, call: Call) -> Answer:
    """The form, for whoever came by the link. Its text goes into a cookie and out of the address; looking
    spends nothing."""
    onward = tickets.taken(site, call, PATH)
    if onward is not None:
        return onward
    text = tickets.held(site, call)
    if text is None or not await site.auth.admin.may_set_up(text):
        return _page(site, call, "over.html", status=_GONE)
    return _page(site, call, "set-up.html")


@form("email", "password")
async def set_up(site: Site, call: Call, form: Form) -> Answer:
    """Make the account, and on to the sign-in."""
    text = tickets.held(site, call) or ""
    try:
        await site.auth.admin.set_up(text, form["email"], form["password"], source=call.source)
    except Denied:
        return _page(site, call, "over.html", status=_GONE).plus(tickets.dropped(site, call, PATH))
    except Rejected as error:
        return _page(site, call, "set-up.html", error, email=form["email"])
    onward = urlencode({"next": address(site, call, "/admin")})
    sign_in = f"{address(site, call, '/sign-in')}?{onward}"
    return see_other(sign_in, tickets.dropped(site, call, PATH))


def _page(
    site: Site,
    call: Call,
    name: str,
    error: LimenError | None = None,
    *,
    status: int | None = None,
    email: str = "",
) -> Answer:
    texts = site.look.texts["en"]
    shown = render_form(site, call, f"admin/{name}", error, texts=texts, languages={}, email=email)
    return shown if status is None else Answer(status, shown.body, shown.headers)
