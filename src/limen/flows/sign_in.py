"""Sign in: a sequence of factors. The password is the first; flows/factors has the others."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from dataclasses import replace

from limen.accounts import Account, check_scopes, email_key
from limen.clock import Mono
from limen.counts import spanned
from limen.errors import Denied, Rejected, Unavailable
from limen.factors import Half
from limen.flows.factors import finish, require_whole
from limen.flows.issue import SignedIn, known_to, signed_in
from limen.flows.parts import ACCOUNT, DEVICE, EVERYWHERE, HOST, NETWORK, Charge, Parts
from limen.flows.verify_email import require_proven
from limen.passwords import Hasher, Matched, Mismatched, UnusableHash, normalise

Balance = Callable[[str], Iterable[str]]
"""Further hashes, which cost what verifying the given one did not, where those of accounts cost unlike."""
_log = logging.getLogger("limen.flows")


@spanned("limen.sign_in")
async def sign_in(
    parts: Parts,
    email: str,
    password: str,
    *,
    scopes: tuple[str, ...] | None,
    device: str | None,
    source: str,
    user_agent: str,
) -> SignedIn:
    """A grant for an address and its password.

    Denied(`sign_in_failed`) says nothing more: not whether the account exists, is disabled, or has another
    way to sign in; and it says it at the same time after the request in all those cases. Unfinished, where
    the account has further factors: nothing is opened, and `prove_factor` goes on. Throttled by account,
    device, source, and in all.
    """
    started = parts.clock.monotonic()
    normalise(password)  # Rejected before anything is asked; what is verified is the password as it was typed
    key = email_key(email)
    account = await parts.store.account_by_key(key)
    known = parts.devices.recognise(device, known_to(account, key))
    charges = _charges(parts, key, known, source)
    whose = None if account is None else account.id
    await parts.charge(charges, "sign_in", account=whose, source=source)
    grant = None
    while grant is None:
        proven, matched = await _proven(parts, account, password, charges, started, source)
        half = Half(proven.id, proven.cutoff, parts.clock.now(), ("pwd",), _granted(proven, scopes))
        try:
            await require_proven(parts, proven, source=source)
            grant = await finish(parts, proven, half, source=source, user_agent=user_agent)
        except Denied:  # something is still asked for, but the password was no guess
            await _settle(parts, proven, matched, password, charges)
            raise
        account = proven if grant is not None else await parts.store.account(proven.id)
    await _settle(parts, proven, matched, password, charges)
    return signed_in(parts, proven, grant, device)


async def prove_sign_in(
    parts: Parts,
    account: Account | None,
    typed: str,
    password: str,
    *,
    started: Mono,
    source: str,
    balance: Balance | None = None,
) -> Account:
    """The account as it is kept now, if the password is its own: for whoever opens the session later.

    Throttled, timed and denied as `sign_in`, and nothing is opened. `account=None`: nobody is called what was
    `typed`; `started`: when somebody began to look. Unfinished where further factors are asked for: that only
    Limen's own routes do. `balance`: what a wrong password is compared with besides.
    """
    normalise(password)
    key = email_key(typed) if account is None else account.key
    charges = _charges(parts, key, None, source)
    whose = None if account is None else account.id
    await parts.charge(charges, "sign_in", account=whose, source=source)
    proven, matched = await _proven(parts, account, password, charges, started, source, balance)
    kept = await _settle(parts, proven, matched, password, charges)
    await require_proven(parts, proven, source=source)
    half = Half(proven.id, proven.cutoff, parts.clock.now(), ("pwd",), proven.scopes)
    await require_whole(parts, proven, half, source=source)
    return kept


async def _settle(
    parts: Parts, proven: Account, matched: Matched, password: str, charges: list[Charge]
) -> Account:
    """What a right password is good for, whatever else is asked for: it was no guess, its hash is renewed.
    The account with the hash that is kept now."""
    await parts.store.settle(clear=[charges[0][0]], refund=charges[1:])
    if matched.outdated and proven.password is not None:
        return await _upgrade(parts, proven, proven.password, password)
    return proven


async def prove_password(parts: Parts, account: Account, password: str, *, source: str) -> None:
    """Prove the password of someone who is signed in already. Throttled like a sign-in, Denied if wrong.

    In a bucket of its own, which nobody can fill who is not signed in to this account: strangers who guess
    must not keep its owner from changing the password. Success clears theirs too.
    """
    own = parts.bucket("proof", account.key)
    strangers, *others = _charges(parts, account.key, None, source)
    charges = [(own, ACCOUNT), *others]
    await parts.charge(charges, "proof", account=account.id, source=source)
    try:
        normalise(password)
        matched = await _prove(parts, account, password)
    except (Unavailable, Rejected):
        await parts.store.settle(refund=charges)
        raise
    if matched is None:
        await parts.record("proof", result="denied", account=account.id, source=source)
        raise Denied("the current password is wrong", code="password_wrong", forbidden=True)
    await parts.store.settle(clear=[own, strangers[0]], refund=others)


def _charges(parts: Parts, key: str, device: str | None, source: str) -> list[Charge]:
    """The buckets of an attempt; the first is the account's own, and success clears it."""
    if device is not None:
        return [(parts.bucket("device", f"{device} {key}"), DEVICE)]
    sources = parts.source_charges("sign-in", source, HOST, NETWORK)
    return [(parts.bucket("account", key), ACCOUNT), *sources, (parts.bucket("everywhere", ""), EVERYWHERE)]


async def _proven(
    parts: Parts,
    account: Account | None,
    password: str,
    charges: list[Charge],
    started: Mono,
    source: str,
    balance: Balance | None = None,
) -> tuple[Account, Matched]:
    """The account if the password is its own and it may sign in; else Denied, on the grid."""
    try:
        matched = await _prove(parts, account, password, balance)
    except Unavailable:
        await parts.store.settle(refund=charges)  # nothing was evaluated, so nothing is counted
        raise
    if account is not None and matched is not None and account.disabled is None:
        return account, matched
    whose, why = None if account is None else account.id, _why(account, matched)
    await parts.record("sign_in", result="denied", actor="", account=whose, source=source, detail=why)
    await parts.until_grid(started)
    raise Denied("e-mail address or password is wrong", code="sign_in_failed", reason=why)


async def _prove(
    parts: Parts, account: Account | None, password: str, balance: Balance | None = None
) -> Matched | None:
    """Whether the password is the account's. The same work is done where there is none to compare with."""
    stored = parts.hasher.dummy if account is None or account.password is None else account.password
    verdict = await parts.pool.run(_compare, parts.hasher, stored, password, balance)
    if account is None or account.password is None:
        return None
    if isinstance(verdict, UnusableHash):
        _log.error("account %s has a stored hash that cannot be used: %s", account.id, verdict)
    return verdict if isinstance(verdict, Matched) else None


def _compare(
    hasher: Hasher, stored: str, password: str, balance: Balance | None
) -> Matched | Mismatched | UnusableHash:
    """One turn in the pool, whatever is stored: who waits for two is told apart while the pool is busy."""
    verdict: Matched | Mismatched | UnusableHash
    try:
        verdict = hasher.verify(stored, password)
        if balance is not None and isinstance(verdict, Mismatched) and hasher.needs_upgrade(stored):
            hasher.verify(hasher.dummy, password)
    except UnusableHash as error:
        verdict = error
        hasher.verify(hasher.dummy, password)
    if balance is not None and not isinstance(verdict, Matched):
        for other in balance(stored):
            hasher.verify(other, password)
    return verdict


async def _upgrade(parts: Parts, account: Account, spent: str, password: str) -> Account:
    """Replace a hash of an older kind. The sign-in has succeeded, and does so whether or not this does."""
    try:
        fresh = await parts.pool.run(parts.hasher.hash, password)
        if await parts.store.upgrade_password(account.id, spent=spent, fresh=fresh):
            return replace(account, password=fresh)
    except Unavailable as error:
        _log.warning("the hash of account %s was not upgraded: %s", account.id, error.reason)
    return account


def _granted(account: Account, asked: tuple[str, ...] | None) -> tuple[str, ...]:
    """What is asked for, if the account may have it; all it may have where nothing is asked."""
    if asked is None:
        return account.scopes
    wanted = check_scopes(asked)
    if not set(wanted) <= set(account.scopes):
        raise Rejected(
            "this account may not have that scope", code="invalid_scope", status=400, field="scope"
        )
    return wanted


def _why(account: Account | None, matched: Matched | None) -> str:
    if account is None:
        return "account_unknown"
    if matched is None:
        return "password_wrong" if account.password is not None else "no_password"
    return "account_disabled"
