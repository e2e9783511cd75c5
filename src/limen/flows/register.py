"""Register: make an account, and tell nobody whether there was one already."""

from __future__ import annotations

from limen import ids
from limen.accounts import Account, check_email, check_scopes, email_key
from limen.errors import Denied
from limen.flows.parts import NETWORK_REGISTRATIONS, REGISTRATIONS, Parts
from limen.ids import AccountID
from limen.passwords import normalise
from limen.settings import Registration


async def register(parts: Parts, email: str, password: str, *, source: str) -> None:
    """Make an account. Content, work and time of the answer are the same where the address is taken.

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
    if await parts.store.add_account(account):
        await parts.record("register", at=account.created, account=account.id, source=source)
    else:
        await parts.record("register", at=account.created, result="taken", source=source)
    await parts.until_grid(started)


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
