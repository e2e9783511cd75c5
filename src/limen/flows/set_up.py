"""Set up: whoever has the console makes the first administrator, with a link that is good once."""

from __future__ import annotations

from limen.accounts import ADMIN_SCOPE, Account, Among, check_email
from limen.audit import OPERATOR, Actor
from limen.errors import Denied, Rejected
from limen.flows.parts import Parts
from limen.flows.register import make, words_of
from limen.passwords import normalise
from limen.set_up import SetUpSealer


async def set_up(
    parts: Parts, sealer: SetUpSealer, text: str, email: str, password: str, *, source: str
) -> Account:
    """The first administrator. Denied(`set_up_void`) unless the text is good and nobody was faster.

    Rejected(409) where the address has an account already: that one is made an administrator at the command
    line, by somebody who has it.
    """
    if not sealer.is_good(text, now=parts.clock.now()):
        raise void()
    address, secret = check_email(email), normalise(password)
    parts.policy.check(secret, context=words_of(parts, address))
    scopes = (*parts.settings.default_scopes, ADMIN_SCOPE)
    account = await make(parts, address, secret, scopes=scopes)
    if not await parts.store.add_first_administrator(account):
        if await parts.store.account_by_key(account.key) is not None and not await _over(parts):
            raise Rejected(
                "there is an account with this address already",
                code="account_exists",
                status=409,
                field="email",
            )
        raise void()
    by = Actor(OPERATOR, source)
    await parts.record(
        "account_added", by=by, account=account.id, detail=f"set_up {' '.join(account.scopes)}"
    )
    return account


async def is_open(parts: Parts, sealer: SetUpSealer, text: str) -> bool:
    """Whether the first administrator may be made with this text still."""
    return sealer.is_good(text, now=parts.clock.now()) and not await _over(parts)


async def _over(parts: Parts) -> bool:
    return await parts.store.count_accounts(Among.ADMINISTRATORS, most=1) > 0


def void() -> Denied:
    return Denied(
        "this link is over: it was for the first administrator, and for an hour",
        code="set_up_void",
        forbidden=True,
    )
