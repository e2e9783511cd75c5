"""Step up: prove again who one is, and go on with a new session (ASVS 7.2.4, RFC 9470)."""

from __future__ import annotations

from limen.errors import Denied, Rejected
from limen.factors import Half
from limen.flows.factors import finish
from limen.flows.parts import Parts
from limen.flows.sign_in import prove_password
from limen.strategies.base import Grant, Identity


async def step_up(parts: Parts, identity: Identity, password: str, *, source: str, user_agent: str) -> Grant:
    """A grant of a new session, authenticated now; the one that was stepped up from ends.

    Denied(`password_wrong`), throttled like a sign-in; Unfinished where the account has further factors,
    which are asked for again. Rejected(409) if the account was changed meanwhile.
    """
    account = await parts.store.account(identity.account)
    if account is None or account.password is None or account.disabled is not None:
        raise Denied("the current password is wrong", code="password_wrong", forbidden=True)
    await prove_password(parts, account, password, source=source)
    half = Half(
        account=account.id,
        cutoff=account.cutoff,
        begun=parts.clock.now(),
        amr=("pwd",),
        scopes=tuple(sorted(identity.scopes & set(account.scopes))),
        replaces=identity.session,
    )
    grant = await finish(parts, account, half, source=source, user_agent=user_agent)
    if grant is None:
        raise Rejected("the account was changed meanwhile", code="account_changed", status=409)
    return grant
