"""Recovery over JSON: password/forgot and reset, email/verify, change and confirm, and one's own account."""

from __future__ import annotations

import msgspec
from msgspec import UNSET

from limen.accounts import Account
from limen.errors import Denied
from limen.server.bodies import read_json
from limen.server.grants import cleared, moment, revoked
from limen.server.pages.render import texts_of
from limen.server.shapes import (
    Accepted,
    ChangeAccount,
    ChangeEmail,
    Confirmed,
    ConfirmEmail,
    DeleteAccount,
    ForgotPassword,
    OwnAccount,
    ResetPassword,
    VerifyEmail,
)
from limen.server.signing import presented_by, required
from limen.server.site import Site
from limen.server.wire import Answer, Call, json_answer
from limen.settings import Transport
from limen.strategies.base import Identity

RECENT_MINUTES = 5
_FILE = b'attachment; filename="account.json"'


async def forgot_password(site: Site, call: Call) -> Answer:
    """A letter with a link, if there is such an account. The answer does not tell."""
    body = await read_json(call, ForgotPassword)
    await site.auth.recovery.forgot_password(body.email, source=call.source, language=language(site, call))
    return json_answer(Accepted(), status=202)


async def reset_password(site: Site, call: Call) -> Answer:
    """A new password for the ticket of a link. All sessions end, and nobody is signed in by it."""
    body = await read_json(call, ResetPassword)
    ended = await site.auth.recovery.reset_password(
        body.token, body.password, source=call.source, language=language(site, call)
    )
    return revoked(site, ended)


async def send_verification(site: Site, call: Call) -> Answer:
    """Another letter that proves the caller's address."""
    who = await required(site, call)
    await site.auth.recovery.send_verification(who, source=call.source, language=language(site, call))
    return json_answer(Accepted(), status=202)


async def verify_email(site: Site, call: Call) -> Answer:
    """The address is proven by the ticket of a link. All sessions end."""
    body = await read_json(call, VerifyEmail)
    return revoked(site, await site.auth.recovery.verify_email(body.token, source=call.source))


async def change_email(site: Site, call: Call) -> Answer:
    """Letters to both addresses. The answer is the same where the new one has an account."""
    who = await required(site, call)
    body = await read_json(call, ChangeEmail)
    await site.auth.recovery.change_email(
        who, body.current_password, body.new_email, source=call.source, language=language(site, call)
    )
    return json_answer(Accepted(), status=202)


async def confirm_email(site: Site, call: Call) -> Answer:
    """One side agrees by the ticket of a link; with the second the address changes."""
    body = await read_json(call, ConfirmEmail)
    changed = await site.auth.recovery.confirm_email(
        body.token, source=call.source, language=language(site, call)
    )
    return json_answer(Confirmed(changed))


async def own_account(site: Site, call: Call) -> Answer:
    """What is known about the caller's account."""
    return await _shown(site, await required(site, call))


async def change_account(site: Site, call: Call) -> Answer:
    """Another name for the caller, or none."""
    who = await required(site, call)
    body = await read_json(call, ChangeAccount)
    await site.auth.recovery.set_name(who, body.name)
    return await _shown(site, who)


async def delete_account(site: Site, call: Call) -> Answer:
    """The caller's account is gone, with its sessions."""
    who = await required(site, call)
    body = await read_json(call, DeleteAccount)
    ended = await site.auth.recovery.delete_account(
        who, body.current_password, source=call.source, language=language(site, call)
    )
    cookies = cleared(site, call) if presented_by(site, call) is Transport.COOKIE else ()
    return revoked(site, ended, *cookies)


async def export(site: Site, call: Call) -> Answer:
    """All that is kept about the caller, as a file. Not for whoever finds a browser open."""
    await site.auth.recent(minutes=RECENT_MINUTES).check(call.scope)
    document = await site.auth.recovery.export(await required(site, call))
    body = msgspec.json.format(msgspec.json.encode(document), indent=2)
    return Answer(200, body, ((b"content-type", b"application/json"), (b"content-disposition", _FILE)))


def language(site: Site, call: Call) -> str:
    """In which language letters answer this request."""
    return texts_of(site, call).language


async def _shown(site: Site, who: Identity) -> Answer:
    account = await site.auth.account(who)
    if account is None:
        raise Denied("this account is not there any more", code="credential_revoked", reason="account_gone")
    return json_answer(_own(account))


def _own(account: Account) -> OwnAccount:
    return OwnAccount(
        id=account.id,
        email=account.email,
        email_verified_at=UNSET if account.verified is None else moment(account.verified),
        name=account.name,
        scope=" ".join(account.scopes),
        created_at=moment(account.created),
        has_password=account.password is not None,
    )
