"""Change the password: prove the old one, end all other sessions, and go on with a new one here."""

from __future__ import annotations

from dataclasses import replace

from limen.errors import Denied, Rejected
from limen.flows.issue import issue
from limen.flows.parts import Parts
from limen.flows.post import notice
from limen.flows.register import words_of
from limen.flows.sign_in import prove_password
from limen.letters import Kind
from limen.passwords import normalise
from limen.strategies.base import Grant, Identity, SignIn


async def change_password(
    parts: Parts, identity: Identity, current: str, fresh: str, *, source: str, user_agent: str
) -> Grant:
    """A grant of a new session. Every older session of the account ends in the step that replaces the hash.

    Denied(`password_wrong`), throttled like a sign-in; Rejected for a new one that the policy refuses, and
    (409) if the account was changed by somebody else in between.
    """
    account = await parts.store.account(identity.account)
    if account is None or account.password is None or account.disabled is not None:
        raise Denied("the current password is wrong", code="password_wrong", forbidden=True)
    await prove_password(parts, account, current, source=source)
    secret = normalise(fresh)
    parts.policy.check(secret, context=words_of(parts, account.email))
    hashed = await parts.pool.run(parts.hasher.hash, secret)
    now = parts.clock.now()
    cut = await parts.store.change_password(
        account.id,
        spent=account.password,
        fresh=hashed,
        now=now,
        until=parts.until(now),
        letters=notice(parts, Kind.PASSWORD_CHANGED, account, now=now),
    )
    if cut is None:
        raise _changed()
    parts.learn(cut)
    parts.posted()
    await parts.record("change_password", at=now, account=account.id, session=identity.session, source=source)
    scopes = tuple(sorted(identity.scopes & set(account.scopes)))
    proven = replace(account, password=hashed)
    grant = await issue(parts, proven, SignIn(identity.amr, scopes, user_agent, source))
    if grant is None:
        raise _changed()
    return grant


def _changed() -> Rejected:
    return Rejected("the password was changed meanwhile", code="password_changed", status=409)
