"""Prove an address: a letter with a link, and what follows when somebody has read it."""

from __future__ import annotations

from collections.abc import Iterable

from limen.accounts import Account
from limen.clock import Instant
from limen.errors import Denied
from limen.flows.parts import LETTERS, Parts
from limen.flows.post import may_write_to, require_mail, ticket_for
from limen.flows.sign_out import everywhere
from limen.letters import Posted
from limen.settings import EmailVerification
from limen.strategies.base import Identity, Revoked, Strategy
from limen.tickets import Purpose, Ticket, void


def asking(parts: Parts, account: Account, *, now: Instant, language: str) -> tuple[Ticket, Posted]:
    """A ticket that proves the account's address, and its letter."""
    return ticket_for(
        parts, account, Purpose.VERIFY, now=now, to=account.email, about=account.email, language=language
    )


async def send_verification(parts: Parts, identity: Identity, *, source: str, language: str) -> None:
    """Write to the caller's own address again. Nothing where it is proven already; Throttled by address."""
    require_mail(parts)
    account = await parts.store.account(identity.account)
    if account is None or account.verified is not None:
        return
    charge = (parts.bucket("letters", account.key), LETTERS)
    await parts.charge([charge], "send_verification", account=account.id, source=source)
    await _send(parts, account, source=source, language=language)


async def verify_email(parts: Parts, accepted: Iterable[Strategy], token: str, *, source: str) -> Revoked:
    """The address is proven. All sessions end with it, and every other ticket: who opened or asked for them
    need not be who reads what comes to the address (A20, A21).

    Rejected for a link that is no longer good.
    """
    shown = parts.tickets.open(token, Purpose.VERIFY)
    now = parts.clock.now()
    cut = await parts.store.verify_email(shown.account, spent=shown.digest, now=now, until=parts.until(now))
    if cut is None:
        raise void("spent")
    parts.learn(cut)
    await parts.record("verify_email", at=now, account=shown.account, source=source)
    return everywhere(accepted, now=now)


async def require_proven(parts: Parts, account: Account, *, source: str) -> None:
    """Denied, and a letter on its way, where an address must be proven before it signs in and is not yet.

    Asked after the password was right: nobody else learns of it.
    """
    wanted = parts.settings.email_verification == EmailVerification.REQUIRED
    if not wanted or account.verified is not None:
        return
    if await may_write_to(parts, account.key, now=parts.clock.now()):
        await _send(parts, account, source=source, language="")
    await parts.record(
        "sign_in", result="denied", actor="", account=account.id, source=source, detail="unproven"
    )
    raise Denied(
        "this address is not proven yet: open the link that was sent to it",
        code="email_unproven",
        forbidden=True,
    )


async def _send(parts: Parts, account: Account, *, source: str, language: str) -> None:
    now = parts.clock.now()
    ticket, letter = asking(parts, account, now=now, language=language)
    if await parts.store.open_tickets(account.id, [ticket], [letter]):
        parts.posted()
        await parts.record("send_verification", at=now, account=account.id, source=source)
