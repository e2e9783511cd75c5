"""What the flows write to people: letters with a ticket in them, and notices."""

from __future__ import annotations

from limen.accounts import Account
from limen.clock import Instant, Seconds
from limen.errors import Denied
from limen.flows.parts import LETTERS, Parts
from limen.letters import NOTICE_LIFETIME, Kind, Letter, Posted
from limen.tickets import (
    CHANGE_LIFETIME,
    RESET_LIFETIME,
    VERIFY_LIFETIME,
    Purpose,
    Ticket,
    issued,
)

_LETTERS: dict[Purpose, tuple[Kind, str, Seconds]] = {
    Purpose.VERIFY: (Kind.VERIFY, "verify", VERIFY_LIFETIME),
    Purpose.RESET: (Kind.RESET, "reset", RESET_LIFETIME),
    Purpose.LEAVE: (Kind.LEAVE, "email", CHANGE_LIFETIME),
    Purpose.ENTER: (Kind.ENTER, "email", CHANGE_LIFETIME),
}
"""For each purpose its letter, the page that it leads to, and how long it is good."""


def require_mail(parts: Parts) -> None:
    """Denied where no letters are written: what cannot be told is not begun."""
    if not parts.settings.mail:
        raise Denied("this service sends no mail", code="mail_off", forbidden=True)


def ticket_for(
    parts: Parts, account: Account, purpose: Purpose, *, now: Instant, to: str, about: str, language: str
) -> tuple[Ticket, Posted]:
    """A ticket, and the letter that takes it to the address `to`. `about`: the address that it is for."""
    kind, page, lifetime = _LETTERS[purpose]
    shown = parts.tickets.mint(account.id, purpose, parts.entropy)
    ticket = issued(shown, holder=account.key, email=about, now=now, lifetime=lifetime)
    values = {
        "link": f"{address(parts, page)}?token={parts.tickets.seal(shown)}",
        "hours": f"{lifetime / 3_600:g}",
        "email": account.email,
        "new_email": about,
        "name": name_in(account) if to == account.email else "",
    }
    letter = Letter(kind, to, values, language)
    return ticket, parts.letters.post(letter, now=now, lifetime=lifetime, entropy=parts.entropy)


def notice(
    parts: Parts, kind: Kind, account: Account, *, now: Instant, language: str = "", **values: str
) -> list[Posted]:
    """A letter that tells an account's owner what happened; none where no letters are written."""
    return notice_to(parts, account.email, kind, now=now, language=language, name=name_in(account), **values)


def notice_to(
    parts: Parts, to: str, kind: Kind, *, now: Instant, language: str = "", **values: str
) -> list[Posted]:
    """The same to any address."""
    if not parts.settings.mail:
        return []
    told = {"email": to, "forgot": address(parts, "forgot"), "sign_in": address(parts, "sign-in"), **values}
    letter = Letter(kind, to, told, language)
    return [parts.letters.post(letter, now=now, lifetime=NOTICE_LIFETIME, entropy=parts.entropy)]


def name_in(account: Account) -> str:
    """What a letter calls its reader. Nothing before the address is proven: a stranger could have chosen the
    name, to have us send a sentence of theirs to somebody."""
    return "" if account.verified is None else account.name


async def may_write_to(parts: Parts, key: str, *, now: Instant) -> bool:
    """Whether a stranger may have one more letter sent to this address. Whoever asked is not told."""
    return await parts.store.charge([(parts.bucket("letters", key), LETTERS)], now=now) is None


def address(parts: Parts, page: str) -> str:
    """Where a page lies: below the issuer, whatever a request says of itself (A12)."""
    return f"{parts.settings.issuer}{parts.settings.pages}/{page}"
