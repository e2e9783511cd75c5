"""Verifying an access token, nothing cached: against the bare primitive, PyJWT and joserfc."""

from __future__ import annotations

import hashlib
import hmac as stdlib_hmac
import time
from collections.abc import Callable, Iterator

import joserfc.jwk
import joserfc.jwt
import jwt as pyjwt
import msgspec
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hmac import HMAC

from bench.harness import Figure, interleave, medians, ratio
from limen.clock import Instant
from limen.jose import b64, jwk, jwt

ISSUER, AUDIENCE = "https://issuer.example", "https://api.example"
# algorithm: (at most × primitive, at least × faster than PyJWT, at least × faster than joserfc)
BOUNDS = {
    "HS256": (2.3, 15.0, 8.0),
    "ES256": (1.15, 1.5, 1.5),
    "EdDSA": (1.15, 1.5, 1.5),
    "RS256": (1.3, 1.5, 1.5),
}


def run() -> Iterator[Figure]:
    for name, (primitive, against_pyjwt, against_joserfc) in BOUNDS.items():
        key = jwk.generate(jwk.Algorithm(name))
        token = token_for(key)
        sides = {
            "limen": limen_side(key, token),
            "primitive": primitive_side(key, token),
            "PyJWT": pyjwt_side(key, token),
            "joserfc": joserfc_side(key, token),
        }
        samples = interleave(sides)
        us = medians(samples)
        yield Figure(
            f"verify {name} / primitive + decode",
            ratio(samples, "limen", "primitive"),
            primitive,
            "least",
            us,
        )
        yield Figure(f"PyJWT / verify {name}", ratio(samples, "PyJWT", "limen"), against_pyjwt, "most", us)
        yield Figure(
            f"joserfc / verify {name}", ratio(samples, "joserfc", "limen"), against_joserfc, "most", us
        )


def token_for(key: jwk.SigningKey) -> str:
    """An access token as Limen issues it."""
    now = int(time.time())
    claims = jwt.Claims(
        iss=ISSUER,
        sub="0190b7a0-0000-7000-8000-000000000001",
        aud=AUDIENCE,
        exp=now + 3600,
        iat=now,
        jti="0190b7a0-0000-7000-8000-000000000002",
        sid="0190b7a0-0000-7000-8000-000000000003",
        auth_time=now,
        amr=("pwd",),
        scope="read write",
        client_id="limen",
        strategy="hybrid",
    )
    return jwt.issue(claims, key)


def limen_side(key: jwk.SigningKey, token: str) -> Callable[[], object]:
    policy = jwt.TokenPolicy(issuer=ISSUER, audience=AUDIENCE, algorithms=frozenset({key.alg}))
    verifier = jwt.TokenVerifier(policy, {key.kid: key.verify_key})
    return lambda: verifier.verify(token, now=Instant(time.time()))


def primitive_side(key: jwk.SigningKey, token: str) -> Callable[[], object]:
    """The signature alone and a typed decode: text already split and decoded, nothing checked."""
    text, _, tail = token.rpartition(".")
    signed, signature = text.encode(), b64.decode(tail)
    payload = b64.decode(text.partition(".")[2])
    decode = msgspec.json.Decoder(jwt.Claims).decode
    private = key.to_private_jwk()
    if key.alg == "HS256":
        secret = b64.decode(private["k"])
        return lambda: (_hmac(secret, signed, signature), decode(payload))
    public = _cryptography_key(private).public_key()  # type: ignore[attr-defined]
    if key.alg == "ES256":
        der = encode_dss_signature(
            int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
        )
        algorithm = ec.ECDSA(hashes.SHA256())
        return lambda: (public.verify(der, signed, algorithm), decode(payload))
    if key.alg == "EdDSA":
        return lambda: (public.verify(signature, signed), decode(payload))
    pad, digest = padding.PKCS1v15(), hashes.SHA256()
    return lambda: (public.verify(signature, signed, pad, digest), decode(payload))


def _hmac(secret: bytes, signed: bytes, signature: bytes) -> None:
    mac = HMAC(secret, hashes.SHA256())
    mac.update(signed)
    mac.verify(signature)


def stdlib_hmac_side(secret: bytes, signed: bytes, signature: bytes) -> bool:
    """The cheapest HMAC in Python, for comparison in the detail."""
    return stdlib_hmac.compare_digest(stdlib_hmac.digest(secret, signed, hashlib.sha256), signature)


def pyjwt_side(key: jwk.SigningKey, token: str) -> Callable[[], object]:
    private = key.to_private_jwk()
    loaded = pyjwt.PyJWK.from_dict({**private, "alg": str(key.alg)}).key
    public = loaded if key.alg == "HS256" else loaded.public_key()
    required = ["iss", "sub", "aud", "exp", "iat", "jti"]
    return lambda: pyjwt.decode(
        token,
        public,
        algorithms=[str(key.alg)],
        audience=AUDIENCE,
        issuer=ISSUER,
        leeway=5,
        options={"require": required},
    )


def joserfc_side(key: jwk.SigningKey, token: str) -> Callable[[], object]:
    public = joserfc.jwk.import_key(key.to_private_jwk())
    claims = joserfc.jwt.JWTClaimsRegistry(
        leeway=5,
        iss={"essential": True, "value": ISSUER},
        aud={"essential": True, "value": AUDIENCE},
        sub={"essential": True},
        exp={"essential": True},
        iat={"essential": True},
        jti={"essential": True},
    )

    def verify() -> object:
        decoded = joserfc.jwt.decode(token, public, algorithms=[str(key.alg)])
        claims.validate(decoded.claims)
        return decoded

    return verify


def _cryptography_key(private: dict[str, str]) -> object:
    pem = joserfc.jwk.import_key(private).as_pem(private=True)
    return serialization.load_pem_private_key(pem, None)
