"""One more proof after the password: a page for any factor whose answer can be typed."""

from __future__ import annotations

import re
from urllib.parse import urlencode

from limen import transport
from limen.errors import Denied, LimenError, Rejected, Throttled
from limen.factors import Unfinished
from limen.next_url import safe_next
from limen.server.grants import half_kept, half_over, kept
from limen.server.pages import notices
from limen.server.pages.forms import Form, form
from limen.server.pages.render import address, query, render_form, see_other
from limen.server.signing import end_replaced
from limen.server.site import Site
from limen.server.wire import Answer, Call

_NAME = re.compile(r"[a-z][a-z0-9_-]{0,31}\Z")


def asked(site: Site, call: Call, error: Unfinished, onward: str) -> Answer:
    """On to the page of the first factor that is missing."""
    wanted = {"factor": error.factors[0], "next": safe_next(onward, default="")}
    return see_other(f"{address(site, call, '/sign-in/factor')}?{urlencode(wanted)}", half_kept(site, error))


async def show_factor(site: Site, call: Call) -> Answer:
    """The form, if a sign-in was begun in this browser; else the sign-in."""
    wanted = query(call)
    if _half(site, call) is None or not _NAME.match(wanted.get("factor", "")):
        return see_other(address(site, call, "/sign-in"))
    return _page(site, call, wanted["factor"], wanted.get("next", ""))


@form("factor", "answer", "next")
async def prove_factor(site: Site, call: Call, form: Form) -> Answer:
    """The answer, and on to the next factor or to where the person wanted to go."""
    try:
        signed_in = await site.auth.prove_factor(
            _half(site, call) or "",
            form["factor"],
            form["answer"].strip(),
            device=transport.find_cookie(call.headers, site.auth.cookie_names.device),
            source=call.source,
            user_agent=call.user_agent,
        )
    except Unfinished as error:
        return asked(site, call, error, form["next"])
    except (Denied, Rejected, Throttled) as error:
        if error.code in ("factor_wrong", "too_many_attempts"):
            return _page(site, call, form["factor"], form["next"], error)
        return see_other(
            address(site, call, "/sign-in"), half_over(site), notices.announce(site, "sign_in_over")
        )
    await end_replaced(site, call)
    onward = safe_next(form["next"], default=address(site, call, "/account"))
    return see_other(onward, half_over(site), *kept(site, call, signed_in.grant, signed_in.device))


def _page(site: Site, call: Call, factor: str, onward: str, error: LimenError | None = None) -> Answer:
    return render_form(
        site,
        call,
        "factor.html",
        error,
        field="answer" if error is not None and error.code == "factor_wrong" else "",
        factor=factor,
        onward=safe_next(onward, default=""),
    )


def _half(site: Site, call: Call) -> str | None:
    try:
        return transport.find_cookie(call.headers, site.auth.cookie_names.half)
    except Rejected:
        return None
