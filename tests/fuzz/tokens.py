"""Tokens, keys, and what they are written in."""

from __future__ import annotations

import base64
import json
import uuid

import joserfc.jwk
import joserfc.jws
import jwt as pyjwt
import msgspec

from fuzz.target import target, text
from limen import ids, lint
from limen.errors import Denied, Misconfigured, Rejected
from limen.jose import b64, jwk, jws, jwt, payloads, strict_json, unverified
from limen.jose.jwk import Algorithm

_KEY = jwk.symmetric(bytes(range(40)), kid="k")
_OCT = joserfc.jwk.OctKey.import_key(bytes(range(40)))
_EC = {
    "kty": "EC", "crv": "P-256", "alg": "ES256", "kid": "e", "use": "sig",
    "x": "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4", "y": "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM",
}  # fmt: skip
_OKP = {
    "kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "kid": "o",
    "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
}  # fmt: skip
_CLAIMS = jwt.Claims(
    iss="https://i.example", sub="s", aud="a", exp=1_800_000_600, iat=1_800_000_000, jti="j", client_id="c",
    amr=("pwd",), scope="a b", status=jwt.Status(status_list=jwt.StatusReference(idx=1, uri="u")),
)  # fmt: skip
_TOKEN = jwt.issue(_CLAIMS, _KEY)
_POLICY = jwt.TokenPolicy(
    issuer="https://i.example", audience="a", algorithms=frozenset({Algorithm.HS256}), max_bytes=4_096
)
_VERIFIER = jwt.TokenVerifier(_POLICY, {"k": _KEY.verify_key})
_NOW = _CLAIMS.iat
_NAMES = tuple(f'"{name}"'.encode() for name in (*jwt.Claims.__struct_fields__, "alg", "kid", "typ", "crit"))
_JSON = (b"{", b"}", b"[", b"]", b":", b",", b"null", b"1e999", b"NaN", b"-0", rb"\ud800", b'"', b"\xff")


@target(_TOKEN, "a.b.c", "..", _TOKEN.replace("eyJ", "eyI"), words=(b".", b"=", b"eyJ"), longest=6_000)
def token(raw: bytes) -> None:
    """A token as a request brings it: what is taken is the very token that we issued."""
    try:
        claims = _VERIFIER.verify(text(raw), now=_NOW)  # type: ignore[arg-type]
    except Denied:
        return
    assert text(raw) == _TOKEN
    assert claims == _CLAIMS


@target('{"alg":"HS256","typ":"at+jwt","kid":"k"}', '{"alg":"none"}', words=(*_NAMES, *_JSON))
def signed_header(raw: bytes) -> None:
    """Any header under a right signature: what we take PyJWT and joserfc take too."""
    signed = f"{b64.encode(raw)}.{_TOKEN.split('.')[1]}"
    made = f"{signed}.{b64.encode(_KEY.sign(signed.encode()))}"
    try:
        claims = _VERIFIER.verify(made, now=_NOW)  # type: ignore[arg-type]
    except Denied:
        return
    assert claims == _CLAIMS
    assert json.loads(raw)["alg"] == "HS256"
    assert pyjwt.api_jws.PyJWS().decode(made, bytes(range(40)), ["HS256"])
    assert joserfc.jws.deserialize_compact(made, _OCT, ["HS256"]).payload


@target(payloads.write(_CLAIMS), b"{}", b'{"iss":"i","iss":"i"}', words=(*_NAMES, *_JSON))
def claims(raw: bytes) -> None:
    """Any payload under a right signature: what is taken `json` reads alike, and so do we again."""
    try:
        found = payloads.read(raw)
    except Denied:
        return
    again = payloads.read(payloads.write(found))
    assert again == found
    said = json.loads(raw)
    for name, value in msgspec.to_builtins(found).items():
        assert name == "status" or said[name] == (list(value) if isinstance(value, tuple) else value)


@target(b'{"a":[1,2.5,"x",null,true]}', b"[[[[]]]]", b'{"a":1,"a":2}', words=_JSON, longest=8_192)
def json_text(raw: bytes) -> None:
    """Strict JSON: what it takes the standard library reads alike, and writes back to the same value."""
    try:
        found = strict_json.loads(raw)
    except ValueError:
        return
    assert json.loads(raw.decode()) == found
    assert strict_json.loads(json.dumps(found).encode()) == found


@target("", "AA", "AAA", "-_-_", "AQID", words=(b"=", b"+", b"/", b"\n"))
def base64url(raw: bytes) -> None:
    """One text for one value: what is decoded is encoded to itself, and nothing else is."""
    try:
        found = b64.decode(raw)
    except ValueError:
        try:
            plain = base64.b64decode(raw + b"=" * (-len(raw) % 4), altchars=b"-_", validate=True)
        except ValueError:
            return
        assert b64.encode(plain).encode() != raw, "refused, and canonical"
        return
    assert b64.encode(found).encode() == raw
    assert base64.urlsafe_b64decode(raw + b"=" * (-len(raw) % 4)) == found


@target(
    json.dumps(_EC), json.dumps(_OKP), '{"kty":"RSA","n":"AQ","e":"AQAB","alg":"RS256"}', '{"kty":"oct"}',
    words=(b'"kty"', b'"crv"', b'"x"', b'"y"', b'"n"', b'"e"', b'"d"', b'"k"', b'"P-384"', *_JSON),
)  # fmt: skip
def key(raw: bytes) -> None:
    """A JWK, public and private: what is read is written to the same key."""
    try:
        members = strict_json.load_object(raw)
    except ValueError:
        return
    lint.key(members)
    for read in (jwk.verify_key, jwk.signing_key):
        try:
            found = read(members)
        except Misconfigured:
            continue
        if isinstance(found, jwk.VerifyKey):
            assert jwk.verify_key(found.to_jwk()).to_jwk() == found.to_jwk()
        else:
            assert jwk.signing_key(found.to_private_jwk()).kid == found.kid


@target(json.dumps({"keys": [_EC, _OKP]}), '{"keys":[]}', words=(b'"keys"', b'"kid"', b'"use"', *_JSON))
def key_set(raw: bytes) -> None:
    """A set as another issuer serves it."""
    try:
        found = jwk.key_set(raw)
    except Misconfigured:
        return
    assert all(name == one.kid for name, one in found.items())
    lint.key_set(json.loads(raw))


@target(_TOKEN, "e30.e30.", "e30.eyJleHAiOjFlOTk5fQ.", "a.b.c.d.e", words=(b".", b"e30", b"eyJ"))
def shown(raw: bytes) -> None:
    """A token that somebody pastes to look at, and every finding about it."""
    try:
        found = unverified.read(text(raw))
    except Rejected:
        return
    lint.token(found.header, found.claims, size=len(raw), now=_NOW, flaws=found.flaws)  # type: ignore[arg-type]


@target('{"alg":"HS256"}\n{"exp":1}', '{"alg":"none","crit":[]}\n{}', words=(*_NAMES, *_JSON))
def findings(raw: bytes) -> None:
    """Every finding about any header and any claims."""
    head, _, body = raw.partition(b"\n")
    try:
        said, about = json.loads(head), json.loads(body)
    except (ValueError, RecursionError):
        return
    if isinstance(said, dict) and isinstance(about, dict):
        lint.token(said, about, size=len(raw), now=_NOW)  # type: ignore[arg-type]


@target("0198a0d2-0000-7000-8000-000000000000", ids.NIL, ids.MAX, words=(b"-", b"urn:uuid:", b"{"))
def identifier(raw: bytes) -> None:
    """UUIDs, against the standard library."""
    given = text(raw)
    try:
        found = ids.parse(given)
    except ValueError:
        try:
            assert str(uuid.UUID(given)) != given or given[19] not in "89ab", "canonical, and refused"
        except ValueError:
            return
        return
    assert str(uuid.UUID(found)) == given == ids.from_bytes(ids.to_bytes(found))
    assert ids.parsed_ms(given) == ids.created_ms(given)
    ids.inspect(given)


@target(_TOKEN.partition(".")[0], "e30", words=(b"eyJ",))
def token_header(raw: bytes) -> None:
    """The first segment of a token, before anything is known of it."""
    try:
        found = jws.read_header(raw)
    except Denied:
        return
    assert found.alg == json.loads(b64.decode(raw))["alg"]
