"""Tokens as an attacker would make them: any header and payload, signed with a key that is good."""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from typing import Any

from limen.clock import Instant
from limen.jose import b64, jwk, jwt
from limen.jose.jwk import Algorithm

ISSUER = "https://issuer.example"
AUDIENCE = "https://api.example"
NOW = Instant(1_800_000_000.0)


def key(alg: Algorithm = Algorithm.ES256, number: int = 0) -> jwk.SigningKey:
    """A key that is made once in a run; another `number` is another key."""
    return _made(alg, number)


@functools.cache
def _made(alg: Algorithm, number: int) -> jwk.SigningKey:
    return jwk.generate(alg)


def policy(*algorithms: Algorithm, leeway: float = 5) -> jwt.TokenPolicy:
    return jwt.TokenPolicy(
        issuer=ISSUER,
        audience=AUDIENCE,
        algorithms=frozenset(algorithms or (Algorithm.ES256,)),
        leeway=leeway,
    )


def verifier(signing: jwk.SigningKey | None = None, *, leeway: float = 5) -> jwt.TokenVerifier:
    signing = signing or key()
    return jwt.TokenVerifier(policy(signing.alg, leeway=leeway), {signing.kid: signing.verify_key})


def said(**changes: Any) -> dict[str, Any]:
    """The claims of a good access token, some changed, those that are `...` left out."""
    claims: dict[str, Any] = {
        "iss": ISSUER,
        "sub": "0190b7a0-0000-7000-8000-000000000001",
        "aud": AUDIENCE,
        "exp": int(NOW) + 600,
        "iat": int(NOW),
        "jti": "0190b7a0-0000-7000-8000-000000000002",
        "client_id": "limen",
        **changes,
    }
    return {name: value for name, value in claims.items() if value is not ...}


def head(signing: jwk.SigningKey | None = None, **changes: Any) -> dict[str, Any]:
    """The header of a good access token, some of it changed, what is `...` left out."""
    signing = signing or key()
    header: dict[str, Any] = {"alg": signing.alg.value, "typ": "at+jwt", "kid": signing.kid, **changes}
    return {name: value for name, value in header.items() if value is not ...}


def token(
    claims: Mapping[str, Any] | str | bytes | None = None,
    header: Mapping[str, Any] | str | bytes | None = None,
    *,
    signing: jwk.SigningKey | None = None,
) -> str:
    """A token with exactly these contents and a right signature over them."""
    signing = signing or key()
    first = raw(head(signing) if header is None else header)
    second = raw(said() if claims is None else claims)
    return signed(f"{b64.encode(first)}.{b64.encode(second)}", signing)


def signed(text: str, signing: jwk.SigningKey | None = None) -> str:
    """`text` with a right signature over it."""
    return f"{text}.{b64.encode((signing or key()).sign(text.encode()))}"


def raw(value: Mapping[str, Any] | str | bytes) -> bytes:
    if isinstance(value, bytes):
        return value
    return value.encode() if isinstance(value, str) else json.dumps(value, separators=(",", ":")).encode()
