"""What needs the refresh cookie, which a browser sends to nothing but the path of the refresh route.

A page cannot renew a token that ran out, and a sign-out at another path would not end the session behind it.
So both lie below that path.
"""

from __future__ import annotations

from limen import transport
from limen.errors import Denied, Rejected
from limen.next_url import safe_next
from limen.server.grants import cleared, kept
from limen.server.pages import notices
from limen.server.pages.forms import Form, form
from limen.server.pages.render import address, query, see_other
from limen.server.pages.telling import to_sign_in
from limen.server.signing import refreshed, required
from limen.server.site import Site
from limen.server.wire import Answer, Call


async def renew(site: Site, call: Call) -> Answer:
    """A new token for one that ran out, and back to the page that was asked for; else to the sign-in.

    By GET, because it is the way to a page: what it changes is what every use of a session changes.
    """
    if call.scope["method"] != "GET":
        raise Rejected("a look changes nothing", code="method_not_allowed", status=405)
    onward = safe_next(query(call).get("next", ""), default=address(site, call, "/account"))
    try:
        grant = await refreshed(site, call)
    except (Denied, Rejected):
        return to_sign_in(site, call, onward).plus(*cleared(site, call))
    return see_other(onward, *kept(site, call, grant))


@form()
async def sign_out(site: Site, call: Call, form: Form) -> Answer:
    """End this session, and say when nobody accepts it any more. Who had none is signed out already."""
    revoked = None
    try:
        revoked = await site.auth.sign_out(await required(site, call), source=call.source)
    except Denied:
        # The token ran out, and the session behind it lives: what could renew it names it too.
        credential = transport.find_cookie(call.headers, site.auth.cookie_names.refresh)
        if credential is not None:
            await site.auth.revoke_token(credential)
    said = notices.announce(site, "signed_out", revoked)
    return see_other(address(site, call, "/sign-in"), *cleared(site, call), said)
