"""What letters lead to, and what sends them: a forgotten password, an address to be proven or changed."""

from __future__ import annotations

from limen.errors import Denied, LimenError, Rejected, Throttled
from limen.problems import status_of
from limen.server.grants import cleared
from limen.server.pages import notices, tickets
from limen.server.pages.forms import Form, form
from limen.server.pages.render import address, query, render, render_form, see_other, texts_of
from limen.server.pages.sentences import sentence
from limen.server.site import Site
from limen.server.wire import Answer, Call


async def show_forgot(site: Site, call: Call) -> Answer:
    """The form, or what happens next. Denied where no letters are written."""
    if not site.auth.settings.mail:
        raise Denied("this service sends no mail", code="mail_off", forbidden=True)
    return _forgot_page(site, call, sent="sent" in query(call))


@form("email")
async def forgot(site: Site, call: Call, form: Form) -> Answer:
    """A letter, if there is such an account; the answer does not tell."""
    try:
        await site.auth.recovery.forgot_password(
            form["email"], source=call.source, language=texts_of(site, call).language
        )
    except (Rejected, Throttled) as error:
        return _forgot_page(site, call, email=form["email"], error=error)
    return see_other(address(site, call, "/forgot?sent=1"))


async def show_reset(site: Site, call: Call) -> Answer:
    """The form for a new password, if this browser came by a link."""
    return tickets.taken(site, call, "/reset") or _reset_page(site, call)


@form("password")
async def reset(site: Site, call: Call, form: Form) -> Answer:
    """A new password for the ticket. All sessions end, and the person signs in."""
    try:
        await site.auth.recovery.reset_password(
            tickets.held(site, call) or "",
            form["password"],
            source=call.source,
            language=texts_of(site, call).language,
        )
    except (Rejected, Throttled) as error:
        if error.code == "ticket_void":
            return _void(site, call, "/reset", error)
        return _reset_page(site, call, error)
    return see_other(
        address(site, call, "/sign-in"),
        notices.announce(site, "reset"),
        tickets.dropped(site, call, "/reset"),
    )


async def show_verify(site: Site, call: Call) -> Answer:
    """The button that proves the address."""
    return tickets.taken(site, call, "/verify") or _button(site, call, "/verify", "verify.html")


@form()
async def verify(site: Site, call: Call, form: Form) -> Answer:
    """The address is proven. All sessions end: whoever opened them need not be who reads its mail."""
    try:
        revoked = await site.auth.recovery.verify_email(tickets.held(site, call) or "", source=call.source)
    except (Rejected, Throttled) as error:
        return _void(site, call, "/verify", error)
    said = notices.announce(site, "verified", revoked)
    dropped = tickets.dropped(site, call, "/verify")
    return see_other(address(site, call, "/sign-in"), *cleared(site, call), said, dropped)


async def show_confirm(site: Site, call: Call) -> Answer:
    """The button that agrees to a new address, from the old one or the new."""
    return tickets.taken(site, call, "/email") or _button(site, call, "/email", "email.html")


@form()
async def confirm(site: Site, call: Call, form: Form) -> Answer:
    """One side has agreed; once both have, the address changes."""
    try:
        changed = await site.auth.recovery.confirm_email(
            tickets.held(site, call) or "", source=call.source, language=texts_of(site, call).language
        )
    except (Rejected, Throttled) as error:
        return _void(site, call, "/email", error)
    said = notices.announce(site, "email_changed" if changed else "email_half")
    return see_other(address(site, call, "/account"), said, tickets.dropped(site, call, "/email"))


def _forgot_page(
    site: Site, call: Call, *, email: str = "", sent: bool = False, error: LimenError | None = None
) -> Answer:
    return render_form(site, call, "forgot.html", error, email=email, sent=sent)


def _reset_page(site: Site, call: Call, error: LimenError | None = None) -> Answer:
    if tickets.held(site, call) is None:
        return _void(site, call, "/reset")
    return render_form(site, call, "reset.html", error)


def _button(site: Site, call: Call, path: str, template: str) -> Answer:
    if tickets.held(site, call) is None:
        return _void(site, call, path)
    return render_form(site, call, template)


def _void(site: Site, call: Call, path: str, error: LimenError | None = None) -> Answer:
    """A link that opens nothing, and why if it is not its age; the way to another."""
    other = None if error is None or error.code == "ticket_void" else error
    return render(
        site,
        call,
        "void.html",
        status=410 if other is None else status_of(other),
        headers=[] if isinstance(error, Throttled) else [tickets.dropped(site, call, path)],
        said="" if other is None else sentence(texts_of(site, call), other),
        forgot=path == "/reset",
    )
