"""Change the address of an account: asked for with the password, agreed to from both addresses."""

from __future__ import annotations

from dataclasses import replace

from limen.accounts import Account, check_email, email_key
from limen.clock import Instant
from limen.errors import Denied, Rejected
from limen.flows.parts import CHANGES, Parts
from limen.flows.post import may_write_to, name_in, notice_to, require_mail, ticket_for
from limen.flows.sign_in import prove_password
from limen.letters import Kind, Posted
from limen.stores.base_recovery import AddressTaken, Moved, OneSide
from limen.strategies.base import Identity
from limen.tickets import Purpose, Ticket, void


async def change_email(
    parts: Parts, identity: Identity, password: str, new_email: str, *, source: str, language: str
) -> None:
    """Ask both addresses. Nothing changes before both have agreed; the answer is the same where the new one
    has an account. An address that was never proven is not asked: it may be a stranger's.

    Denied for a wrong password, Rejected for what is no address or the present one, Throttled.
    """
    require_mail(parts)
    account = await parts.store.account(identity.account)
    if account is None or account.password is None or account.disabled is not None:
        raise Denied("the current password is wrong", code="password_wrong", forbidden=True)
    address = check_email(new_email)
    await prove_password(parts, account, password, source=source)
    if address == account.email:
        raise Rejected("this is the address already", code="email_unchanged", status=422, field="email")
    charge = (parts.bucket("changes", account.id), CHANGES)
    await parts.charge([charge], "change_email_asked", account=account.id, source=source)
    now = parts.clock.now()
    tickets, letters = await _asked(parts, account, address, now=now, language=language)
    if not await parts.store.open_tickets(account.id, tickets, letters):
        raise Rejected("the account was changed meanwhile", code="account_changed", status=409)
    parts.posted()
    await parts.record(
        "change_email_asked", at=now, account=account.id, session=identity.session, source=source
    )


async def confirm_email(parts: Parts, token: str, *, source: str, language: str) -> bool:
    """One side agrees. True if the address has changed by it; False if the other side is still asked.

    The former address is told. Rejected for a link that is no longer good, and if the new address has got an
    account meanwhile, which its owner may know.
    """
    shown = parts.tickets.open(token, Purpose.LEAVE, Purpose.ENTER)
    account = await parts.store.account(shown.account)
    ticket = await parts.store.ticket(shown.account, shown.purpose)
    if account is None or ticket is None:
        raise void("spent")
    now = parts.clock.now()
    told = notice_to(
        parts,
        account.email,
        Kind.EMAIL_CHANGED,
        now=now,
        language=language,
        name=name_in(account),
        new_email=ticket.email,
    )
    answer = await parts.store.confirm_email(
        account.id, shown.purpose, spent=shown.digest, now=now, letters=told
    )
    match answer:
        case Moved():
            parts.posted()
            await parts.record("change_email", at=now, account=account.id, source=source)
            return True
        case OneSide():
            await parts.record("change_email", at=now, result="unfinished", account=account.id, source=source)
            return False
        case AddressTaken():
            await parts.record("change_email", at=now, result="taken", account=account.id, source=source)
            raise Rejected("this address has an account already", code="email_taken", status=409)
        case None:
            raise void("spent")


async def _asked(
    parts: Parts, account: Account, address: str, *, now: Instant, language: str
) -> tuple[list[Ticket], list[Posted]]:
    """Both tickets, and the letters that go out."""
    leave, to_old = ticket_for(
        parts, account, Purpose.LEAVE, now=now, to=account.email, about=address, language=language
    )
    enter, to_new = ticket_for(
        parts, account, Purpose.ENTER, now=now, to=address, about=address, language=language
    )
    letters: list[Posted] = []
    if account.verified is None:
        leave = replace(leave, confirmed=now)
    else:
        letters.append(to_old)
    if await may_write_to(parts, email_key(address), now=now):
        taken = await _taken(parts, account, address)
        told = notice_to(parts, address, Kind.TAKEN, now=now, language=language)
        letters.extend(told if taken else [to_new])
    return [leave, enter], letters


async def _taken(parts: Parts, account: Account, address: str) -> bool:
    found = await parts.store.account_by_key(email_key(address))
    return found is not None and found.id != account.id
