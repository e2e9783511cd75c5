"""Signing in and out: register, login, refresh, logout, password/change."""

from __future__ import annotations

from limen import transport as rules
from limen.errors import Denied, Rejected
from limen.factors import Unfinished
from limen.server.bodies import read_json, read_json_if_any
from limen.server.grants import cleared, granted, half_over, half_signed_in, revoked
from limen.server.pages.render import texts_of
from limen.server.shapes import (
    Accepted,
    ChangePassword,
    Login,
    Logout,
    ProveFactor,
    Refresh,
    Register,
    StepUp,
)
from limen.server.site import Site
from limen.server.wire import Answer, Call, json_answer
from limen.settings import Transport
from limen.strategies.base import Grant, Identity


async def register(site: Site, call: Call) -> Answer:
    """Make an account. The answer is the same where the address was taken (docs/decisions/0006)."""
    body = await read_json(call, Register)
    language = texts_of(site, call).language
    await site.auth.register(body.email, body.password, source=call.source, language=language)
    return json_answer(Accepted(), status=202)


async def login(site: Site, call: Call) -> Answer:
    """A password for credentials. What this browser presented before is spent by it (S02)."""
    body = await read_json(call, Login)
    transport = site.transport(body.transport)
    device = body.device
    if transport is Transport.COOKIE:
        own_site(site, call)
        device = device or rules.find_cookie(call.headers, site.auth.cookie_names.device)
    try:
        signed_in = await site.auth.sign_in(
            body.email,
            body.password,
            scopes=None if body.scope is None else tuple(body.scope.split(" ")) if body.scope else (),
            device=device,
            source=call.source,
            user_agent=call.user_agent,
        )
    except Unfinished as error:
        return half_signed_in(site, call, error, transport)
    if transport is Transport.COOKIE:
        await end_replaced(site, call)
    return granted(site, call, signed_in.grant, transport, device=signed_in.device)


async def prove_factor(site: Site, call: Call) -> Answer:
    """One more factor of a sign-in that was begun, which came in its cookie or in the body."""
    body = await read_json(call, ProveFactor)
    cookie = rules.find_cookie(call.headers, site.auth.cookie_names.half)
    if body.half is not None and cookie is not None:
        raise Rejected("a half came in the body and in a cookie", code="credential_ambiguous")
    if body.half is None and cookie is None:
        raise Denied("this sign-in is over: begin again", code="sign_in_over", reason="half_missing")
    by_cookie = body.half is None
    transport = site.transport(body.transport or (Transport.COOKIE if by_cookie else Transport.BEARER))
    device = body.device
    if by_cookie or transport is Transport.COOKIE:
        own_site(site, call)
        device = device or rules.find_cookie(call.headers, site.auth.cookie_names.device)
    try:
        signed_in = await site.auth.prove_factor(
            body.half or cookie or "",
            body.factor,
            body.answer,
            device=device,
            source=call.source,
            user_agent=call.user_agent,
        )
    except Unfinished as error:
        return half_signed_in(site, call, error, transport)
    if transport is Transport.COOKIE:
        await end_replaced(site, call)
    answer = granted(site, call, signed_in.grant, transport, device=signed_in.device)
    return answer.plus(half_over(site)) if by_cookie else answer


async def step_up(site: Site, call: Call) -> Answer:
    """The password again, for a new session in place of this one."""
    who = await required(site, call)
    body = await read_json(call, StepUp)
    transport = presented_by(site, call)
    try:
        grant = await site.auth.step_up(who, body.password, source=call.source, user_agent=call.user_agent)
    except Unfinished as error:
        return half_signed_in(site, call, error, transport)
    return granted(site, call, grant, transport)


async def refresh(site: Site, call: Call) -> Answer:
    """Spend a refresh credential, from the body or its cookie, for the next, which goes back the same way."""
    body = await read_json_if_any(call, Refresh)
    cookie = rules.find_cookie(call.headers, site.auth.cookie_names.refresh)
    presented = None if body is None else body.refresh_token
    if presented is not None and cookie is not None:
        raise Rejected("a refresh token and a refresh cookie came at once", code="credential_ambiguous")
    transport = site.transport(Transport.COOKIE if presented is None else Transport.BEARER)
    if transport is Transport.COOKIE:
        own_site(site, call)
        return granted(site, call, await refreshed(site, call), transport)
    if not presented:
        raise Denied("sign in first", code="credential_missing")
    return granted(site, call, await site.auth.refresh(presented, source=call.source), transport)


async def refreshed(site: Site, call: Call) -> Grant:
    """Spend the refresh cookie; Denied unless the cookie that came with it says whose session that is."""
    names = site.auth.cookie_names
    credential = rules.find_cookie(call.headers, names.refresh)
    if credential is None:
        raise Denied("sign in first", code="credential_missing")
    session = rules.find_cookie(call.headers, names.refreshes)
    if session is None:
        raise planted()
    grant = await site.auth.refresh(credential, source=call.source)
    if session != grant.session:
        raise planted()  # what was spent is the session of whoever planted it
    return grant


async def logout(site: Site, call: Call) -> Answer:
    """End this session, or all of the account, and say when that is in effect."""
    who = await required(site, call)
    body = await read_json_if_any(call, Logout)
    end = site.auth.sign_out_everywhere if body is not None and body.all else site.auth.sign_out
    return revoked(site, await end(who, source=call.source), *_cleared_if_cookie(site, call))


async def change_password(site: Site, call: Call) -> Answer:
    """A new password. All sessions end, and this client goes on with a new one."""
    who = await required(site, call)
    body = await read_json(call, ChangePassword)
    grant = await site.auth.change_password(
        who, body.current_password, body.new_password, source=call.source, user_agent=call.user_agent
    )
    return granted(site, call, grant, presented_by(site, call))


async def required(site: Site, call: Call) -> Identity:
    """Who is asking; Denied to a stranger, and to another site that makes a browser ask."""
    who = await site.auth.required.check(call.scope)
    if who is None:
        raise Denied("sign in first", code="credential_missing")
    return who


def presented_by(site: Site, call: Call) -> Transport:
    """How the credential of a request came that has been let through."""
    found = rules.find_credential(call.headers, site.auth.cookie_names, site.auth.transports)
    return Transport.BEARER if found is None else found.transport


def _cleared_if_cookie(site: Site, call: Call) -> tuple[tuple[bytes, bytes], ...]:
    return cleared(site, call) if presented_by(site, call) is Transport.COOKIE else ()


def own_site(site: Site, call: Call) -> None:
    """A browser that gets or spends cookies must say that a page of ours made it (S13, S14)."""
    rules.check_forgery(call.scope["method"], call.headers, site.auth.origins)


def planted() -> Denied:
    """For a refresh cookie that did not come with a sign-in of this browser (docs/decisions/0008)."""
    return Denied(
        "this session cannot be refreshed: sign in again", code="refresh_denied", reason="cookie_planted"
    )


async def end_replaced(site: Site, call: Call) -> None:
    """End the session whose cookie this sign-in overwrites: nobody could end it any more."""
    try:
        found = rules.find_credential(call.headers, site.auth.cookie_names, frozenset({Transport.COOKIE}))
    except (Denied, Rejected):
        return  # none of ours, or several: the answer replaces or clears each, and none was let through
    if found is not None:
        await site.auth.revoke_token(found.credential, source=call.source)
