"""What somebody changes about themselves: name, address; a copy of all that is kept, and the end of it."""

from __future__ import annotations

import msgspec

from limen.errors import Denied, LimenError, Rejected, Throttled
from limen.server.grants import cleared
from limen.server.pages import notices
from limen.server.pages.forms import Form, form
from limen.server.pages.person import person
from limen.server.pages.render import address, render_form, see_other, texts_of
from limen.server.signing import required
from limen.server.site import Site
from limen.server.wire import Answer, Call

_FILE = b'attachment; filename="account.json"'


async def show_name(site: Site, call: Call) -> Answer:
    """The form."""
    _, account = await person(site, call)
    return _name_page(site, call, account.name)


@form("name")
async def set_name(site: Site, call: Call, form: Form) -> Answer:
    """Another name, or none."""
    who = await required(site, call)
    try:
        await site.auth.recovery.set_name(who, form["name"])
    except Rejected as error:
        return _name_page(site, call, form["name"], error)
    return see_other(address(site, call, "/account"), notices.announce(site, "name"))


async def show_email(site: Site, call: Call) -> Answer:
    """The form."""
    return await _email_page(site, call)


@form("username", "email", "current")
async def change_email(site: Site, call: Call, form: Form) -> Answer:
    """Letters to both addresses. What is said is the same where the new one has an account."""
    who, account = await person(site, call)
    try:
        await site.auth.recovery.change_email(
            who, form["current"], form["email"], source=call.source, language=texts_of(site, call).language
        )
    except (Denied, Rejected, Throttled) as error:
        return await _email_page(site, call, form["email"], error)
    said = notices.announce(site, "email_asked" if account.verified else "email_asked_new")
    return see_other(address(site, call, "/account"), said)


@form()
async def send_verification(site: Site, call: Call, form: Form) -> Answer:
    """Another letter that proves the address."""
    await site.auth.recovery.send_verification(
        await required(site, call), source=call.source, language=texts_of(site, call).language
    )
    return see_other(address(site, call, "/account"), notices.announce(site, "verification"))


async def show_data(site: Site, call: Call) -> Answer:
    """The button. It asks for a proof of minutes ago: a copy is not for whoever finds a browser open."""
    await site.auth.recent(minutes=5).check(call.scope)
    await person(site, call)
    return render_form(site, call, "account-data.html", place="account")


@form()
async def export(site: Site, call: Call, form: Form) -> Answer:
    """Everything about this account as one file."""
    who = await required(site, call)
    await site.auth.recent(minutes=5).check(call.scope)
    document = msgspec.json.format(msgspec.json.encode(await site.auth.recovery.export(who)), indent=2)
    return Answer(200, document, ((b"content-type", b"application/json"), (b"content-disposition", _FILE)))


async def show_delete(site: Site, call: Call) -> Answer:
    """The form."""
    return await _delete_page(site, call)


@form("username", "current")
async def delete(site: Site, call: Call, form: Form) -> Answer:
    """The account is gone, and every session with it."""
    who = await required(site, call)
    try:
        revoked = await site.auth.recovery.delete_account(
            who, form["current"], source=call.source, language=texts_of(site, call).language
        )
    except (Denied, Rejected, Throttled) as error:
        return await _delete_page(site, call, error)
    said = notices.announce(site, "deleted", revoked)
    return see_other(address(site, call, "/sign-in"), *cleared(site, call), said)


def _name_page(site: Site, call: Call, name: str, error: LimenError | None = None) -> Answer:
    return render_form(site, call, "account-name.html", error, place="account", called=name)


async def _email_page(site: Site, call: Call, email: str = "", error: LimenError | None = None) -> Answer:
    _, account = await person(site, call)
    return render_form(
        site,
        call,
        "account-email.html",
        error,
        field=_field(error),
        place="account",
        email=email,
        present=account.email,
        both=account.verified is not None,
    )


async def _delete_page(site: Site, call: Call, error: LimenError | None = None) -> Answer:
    _, account = await person(site, call)
    return render_form(
        site,
        call,
        "account-delete.html",
        error,
        field=_field(error),
        place="account",
        email=account.email,
    )


def _field(error: LimenError | None) -> str:
    """Where a wrong password belongs."""
    return "current" if error is not None and error.code == "password_wrong" else ""
