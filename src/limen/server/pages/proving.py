"""Proving again that it is you, before what must not be done by whoever finds a browser open."""

from __future__ import annotations

from limen.errors import Denied, LimenError, Rejected, Throttled
from limen.factors import Unfinished
from limen.next_url import safe_next
from limen.server.grants import kept
from limen.server.pages import factors
from limen.server.pages.forms import Form, form
from limen.server.pages.person import person
from limen.server.pages.render import address, query, render_form, see_other
from limen.server.site import Site
from limen.server.wire import Answer, Call


async def show_step_up(site: Site, call: Call) -> Answer:
    """The form."""
    return await _page(site, call, query(call).get("next", ""))


@form("username", "current", "next")
async def step_up(site: Site, call: Call, form: Form) -> Answer:
    """The password again: a new session takes this one's place, and the person goes on."""
    who, _ = await person(site, call)
    try:
        grant = await site.auth.step_up(who, form["current"], source=call.source, user_agent=call.user_agent)
    except Unfinished as error:
        return factors.asked(site, call, error, form["next"])
    except (Denied, Rejected, Throttled) as error:
        return await _page(site, call, form["next"], error)
    onward = safe_next(form["next"], default=address(site, call, "/account"))
    return see_other(onward, *kept(site, call, grant))


async def _page(site: Site, call: Call, onward: str, error: LimenError | None = None) -> Answer:
    _, account = await person(site, call)
    return render_form(
        site,
        call,
        "step-up.html",
        error,
        field="current" if error is not None and error.code == "password_wrong" else "",
        email=account.email,
        onward=safe_next(onward, default=""),
    )
