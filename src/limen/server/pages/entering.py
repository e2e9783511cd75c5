"""Coming in: sign in, register."""

from __future__ import annotations

from urllib.parse import urlencode

from limen import transport
from limen.errors import Denied, LimenError, Rejected, Throttled
from limen.factors import Unfinished
from limen.next_url import safe_next
from limen.server.grants import kept
from limen.server.pages import factors, notices
from limen.server.pages.forms import Form, form
from limen.server.pages.render import address, query, render_form, see_other, texts_of
from limen.server.signing import end_replaced, required
from limen.server.site import Site
from limen.server.wire import Answer, Call
from limen.settings import Registration


async def show_sign_in(site: Site, call: Call) -> Answer:
    """The form; who is signed in already goes on."""
    onward = query(call).get("next", "")
    try:
        await required(site, call)
    except (Denied, Rejected):
        return _sign_in_page(site, call, onward)
    return see_other(safe_next(onward, default=address(site, call, "/account")))


@form("email", "password", "next")
async def sign_in(site: Site, call: Call, form: Form) -> Answer:
    """A password for cookies, and on to where the person wanted to go."""
    try:
        signed_in = await site.auth.sign_in(
            form["email"],
            form["password"],
            device=transport.find_cookie(call.headers, site.auth.cookie_names.device),
            source=call.source,
            user_agent=call.user_agent,
        )
    except Unfinished as error:
        return factors.asked(site, call, error, form["next"])
    except (Denied, Rejected, Throttled) as error:
        return _sign_in_page(site, call, form["next"], email=form["email"], error=error)
    await end_replaced(site, call)
    onward = safe_next(form["next"], default=address(site, call, "/account"))
    return see_other(onward, *kept(site, call, signed_in.grant, signed_in.device))


async def show_register(site: Site, call: Call) -> Answer:
    """The form."""
    _open(site)
    return _register_page(site, call, query(call).get("next", ""))


@form("email", "password", "next")
async def register(site: Site, call: Call, form: Form) -> Answer:
    """An account, and on to the sign-in. What is said is the same where the address was taken."""
    _open(site)
    try:
        await site.auth.register(
            form["email"], form["password"], source=call.source, language=texts_of(site, call).language
        )
    except (Rejected, Throttled) as error:
        return _register_page(site, call, form["next"], email=form["email"], error=error)
    onward = address(site, call, "/sign-in") + _carry(form["next"])
    word = "registered_and_asked" if site.auth.settings.mail else "registered"
    return see_other(onward, notices.announce(site, word))


def _sign_in_page(
    site: Site, call: Call, onward: str, *, email: str = "", error: LimenError | None = None
) -> Answer:
    return render_form(
        site,
        call,
        "sign-in.html",
        error,
        email=email,
        onward=safe_next(onward, default=""),
        carry=_carry(onward),
        registers=site.auth.settings.registration == Registration.OPEN,
    )


def _register_page(
    site: Site, call: Call, onward: str, *, email: str = "", error: LimenError | None = None
) -> Answer:
    onward = safe_next(onward, default="")
    return render_form(site, call, "register.html", error, email=email, onward=onward, carry=_carry(onward))


def _open(site: Site) -> None:
    if site.auth.settings.registration != Registration.OPEN:
        raise Denied("registration is closed", code="registration_closed", forbidden=True)


def _carry(onward: str) -> str:
    """What keeps `next` on the way to another form: the empty string, or a question mark and it."""
    onward = safe_next(onward, default="")
    return f"?{urlencode({'next': onward})}" if onward else ""
