"""A forgotten password: a letter with a link, and the new password that the link sets."""

from __future__ import annotations

from collections.abc import Iterable

from limen import ids
from limen.accounts import Account, check_email, email_key
from limen.audit import Actor
from limen.errors import Rejected
from limen.flows.parts import ASKED, NETWORK_ASKED, Parts
from limen.flows.post import may_write_to, notice, require_mail, ticket_for
from limen.flows.register import words_of
from limen.flows.sign_out import everywhere
from limen.ids import AccountID
from limen.letters import Kind
from limen.passwords import normalise
from limen.strategies.base import Revoked, Strategy
from limen.tickets import Purpose, is_good, void


async def forgot_password(parts: Parts, email: str, *, source: str, language: str) -> None:
    """Write to the owner of the address, if there is one. Content, work and time of the answer are the same.

    Denied where no mail is sent, Rejected for what is no address, Throttled by source.
    """
    require_mail(parts)
    started = parts.clock.monotonic()
    key = email_key(check_email(email))
    await parts.charge(
        parts.source_charges("forgot", source, ASKED, NETWORK_ASKED), "forgot_password", source=source
    )
    now = parts.clock.now()
    account = await parts.store.account_by_key(key)
    if await may_write_to(parts, key, now=now):
        asked = account or _nobody(parts, email, key)
        ticket, letter = ticket_for(
            parts, asked, Purpose.RESET, now=now, to=asked.email, about=asked.email, language=language
        )
        opened = await parts.store.open_tickets(asked.id, [ticket], [letter])
        result = "ok" if opened else "denied"
        parts.posted()
    else:
        result = "throttled"
    whose = None if account is None else account.id
    await parts.record("forgot_password", at=now, result=result, actor="", account=whose, source=source)
    await parts.until_grid(started)


async def send_reset_link(parts: Parts, account: Account, *, by: Actor) -> None:
    """Write to an account's owner on an operator's word. The operator sees no link (A45).

    Rejected(404) if there is no such account, or it is disabled.
    """
    require_mail(parts)
    now = parts.clock.now()
    ticket, letter = ticket_for(
        parts, account, Purpose.RESET, now=now, to=account.email, about=account.email, language=""
    )
    if not await parts.store.open_tickets(account.id, [ticket], [letter]):
        raise Rejected("there is no such account, or it is disabled", code="account_unknown", status=404)
    parts.posted()
    await parts.record("reset_link_sent", by=by, account=account.id)


async def reset_password(
    parts: Parts, accepted: Iterable[Strategy], token: str, password: str, *, source: str, language: str
) -> Revoked:
    """A new password for a ticket. All sessions, pending changes and other tickets of the account end with
    it, a sign-in that guesses had shut opens, and its owner is told. It signs nobody in and skips no factor.

    Rejected for a link that is no longer good, and for a password that nobody may have.
    """
    shown = parts.tickets.open(token, Purpose.RESET)
    account = await parts.store.account(shown.account)
    ticket = await parts.store.ticket(shown.account, Purpose.RESET)
    now = parts.clock.now()
    if account is None or not is_good(ticket, shown.digest, account.key, now=now):
        raise void("spent")  # before a hash is made of what leads to nothing
    secret = normalise(password)
    parts.policy.check(secret, context=words_of(parts, account.email))
    hashed = await parts.pool.run(parts.hasher.hash, secret)
    now = parts.clock.now()
    cut = await parts.store.reset_password(
        account.id,
        spent=shown.digest,
        fresh=hashed,
        now=now,
        until=parts.until(now),
        letters=notice(parts, Kind.PASSWORD_CHANGED, account, now=now, language=language),
    )
    if cut is None:
        raise void("over")
    parts.learn(cut)
    parts.posted()
    await parts.store.settle(clear=parts.own_buckets(account.key))
    await parts.record("reset_password", at=now, account=account.id, source=source)
    return everywhere(accepted, now=now)


def _nobody(parts: Parts, email: str, key: str) -> Account:
    """Stands where no account is, so that as much work is done for it."""
    now = parts.clock.now()
    return Account(AccountID(ids.uuid7(now, parts.entropy)), email, key, None, (), now)
