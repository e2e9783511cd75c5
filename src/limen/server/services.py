"""What other services ask: keys, metadata, introspection, revocation, and probes."""

from __future__ import annotations

from base64 import b64decode
from urllib.parse import unquote_plus

import msgspec

from limen.errors import Denied, LimenError, Rejected, Unavailable
from limen.server.bodies import read_form
from limen.server.exposition import scraped
from limen.server.resource import refusal
from limen.server.shapes import Health, Introspection, Metadata
from limen.server.site import Site
from limen.server.wire import Answer, Call, Header, is_known, json_answer
from limen.strategies.base import Identity

_CLIENT_METHODS = ["client_secret_basic"]


async def jwks(site: Site, call: Call) -> Answer:
    """The public keys; 304 where the caller has them already (RFC 9110 §13.1.2)."""
    ring = site.auth.ring
    anybody = (b"access-control-allow-origin", b"*")  # to read: there is nothing here to be sent
    cached = (*_public(site), (b"etag", ring.etag.encode()), anybody)
    if is_known(call, ring.etag):
        return Answer(304, b"", cached)
    return Answer(200, ring.jwks, ((b"content-type", b"application/jwk-set+json"), *cached))


async def metadata(site: Site, call: Call) -> Answer:
    """Where the endpoints for other services lie (RFC 8414)."""
    issuer = site.auth.settings.issuer.rstrip("/")
    return json_answer(
        Metadata(
            issuer=site.auth.settings.issuer,
            jwks_uri=f"{issuer}/.well-known/jwks.json",
            introspection_endpoint=f"{issuer}{site.oauth}/introspect",
            revocation_endpoint=f"{issuer}{site.oauth}/revoke",
            introspection_endpoint_auth_methods_supported=_CLIENT_METHODS,
            revocation_endpoint_auth_methods_supported=_CLIENT_METHODS,
            response_types_supported=[],
            grant_types_supported=[],
        ),
        *_public(site),
    )


async def introspect(site: Site, call: Call) -> Answer:
    """Whether a token is live, and what it says if it is (RFC 7662)."""
    known_client(site, call)
    who = await site.auth.introspect(await _token(call))
    return json_answer(Introspection(active=False) if who is None else _introspected(site, who))


async def revoke(site: Site, call: Call) -> Answer:
    """End the session of a token. 200 whatever it was (RFC 7009 §2.2)."""
    client = known_client(site, call)
    await site.auth.revoke_token(await _token(call), client=client, source=call.source)
    return Answer(200)


async def healthz(site: Site, call: Call) -> Answer:
    """The process answers. It says nothing about what it stands on."""
    return json_answer(Health("alive"))


async def readyz(site: Site, call: Call) -> Answer:
    """The store answers and the view of the feed is fresh."""
    await site.readiness.check()
    return json_answer(Health("ready"))


async def metrics(site: Site, call: Call) -> Answer:
    """What this process counts, for a client of the configuration."""
    known_client(site, call)
    if site.processes > 1:
        raise Unavailable(
            "several processes answer here and each counts for itself: set metrics_address",
            code="metrics_divided",
        )
    return scraped(site, call)


def oauth_refusal(error: LimenError) -> Answer:
    """A problem document that is an error answer of OAuth too (RFC 6749 §5.2): clients read `error`."""
    plain = refusal(error)
    word = "invalid_request"
    headers = plain.headers
    if isinstance(error, Unavailable):
        word = "temporarily_unavailable"
    elif error.code == "invalid_client":
        word = "invalid_client"
        kept = [header for header in headers if header[0] != b"www-authenticate"]
        headers = (*kept, (b"www-authenticate", b'Basic realm="limen", charset="UTF-8"'))
    body = msgspec.json.encode(msgspec.json.decode(plain.body) | {"error": word})
    return Answer(plain.status, body, headers)


def _public(site: Site) -> tuple[Header, ...]:
    """Nothing personal: everybody may keep it for as long as a new key is published before it signs."""
    age = site.auth.settings.jwks_max_age
    return ((b"cache-control", f"public, max-age={age}".encode()), (b"vary", b"Accept-Encoding"))


async def _token(call: Call) -> str:
    """The token that is asked about."""
    token = (await read_form(call)).get("token")
    if not token:
        raise Rejected("the parameter token is missing", code="invalid_request")
    return token


def known_client(site: Site, call: Call) -> str:
    """The id of the client of the configuration that asks; Denied to anybody else."""
    client_id, secret = _client(call)
    if not site.auth.check_client(client_id, secret, source=call.source):
        raise _unknown_client()
    return client_id


def _client(call: Call) -> tuple[str, str]:
    """Id and secret by HTTP Basic, each form-encoded before (RFC 6749 §2.3.1)."""
    said = call.all(b"authorization")
    kind, _, encoded = (said[0] if len(said) == 1 else b"").partition(b" ")
    if kind.lower() != b"basic":
        raise _unknown_client()
    try:
        name, colon, secret = b64decode(encoded, validate=True).decode().partition(":")
    except ValueError:
        raise _unknown_client() from None
    if not colon:
        raise _unknown_client()
    return unquote_plus(name), unquote_plus(secret)


def _unknown_client() -> Denied:
    return Denied("no client of this server, or not its secret", code="invalid_client")


def _introspected(site: Site, who: Identity) -> Introspection:
    s = site.auth.settings
    return Introspection(
        active=True,
        iss=s.issuer,
        sub=who.account,
        aud=s.audience or s.issuer,
        exp=int(who.expires),
        client_id=s.client_id,
        scope=" ".join(sorted(who.scopes)),
        token_type="Bearer",  # noqa: S106 - the name of a type
        sid=who.session,
        auth_time=int(who.authenticated),
        amr=list(who.amr),
        strategy=who.strategy.value,
    )
