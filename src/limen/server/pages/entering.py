"""Coming in: sign in, register."""

from __future__ import annotations

from limen import transport
from limen.errors import Denied, LimenError, Rejected, Throttled
from limen.next_url import safe_next
from limen.problems import status_of
from limen.server.grants import kept
from limen.server.pages import forms
from limen.server.pages.render import address, query, render, see_other, texts_of
from limen.server.pages.sentences import sentence
from limen.server.pages.telling import headers_of
from limen.server.signing import end_replaced
from limen.server.site import Site
from limen.server.wire import Answer, Call


async def show_sign_in(site: Site, call: Call) -> Answer:
    """The form."""
    return _sign_in_page(site, call, onward=query(call).get("next", ""))


async def sign_in(site: Site, call: Call) -> Answer:
    """A password for cookies, and on to where the person wanted to go."""
    form = await forms.read(site, call, "email", "password", "next")
    try:
        signed_in = await site.auth.sign_in(
            form["email"],
            form["password"],
            device=transport.find_cookie(call.headers, site.auth.cookie_names.device),
            source=call.source,
            user_agent=call.user_agent,
        )
    except (Denied, Rejected, Throttled) as error:
        return _sign_in_page(site, call, onward=form["next"], email=form["email"], error=error)
    await end_replaced(site, call)
    onward = safe_next(form["next"], default=address(site, call, "/account"))
    return see_other(onward, *kept(site, call, signed_in.grant, signed_in.device))


def _sign_in_page(
    site: Site, call: Call, *, onward: str, email: str = "", error: LimenError | None = None
) -> Answer:
    texts = texts_of(site, call)
    return render(
        site,
        call,
        "sign-in.html",
        status=200 if error is None else status_of(error),
        headers=() if error is None else headers_of(error),
        error=None if error is None else sentence(texts, error),
        email=email,
        onward=safe_next(onward, default=""),
    )
