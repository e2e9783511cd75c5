"""The administration for programs: the same acts as the pages have, as JSON."""

from __future__ import annotations

from msgspec import UNSET

from limen.accounts import Account, Among
from limen.administration import PAGE
from limen.audit import Entry
from limen.errors import Rejected
from limen.server import shapes
from limen.server.admin.log import FIELDS, wanted_of
from limen.server.admin.page import administrator, proven
from limen.server.admin.shapes import AccountList, AccountSeen, AccountWhole, EntryList, EntrySeen
from limen.server.bodies import read_query
from limen.server.grants import moment, revoked
from limen.server.listing import seen
from limen.server.resource import Endpoint
from limen.server.site import Site
from limen.server.wire import Answer, Call, json_answer

_WHOSE = ("bearer", "cookie")


async def find_accounts(site: Site, call: Call) -> Answer:
    """Newest first, or by the beginning of the address, or by id."""
    who = await administrator(site, call)
    asked = read_query(call)
    among = asked.get("among", "") or Among.ALL.value
    if among not in set(Among):
        raise Rejected(f"among is one of {', '.join(Among)}", code="invalid_request")
    found = await site.auth.admin.accounts(
        who, asked.get("search", ""), among=Among(among), after=asked.get("after", "")
    )
    return json_answer(AccountList([_account(one) for one in found.accounts], found.after))


async def one_account(site: Site, call: Call) -> Answer:
    """One account whole. That it was looked at is in the audit log."""
    who = await administrator(site, call)
    whole = await site.auth.admin.account(who, call.path_parameter("account"), source=call.source)
    return json_answer(AccountWhole(_account(whole.account), [seen(one, who) for one in whole.sessions]))


async def disable_account(site: Site, call: Call) -> Answer:
    """Let nobody sign in to it, and end its sessions."""
    who = await proven(site, call)
    account = call.path_parameter("account")
    return revoked(site, await site.auth.admin.disable_account(who, account, source=call.source))


async def enable_account(site: Site, call: Call) -> Answer:
    """Let people sign in to it again."""
    who = await proven(site, call)
    account = call.path_parameter("account")
    await site.auth.admin.enable_account(who, account, source=call.source)
    return json_answer(_account(await site.auth.find_account(account)))


async def end_account_sessions(site: Site, call: Call) -> Answer:
    """End all its sessions."""
    who = await proven(site, call)
    account = call.path_parameter("account")
    return revoked(site, await site.auth.admin.end_sessions(who, account, source=call.source))


async def end_any_session(site: Site, call: Call) -> Answer:
    """End one session, whoever's it is."""
    who = await proven(site, call)
    sid = call.path_parameter("sid")
    return revoked(site, await site.auth.admin.end_session(who, sid, source=call.source))


async def find_entries(site: Site, call: Call) -> Answer:
    """Entries of the audit log, newest first."""
    who = await administrator(site, call)
    asked = read_query(call)
    wanted, wrong = wanted_of({name: asked.get(name, "") for name in FIELDS})
    if wrong:
        raise Rejected(f"{wrong} cannot be read", code="invalid_request", field=wrong)
    found = await site.auth.admin.entries(who, wanted, before=asked.get("before", ""))
    onward = found[-1].id if len(found) == PAGE else ""
    return json_answer(EntryList([_entry(one) for one in found], onward))


def _account(account: Account) -> AccountSeen:
    return AccountSeen(
        id=account.id,
        email=account.email,
        name=account.name,
        scope=" ".join(account.scopes),
        created_at=moment(account.created),
        has_password=account.password is not None,
        disabled_at=None if account.disabled is None else moment(account.disabled),
        email_verified_at=None if account.verified is None else moment(account.verified),
    )


def _entry(entry: Entry) -> EntrySeen:
    return EntrySeen(
        id=entry.id,
        at=moment(entry.at),
        event=entry.event,
        result=entry.result,
        actor=entry.actor or UNSET,
        account=entry.account or UNSET,
        session=entry.session or UNSET,
        source=entry.source or UNSET,
        detail=entry.detail or UNSET,
    )


_NARROW = {
    "event": "a word of docs/admin.md",
    "result": "a word of docs/admin.md",
    "account": "an id: on whom",
    "actor": "an id or a word: by whom",
    "source": "the address that it came from",
    "since": "a day, or a day and a time, in UTC: 2026-03-29 12:00",
    "until": "the same; what is before it",
    "before": "`before` of the page before",
}
# What is empty is as if it were not there.
_MOMENT = {"pattern": r"^([0-9]{4}-[01][0-9]-[0-3][0-9]([ T][0-2][0-9]:[0-5][0-9])?)?$"}
_ID = {"pattern": r"^([0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})?$"}

ENDPOINTS = (
    Endpoint(
        method="GET",
        path="{api}/admin/accounts",
        run=find_accounts,
        summary="Accounts, for an administrator: newest first, or by the beginning of the address.",
        query={
            "search": "the beginning of an address, or an id",
            "among": "`all`, `disabled` or `administrators`",
            "after": "`after` of the page before",
        },
        schemas={"among": {"enum": [*(one.value for one in Among), ""]}},
        gives=(AccountList,),
        errors=(400, 401, 503),
        security=_WHOSE,
    ),
    Endpoint(
        method="GET",
        path="{api}/admin/accounts/{account}",
        run=one_account,
        summary="One account and its sessions, for an administrator.",
        gives=(AccountWhole,),
        errors=(400, 401, 404, 503),
        security=_WHOSE,
    ),
    Endpoint(
        method="POST",
        path="{api}/admin/accounts/{account}/disable",
        run=disable_account,
        summary="Let nobody sign in to an account, and end its sessions.",
        gives=(shapes.Effective,),
        errors=(400, 401, 404, 409, 503),
        security=_WHOSE,
    ),
    Endpoint(
        method="POST",
        path="{api}/admin/accounts/{account}/enable",
        run=enable_account,
        summary="Let people sign in to an account again.",
        gives=(AccountSeen,),
        errors=(400, 401, 404, 503),
        security=_WHOSE,
    ),
    Endpoint(
        method="DELETE",
        path="{api}/admin/accounts/{account}/sessions",
        run=end_account_sessions,
        summary="End all sessions of an account.",
        gives=(shapes.Effective,),
        errors=(400, 401, 404, 503),
        security=_WHOSE,
    ),
    Endpoint(
        method="DELETE",
        path="{api}/admin/sessions/{sid}",
        run=end_any_session,
        summary="End one session, whoever's it is.",
        gives=(shapes.Effective,),
        errors=(400, 401, 404, 503),
        security=_WHOSE,
    ),
    Endpoint(
        method="GET",
        path="{api}/admin/audit",
        run=find_entries,
        summary="Entries of the audit log, newest first.",
        query=_NARROW,
        schemas={"account": _ID, "since": _MOMENT, "until": _MOMENT},
        gives=(EntryList,),
        errors=(400, 401, 503),
        security=_WHOSE,
    ),
)
