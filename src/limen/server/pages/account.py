"""One's own account: what is known, and each thing that its owner may change, on a page of its own."""

from __future__ import annotations

from limen.errors import Denied, LimenError, Rejected, Throttled
from limen.server.grants import kept
from limen.server.pages import notices, times
from limen.server.pages.forms import Form, form
from limen.server.pages.person import person
from limen.server.pages.render import address, render, render_form, see_other, texts_of
from limen.server.pages.texts import msg, msgs
from limen.server.site import Site
from limen.server.wire import Answer, Call

_SESSIONS = msgs("%(n)s session is open", "%(n)s sessions are open")
_NO_SESSIONS = msg("no list is kept")


async def show_account(site: Site, call: Call) -> Answer:
    """Everything at a glance."""
    who, account = await person(site, call)
    texts = texts_of(site, call)
    count = len(await site.auth.sessions(who))
    return render(
        site,
        call,
        "account.html",
        place="account",
        called=account.name,
        email=account.email,
        verified=account.verified is not None,
        sessions=texts.say_count(*_SESSIONS, count) if count else texts.say(_NO_SESSIONS),
        since=times.date(texts, account.created),
    )


async def show_password(site: Site, call: Call) -> Answer:
    """The form for a new password."""
    return await _password_page(site, call)


@form("username", "current", "password")
async def change_password(site: Site, call: Call, form: Form) -> Answer:
    """A new password: all sessions end, and this browser goes on with a new one."""
    who, _ = await person(site, call)
    try:
        grant = await site.auth.change_password(
            who, form["current"], form["password"], source=call.source, user_agent=call.user_agent
        )
    except (Denied, Rejected, Throttled) as error:
        return await _password_page(site, call, error)
    said = notices.announce(site, "password")
    return see_other(address(site, call, "/account"), *kept(site, call, grant), said)


async def _password_page(site: Site, call: Call, error: LimenError | None = None) -> Answer:
    _, account = await person(site, call)
    field = "current" if error is not None and error.code == "password_wrong" else ""
    return render_form(
        site, call, "account-password.html", error, field=field, place="account", email=account.email
    )
