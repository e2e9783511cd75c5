"""Further factors of a sign-in, and what follows when none is missing any more."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from typing import Protocol

from limen.accounts import Account
from limen.clock import Instant
from limen.errors import Denied, Misconfigured, Rejected, Unavailable
from limen.factors import HALF_LIFETIME, Half, Unfinished
from limen.flows.issue import SignedIn, issue, signed_in
from limen.flows.parts import ACCOUNT, HOST, NETWORK, Parts
from limen.strategies.base import Grant, SignIn

_NAME = re.compile(r"[a-z][a-z0-9_-]{0,31}\Z")


class Factor(Protocol):
    """One more way to prove who one is, asked for after the password: what an application may bring."""

    @property
    def name(self) -> str:
        """What goes into `amr`, by RFC 8176 where it has a value: `otp`, `hwk`."""
        ...

    async def asked_of(self, account: Account) -> bool:
        """Whether this account has set it up. What cannot be told is raised, never guessed."""
        ...

    async def prove(self, account: Account, answer: str, *, now: Instant) -> bool:
        """Whether `answer` is right. One that was right once must not be right again."""
        ...


def checked(factors: Iterable[Factor]) -> tuple[Factor, ...]:
    """The factors if each has a name of its own that fits into `amr` and is not the password's."""
    kept = tuple(factors)
    names = [factor.name for factor in kept]
    if "pwd" in names or len(set(names)) < len(names) or not all(map(_NAME.match, names)):
        raise Misconfigured(f"each factor has a name of its own, of a-z, 0-9, - and _, and not pwd: {names}")
    return kept


async def finish(parts: Parts, account: Account, half: Half, *, source: str, user_agent: str) -> Grant | None:
    """A grant if nothing is missing; Unfinished if something is; None if the account changed meanwhile."""
    await require_whole(parts, account, half, source=source)
    event, proven = _event(half), " ".join(half.amr)
    grant = await issue(parts, account, SignIn(half.amr, half.scopes, user_agent, source))
    if grant is not None and half.replaces is not None:
        now = parts.clock.now()
        ended = await parts.store.revoke_session(
            half.replaces, account=account.id, now=now, until=parts.until(now), why="stepped_up"
        )
        if ended is not None:
            parts.learn(ended)
    if grant is not None:
        await parts.record(event, account=account.id, session=grant.session, source=source, detail=proven)
    return grant


async def require_whole(parts: Parts, account: Account, half: Half, *, source: str) -> None:
    """Unfinished if a factor is missing."""
    missing = await _missing(parts, account, half)
    if not missing:
        return
    detail = " ".join(half.amr)
    await parts.record(
        _event(half), result="unfinished", actor="", account=account.id, source=source, detail=detail
    )
    names = tuple(factor.name for factor in missing)
    raise Unfinished(parts.halves.seal(half), names, Instant(half.begun + HALF_LIFETIME))


async def prove_factor(
    parts: Parts, text: str, name: str, answer: str, *, device: str | None, source: str, user_agent: str
) -> SignedIn:
    """One more factor of a sign-in that was begun.

    Denied if it is wrong (`factor_wrong`), or if the half is not good any more (`sign_in_over`); Unfinished
    if another is missing still.
    """
    half = parts.halves.open(text, now=parts.clock.now())
    account = None if half is None else await parts.store.account(half.account)
    if half is None or account is None or not _stands(account, half):
        raise _over()
    factor = next((one for one in await _missing(parts, account, half) if one.name == name), None)
    if factor is None:
        raise Rejected("this factor is not asked for", code="factor_unknown", status=422, field="factor")
    await _prove(parts, factor, account, answer, source)
    whole = replace(half, amr=(*half.amr, factor.name))
    grant = await finish(parts, account, whole, source=source, user_agent=user_agent)
    if grant is None:
        raise _over()
    return signed_in(parts, account, grant, device)


async def _prove(parts: Parts, factor: Factor, account: Account, answer: str, source: str) -> None:
    """Throttled in a bucket that only who knows the password can fill."""
    charges = [
        (parts.bucket(f"factor-{factor.name}", account.key), ACCOUNT),
        *parts.source_charges("sign-in", source, HOST, NETWORK),
    ]
    await parts.charge(charges, "factor", account=account.id, source=source, detail=factor.name)
    try:
        right = await factor.prove(account, answer, now=parts.clock.now())
    except (Unavailable, Rejected):
        await parts.store.settle(refund=charges)
        raise
    if not right:
        await parts.record(
            "factor", result="denied", actor="", account=account.id, source=source, detail=factor.name
        )
        raise Denied("that is not right", code="factor_wrong")
    await parts.store.settle(clear=[charges[0][0]], refund=charges[1:])


async def _missing(parts: Parts, account: Account, half: Half) -> list[Factor]:
    return [f for f in parts.factors if f.name not in half.amr and await f.asked_of(account)]


def _event(half: Half) -> str:
    return "sign_in" if half.replaces is None else "step_up"


def _stands(account: Account, half: Half) -> bool:
    return account.disabled is None and account.cutoff == half.cutoff


def _over() -> Denied:
    return Denied("this sign-in is over: begin again", code="sign_in_over")
