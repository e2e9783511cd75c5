"""Every endpoint and what it says about itself. `{api}` and `{oauth}` are where a site has them."""

from __future__ import annotations

from dataclasses import replace

from limen.feed_page import FeedPage
from limen.server import feed, forwarding, listing, recovering, services, shapes, signing
from limen.server.admin.api import ENDPOINTS as ADMINISTRATION
from limen.server.resource import Endpoint
from limen.server.site import Site
from limen.server.status_list import status_list

_WHOSE = ("bearer", "cookie")
_ASKED = {"token": "an access token or a session credential", "token_type_hint": "ignored (RFC 7009 §2.1)"}

_AFTER = "a cursor: the `id` of an event, or epoch, position and tag of a page with dots between"

_RECOVERY = (
    Endpoint(
        method="POST",
        path="{api}/password/forgot",
        run=recovering.forgot_password,
        summary="Ask for a link that sets a new password. Whether there is an account is not told.",
        takes=shapes.ForgotPassword,
        gives=(shapes.Accepted,),
        status=202,
        errors=(400, 403, 413, 415, 422, 429, 503),
        guarded=True,
    ),
    Endpoint(
        method="POST",
        path="{api}/password/reset",
        run=recovering.reset_password,
        summary="Set a new password by the ticket of a link. All sessions end, and nobody is signed in.",
        takes=shapes.ResetPassword,
        gives=(shapes.Effective,),
        errors=(400, 413, 415, 422, 503),
        guarded=True,
    ),
    Endpoint(
        method="POST",
        path="{api}/email/send-verification",
        run=recovering.send_verification,
        summary="Ask for another link that proves the caller's address.",
        gives=(shapes.Accepted,),
        status=202,
        errors=(400, 401, 403, 429, 503),
        security=_WHOSE,
    ),
    Endpoint(
        method="POST",
        path="{api}/email/verify",
        run=recovering.verify_email,
        summary="Prove the address by the ticket of a link. All sessions end.",
        takes=shapes.VerifyEmail,
        gives=(shapes.Effective,),
        errors=(400, 413, 415, 503),
        guarded=True,
    ),
    Endpoint(
        method="POST",
        path="{api}/email/change",
        run=recovering.change_email,
        summary="Ask for another address. It changes when both the present one and that one have agreed.",
        takes=shapes.ChangeEmail,
        gives=(shapes.Accepted,),
        status=202,
        errors=(400, 401, 403, 409, 413, 415, 422, 429, 503),
        security=_WHOSE,
    ),
    Endpoint(
        method="POST",
        path="{api}/email/confirm",
        run=recovering.confirm_email,
        summary="Agree to another address, by the ticket of a link.",
        takes=shapes.ConfirmEmail,
        gives=(shapes.Confirmed,),
        errors=(400, 409, 413, 415, 503),
        guarded=True,
    ),
    Endpoint(
        method="GET",
        path="{api}/account",
        run=recovering.own_account,
        summary="The caller's account.",
        gives=(shapes.OwnAccount,),
        errors=(400, 401, 503),
        security=_WHOSE,
    ),
    Endpoint(
        method="PATCH",
        path="{api}/account",
        run=recovering.change_account,
        summary="Change the caller's name.",
        takes=shapes.ChangeAccount,
        gives=(shapes.OwnAccount,),
        errors=(400, 401, 413, 415, 422, 503),
        security=_WHOSE,
    ),
    Endpoint(
        method="DELETE",
        path="{api}/account",
        run=recovering.delete_account,
        summary="Delete the caller's account, its sessions and all that is kept in it.",
        takes=shapes.DeleteAccount,
        gives=(shapes.Effective,),
        errors=(400, 401, 403, 413, 415, 422, 429, 503),
        security=_WHOSE,
    ),
    Endpoint(
        method="GET",
        path="{api}/account/export",
        run=recovering.export,
        summary="All that is kept about the caller, as a file. Asks for a proof of the last five minutes.",
        gives=(shapes.Exported,),
        errors=(400, 401, 503),
        security=_WHOSE,
    ),
)
"""What a person does with letters and links, and with their own account."""

_EMBEDDED = (
    Endpoint(
        method="POST",
        path="{api}/register",
        run=signing.register,
        summary="Make an account. The answer does not tell whether there was one.",
        takes=shapes.Register,
        gives=(shapes.Accepted,),
        status=202,
        errors=(400, 413, 415, 422, 429, 503),
        guarded=True,
    ),
    Endpoint(
        method="POST",
        path="{api}/login",
        run=signing.login,
        summary="Sign in, by cookies or for a client that presents its credentials itself.",
        takes=shapes.Login,
        gives=(shapes.Tokens, shapes.CookiesSet),
        errors=(400, 401, 413, 415, 422, 429, 431, 503),
        guarded=True,
        also={202: shapes.HalfSignedIn},
    ),
    Endpoint(
        method="POST",
        path="{api}/login/factor",
        run=signing.prove_factor,
        summary="Go on with a sign-in that needs one more proof than the password.",
        takes=shapes.ProveFactor,
        gives=(shapes.Tokens, shapes.CookiesSet),
        errors=(400, 401, 413, 415, 422, 429, 431, 503),
        guarded=True,
        also={202: shapes.HalfSignedIn},
    ),
    Endpoint(
        method="POST",
        path="{api}/step-up",
        run=signing.step_up,
        summary="Prove again that it is you; a new session takes the place of this one.",
        takes=shapes.StepUp,
        gives=(shapes.Tokens, shapes.CookiesSet),
        errors=(400, 401, 409, 413, 415, 422, 429, 503),
        security=_WHOSE,
        also={202: shapes.HalfSignedIn},
    ),
    Endpoint(
        method="POST",
        path="{api}/refresh",
        run=signing.refresh,
        summary="Spend a refresh credential for the next, and for a new access token.",
        takes=shapes.Refresh,
        optional=True,
        gives=(shapes.Tokens, shapes.CookiesSet),
        errors=(400, 401, 413, 415, 503),
        security=("refresh", "nobody"),
        guarded=True,
    ),
    Endpoint(
        method="POST",
        path="{api}/logout",
        run=signing.logout,
        summary="End this session, or all of the account. The answer says when nobody accepts it any more.",
        takes=shapes.Logout,
        optional=True,
        gives=(shapes.Effective,),
        errors=(400, 401, 413, 415, 503),
        security=_WHOSE,
    ),
    Endpoint(
        method="POST",
        path="{api}/password/change",
        run=signing.change_password,
        summary="Change the password. All sessions end, and this client goes on with a new one.",
        takes=shapes.ChangePassword,
        gives=(shapes.Tokens, shapes.CookiesSet),
        errors=(400, 401, 409, 413, 415, 422, 429, 503),
        security=_WHOSE,
    ),
    *_RECOVERY,
    Endpoint(
        method="GET",
        path="{api}/session",
        run=listing.who_am_i,
        summary="Who is asking.",
        gives=(shapes.Who,),
        errors=(400, 401, 503),
        security=_WHOSE,
    ),
    Endpoint(
        method="GET",
        path="{api}/sessions",
        run=listing.list_sessions,
        summary="The live sessions of the caller's account, newest first.",
        gives=(shapes.SessionList,),
        errors=(400, 401, 503),
        security=_WHOSE,
    ),
    Endpoint(
        method="DELETE",
        path="{api}/sessions",
        run=listing.end_other_sessions,
        summary="End every session of the account but this one.",
        gives=(shapes.Effective,),
        errors=(400, 401, 503),
        security=_WHOSE,
    ),
    Endpoint(
        method="DELETE",
        path="{api}/sessions/{sid}",
        run=listing.end_session,
        summary="End one session of the account.",
        gives=(shapes.Effective,),
        errors=(400, 401, 404, 503),
        security=_WHOSE,
    ),
    Endpoint(
        method="POST",
        path="{oauth}/introspect",
        run=services.introspect,
        summary="Whether a token is live, and what it says (RFC 7662).",
        form=_ASKED,
        gives=(shapes.Introspection,),
        errors=(400, 401, 413, 415, 503),
        security=("client",),
        guarded=True,
        refuses=services.oauth_refusal,
    ),
    Endpoint(
        method="POST",
        path="{oauth}/revoke",
        run=services.revoke,
        summary="End the session of a token; 200 whatever it was (RFC 7009).",
        form=_ASKED,
        gives=(),
        errors=(400, 401, 413, 415, 503),
        security=("client",),
        guarded=True,
        refuses=services.oauth_refusal,
    ),
    Endpoint(
        method="GET",
        path="{feed}",
        run=feed.feed,
        summary="The revocations as they come, as server-sent events, for verifiers on other machines.",
        query={"after": _AFTER},
        gives=(),
        media="text/event-stream",
        errors=(400, 401, 503),
        security=("client",),
        guarded=True,
        refuses=services.oauth_refusal,
    ),
    Endpoint(
        method="GET",
        path="{feed}/page",
        run=feed.feed_page,
        summary="The revocations after a cursor, or all that matter; a barrier unless it says `more`.",
        query={
            "after": _AFTER,
            "nonce": "comes back in the answer",
            "etag": "the tag of the keys that are known",
        },
        schemas={"nonce": {"pattern": "^[A-Za-z0-9_-]{0,64}$"}},
        gives=(FeedPage,),
        errors=(400, 401, 503),
        security=("client",),
        guarded=True,
        refuses=services.oauth_refusal,
    ),
    Endpoint(
        method="GET",
        path="{api}/status-list/{list}",
        run=status_list,
        summary="A list of ended sessions, signed (IETF Token Status List), where tokens say `status`.",
        schemas={"list": {"pattern": "^[A-Za-z0-9_-]{22}$"}},
        gives=(),
        media="application/statuslist+jwt",
        errors=(304, 404, 503),
    ),
    Endpoint(
        method="GET",
        path="/.well-known/jwks.json",
        run=services.jwks,
        summary="The public keys (RFC 7517).",
        gives=(shapes.KeySet,),
        media="application/jwk-set+json",
        errors=(304,),
    ),
    Endpoint(
        method="GET",
        path="/.well-known/oauth-authorization-server",
        run=services.metadata,
        summary="Where the endpoints for other services lie (RFC 8414).",
        gives=(shapes.Metadata,),
    ),
)
"""What an application gets that embeds us: all below its prefix and /.well-known/."""

_ALONE = (
    Endpoint(
        method="GET",
        path=forwarding.PATH,
        run=forwarding.forward_auth,
        summary="For a proxy: 200 lets the request pass, and nothing else does.",
        gives=(),
        errors=(302, 401, 503),
        security=_WHOSE,
        any_method=True,
    ),
    Endpoint(
        method="GET",
        path="/healthz",
        run=services.healthz,
        summary="The process is alive.",
        gives=(shapes.Health,),
        clear_text=True,
    ),
    Endpoint(
        method="GET",
        path="/readyz",
        run=services.readyz,
        summary="The store answers, and the view of the revocations is fresh.",
        gives=(shapes.Health,),
        errors=(503,),
        clear_text=True,
    ),
)


def endpoints_of(site: Site) -> list[Endpoint]:
    """The endpoints of a site, with their paths there."""
    everything = (*_EMBEDDED, *ADMINISTRATION, *(_ALONE if site.whole else ()))
    places = {"{api}": site.prefix, "{oauth}": site.oauth, "{feed}": site.feed}
    return [replace(one, path=_placed(one.path, places)) for one in everything]


def _placed(path: str, places: dict[str, str]) -> str:
    for name, place in places.items():
        path = path.replace(name, place)
    return path
