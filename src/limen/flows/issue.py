"""Hand out credentials to an account whose proof took time."""

from __future__ import annotations

from dataclasses import dataclass, field

from limen.accounts import Account
from limen.flows.parts import Parts
from limen.strategies.base import Grant, SignIn


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A grant, and the device credential that makes this browser a known one."""

    grant: Grant
    device: str = field(repr=False)


def signed_in(parts: Parts, account: Account, grant: Grant, device: str | None) -> SignedIn:
    """With the device credential that came, if it is this account's, or a new one."""
    whose = known_to(account, account.key)
    if device is None or parts.devices.recognise(device, whose) is None:
        device = parts.devices.seal(whose, parts.entropy)
    return SignedIn(grant, device)


def known_to(account: Account | None, key: str) -> str:
    """Whom a device is known to: the account as it was last cut off. A changed password or a sign-out
    everywhere forgets all devices, so that who once was in cannot have gathered many to guess with."""
    return key if account is None else f"{key} {account.cutoff!r}"


async def issue(parts: Parts, proven: Account, sign_in: SignIn) -> Grant | None:
    """A grant to an account whose factors were proven; None if it is not that account any more.

    A proof takes time, in which the password may be replaced or a scope taken away. The session is opened
    first and the account looked at then: what was changed before is seen here, and what is changed after ends
    or narrows this session as it does any other.
    """
    grant = await parts.strategy.issue(proven, sign_in, now=parts.clock.now())
    seen = await parts.store.account(proven.id)
    same = seen is not None and seen.disabled is None and seen.password == proven.password
    if same and seen is not None and set(sign_in.scopes) <= set(seen.scopes):
        parts.counts.opened[parts.strategy.name.value] += 1
        return grant
    now = parts.clock.now()
    ended = await parts.store.revoke_session(
        grant.session, account=proven.id, now=now, until=parts.until(now), why="account_changed"
    )
    if ended is not None:
        parts.learn(ended)
    return None
