"""Whose page this is."""

from __future__ import annotations

from limen.accounts import Account
from limen.errors import Denied
from limen.server.signing import required
from limen.server.site import Site
from limen.server.wire import Call
from limen.strategies.base import Identity


async def person(site: Site, call: Call) -> tuple[Identity, Account]:
    """Who asks, and their account; Denied(401) to a stranger and to a token that outlived its account."""
    who = await required(site, call)
    account = await site.auth.account(who)
    if account is None:
        raise Denied("sign in first", code="credential_missing", reason="account_gone")
    return who, account
