"""Register: make an account, and tell nobody whether there was one already."""

from __future__ import annotations

from limen import ids
from limen.accounts import Account, check_email, check_scopes, email_key
from limen.counts import spanned
from limen.errors import Denied
from limen.flows.parts import NETWORK_REGISTRATIONS, REGISTRATIONS, Parts
from limen.flows.post import may_write_to, notice, ticket_for
from limen.ids import AccountID
from limen.letters import Kind
from limen.passwords import normalise
from limen.settings import Registration
from limen.tickets import Purpose


@spanned("limen.register")
async def register(parts: Parts, email: str, password: str, *, source: str, language: str) -> None:
    """Make an account, and write to its address. Content and time of the answer are the same where that is
    taken; then its owner is told that somebody tried.

    Rejected for an address or a password that nobody could have; Throttled by source.
    """
    if parts.settings.registration != Registration.OPEN:
        raise Denied("registration is closed", code="registration_closed", forbidden=True)
    started = parts.clock.monotonic()
    address, secret = check_email(email), normalise(password)
    parts.policy.check(secret, context=words_of(parts, address))
    charges = parts.source_charges("register", source, REGISTRATIONS, NETWORK_REGISTRATIONS)
    await parts.charge(charges, "register", source=source)
    account = await make(parts, address, secret, scopes=parts.settings.default_scopes)
    if await _add(parts, account, language):
        await parts.record("register", at=account.created, account=account.id, source=source)
    else:
        await _tell_owner(parts, account, language)
        await parts.record("register", at=account.created, result="taken", source=source)
    parts.posted()
    await parts.until_grid(started)


async def _add(parts: Parts, account: Account, language: str) -> bool:
    if not parts.settings.mail:
        return await parts.store.add_account(account)
    ticket, letter = ticket_for(
        parts,
        account,
        Purpose.VERIFY,
        now=account.created,
        to=account.email,
        about=account.email,
        language=language,
    )
    return await parts.store.add_account(account, tickets=[ticket], letters=[letter])


async def _tell_owner(parts: Parts, tried: Account, language: str) -> None:
    """A letter to the address of the account that there is, as its owner wrote it (A25)."""
    now = parts.clock.now()
    if parts.settings.mail and await may_write_to(parts, tried.key, now=now):
        owner = await parts.store.account_by_key(tried.key)
        if owner is not None:
            await parts.store.post(notice(parts, Kind.TAKEN, owner, now=now, language=language))


async def make(parts: Parts, address: str, password: str | None, *, scopes: tuple[str, ...]) -> Account:
    """A new account that no store has seen yet, its password hashed."""
    now = parts.clock.now()
    hashed = None if password is None else await parts.pool.run(parts.hasher.hash, password)
    return Account(
        id=AccountID(ids.uuid7(now, parts.entropy)),
        email=address,
        key=email_key(address),
        password=hashed,
        scopes=check_scopes(scopes),
        created=now,
    )


def words_of(parts: Parts, address: str) -> tuple[str, ...]:
    """Words that this account's password must not be: the address and its parts."""
    local, _, domain = address.partition("@")
    return (address, local, domain, domain.partition(".")[0])
