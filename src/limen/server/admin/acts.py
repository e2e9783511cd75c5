"""What is done to an account: each act has a page that says what will happen, and a form that does it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from limen.accounts import Account
from limen.errors import Denied, Rejected
from limen.server.admin.page import done, proven, show
from limen.server.pages.forms import Form, form
from limen.server.pages.render import address
from limen.server.site import Site
from limen.server.wire import Answer, Call
from limen.strategies.base import Identity, Revoked

Run = Callable[[Site, Call], Awaitable[Answer]]
Do = Callable[[Site, Identity, Account, Form, str], Awaitable[Revoked | None]]


@dataclass(frozen=True, slots=True)
class Act:
    """One thing that is done to an account: how it is asked for, done, and told."""

    path: str
    """Below the account's own; it may name one of its sessions."""
    title: str
    button: str
    word: str
    do: Do
    grave: bool = True


async def _disable(site: Site, who: Identity, account: Account, form: Form, source: str) -> Revoked:
    return await site.auth.admin.disable_account(who, account.id, source=source)


async def _enable(site: Site, who: Identity, account: Account, form: Form, source: str) -> None:
    await site.auth.admin.enable_account(who, account.id, source=source)


async def _end_one(site: Site, who: Identity, account: Account, form: Form, source: str) -> Revoked:
    return await site.auth.admin.end_session(who, form["session"], source=source)


async def _end_all(site: Site, who: Identity, account: Account, form: Form, source: str) -> Revoked:
    return await site.auth.admin.end_sessions(who, account.id, source=source)


async def _reset_link(site: Site, who: Identity, account: Account, form: Form, source: str) -> None:
    await site.auth.admin.send_reset_link(who, account.id, source=source)


async def _scopes(site: Site, who: Identity, account: Account, form: Form, source: str) -> Revoked:
    return await site.auth.admin.set_scopes(who, account.id, tuple(form["scopes"].split()), source=source)


ACTS = (
    Act("disable", "Disable the account", "Disable", "disabled", _disable),
    Act("enable", "Enable the account", "Enable", "enabled", _enable, grave=False),
    Act("sessions/{session}/end", "End the session", "End it", "ended", _end_one),
    Act("end-sessions", "End all sessions", "End all", "ended_all", _end_all),
    Act("reset-link", "Send a reset link", "Send", "sent", _reset_link, grave=False),
    Act("scopes", "Set the scopes", "Set", "scopes", _scopes, grave=False),
)
_NOTICES = {"own_account": "own", "session_unknown": "ended_already", "mail_off": "unsent"}


async def show_act(act: Act, site: Site, call: Call) -> Answer:
    """What will happen, and the form that makes it."""
    who = await proven(site, call)
    account = await site.auth.find_account(call.path_parameter("account"))
    if act.word == "disabled" and account.id == who.account:
        return done(site, call, f"/accounts/{account.id}", "own")
    return _page(act, site, call, account, {"session": _session(call), "scopes": " ".join(account.scopes)})


async def carry_out(act: Act, site: Site, call: Call, form: Form) -> Answer:
    """Do it, and back to the account, which says what was done."""
    who = await proven(site, call)
    account = await site.auth.find_account(call.path_parameter("account"))
    here = f"/accounts/{account.id}"
    given = {**form, "session": _session(call)}
    try:
        revoked = await act.do(site, who, account, given, call.source)
    except (Denied, Rejected) as error:
        if error.code in _NOTICES:
            return done(site, call, here, _NOTICES[error.code])
        if isinstance(error, Denied) or error.field is None:
            raise
        return _page(act, site, call, account, given, error)
    return done(site, call, here, act.word, revoked)


def runs(act: Act) -> tuple[Run, Run]:
    """The endpoints of an act: its page, and its form."""

    async def shown(site: Site, call: Call) -> Answer:
        return await show_act(act, site, call)

    async def carried_out(site: Site, call: Call, form: Form) -> Answer:
        return await carry_out(act, site, call, form)

    return shown, form("scopes")(carried_out)


def _page(
    act: Act, site: Site, call: Call, account: Account, given: Form, error: Rejected | None = None
) -> Answer:
    path = act.path.format(session=given["session"])
    return show(
        site,
        call,
        "act.html",
        status=200 if error is None else error.http_status,
        place="accounts",
        act=act,
        account=account,
        given=given,
        error="" if error is None else error.message,
        errors={},
        lag=site.auth.guarantees.revocation_lag,
        action=address(site, call, f"/admin/accounts/{account.id}/{path}"),
    )


def _session(call: Call) -> str:
    """The session that the path names, if it names one."""
    return str(call.scope["path_params"].get("session", ""))
