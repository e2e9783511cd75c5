"""Accounts: the list, and one whole."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode

from limen.accounts import Among
from limen.administration import Administration
from limen.audit import Entry
from limen.server.admin.page import LANGUAGE, administrator, show
from limen.server.pages.render import query
from limen.server.pages.sessions import device
from limen.server.site import Site
from limen.server.wire import Answer, Call
from limen.sessions import Session
from limen.strategies.base import Identity


@dataclass(frozen=True, slots=True)
class Seen:
    """A session as an administrator reads it."""

    session: Session
    device: str


async def list_accounts(site: Site, call: Call) -> Answer:
    """Newest first; or those whose address begins as was asked; or the one with that id."""
    who = await administrator(site, call)
    asked = query(call)
    search, after = asked.get("search", "").strip(), asked.get("after", "")
    among = Among(asked["among"]) if asked.get("among") in set(Among) else Among.ALL
    found = await site.auth.admin.accounts(who, search, among=among, after=after)
    onward = {"search": search, "among": "" if among is Among.ALL else among.value, "after": found.after}
    return show(
        site,
        call,
        "accounts.html",
        place="accounts",
        search=search,
        among=among,
        every=list(Among),
        found=found.accounts,
        later=bool(after),
        onward=urlencode({name: value for name, value in onward.items() if value}) if found.after else "",
        count=await site.auth.admin.count(who, among),
    )


async def show_account(site: Site, call: Call) -> Answer:
    """Everything about one account that is kept, and what can be done about it."""
    who = await administrator(site, call)
    admin = site.auth.admin
    whole = await admin.account(who, call.path_parameter("account"), source=call.source)
    texts = site.look.texts[LANGUAGE]
    return show(
        site,
        call,
        "account.html",
        place="accounts",
        account=whole.account,
        own=whole.account.id == who.account,
        sessions=[Seen(one, device(texts, one.user_agent)) for one in whole.sessions],
        entries=whole.entries,
        names=await names(admin, who, whole.entries),
        lag=site.auth.guarantees.revocation_lag,
        keeps_sessions=site.auth.guarantees.store_reads_stale > 0,
    )


async def names(
    admin: Administration, who: Identity, entries: tuple[Entry, ...] | list[Entry]
) -> dict[str, str]:
    """The addresses of everybody in these entries who has an account still."""
    return await admin.addresses(who, [one for e in entries for one in (e.actor, e.account) if one])
